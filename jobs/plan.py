"""Lay out the Flink jobs: one read and one gate a statement set, the queries spread over them.

The first statement set carries the gate's own outputs (clean events, dead letters, vault, ledger,
progress) beside its share of the results; `CITYBRAIN_STATEMENT_SETS` says how many there are.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from pathlib import Path
from types import ModuleType

from pyflink.table import EnvironmentSettings, StatementSet, TableEnvironment

from jobs.gate import gate
from jobs.query import GENERATION_STEP, Query
from schemas import registry
from schemas.declare import Family
from schemas.errors import DeclarationError
from schemas.render import flink
from streams.settings import Settings, read_settings
from streams.tls import for_java

HERE = Path(__file__).parent
ADDED = "queries"
JOB_PREFIX = "citybrain"
# State must outlive what may still come: the longest window (1 h) and horizon (1 h), and a margin.
STATE_TTL_HOURS = 3

# a request to the broker costs it more than the records in it
PRODUCER = {"properties.compression.type": "lz4", "properties.linger.ms": "20",
            "properties.batch.size": "262144"}
EVENTS_OUT = "(topic STRING METADATA, headers MAP<STRING, BYTES> METADATA, k STRING, body BYTES)"
DEAD_LETTERS = "(k STRING, body BYTES)"
VAULT = DEAD_LETTERS
GATE_LEDGER = """(
    raw_topic STRING, raw_partition BIGINT, `minute` BIGINT, records BIGINT, accepted BIGINT,
    refused BIGINT, late BIGINT, duplicates BIGINT, next_offset BIGINT, version BIGINT,
    PRIMARY KEY (raw_topic, raw_partition, `minute`) NOT ENFORCED)"""
PROGRESS = """(
    source STRING, family STRING, observed_at BIGINT, events BIGINT, version BIGINT,
    PRIMARY KEY (source, family) NOT ENFORCED)"""


def list_queries() -> dict[str, Query]:
    """List the queries by result name: every module with a QUERY here, or added to the city.

    An added one lies in `<home>/queries`, as its result does in `<home>/schemas`.
    """
    found: dict[str, Query] = {}
    for path in [*sorted(HERE.glob("*.py")),
                 *sorted((read_settings().home / ADDED).glob("*.py"))]:
        if "\nQUERY = Query(" in path.read_text(encoding="utf-8"):
            query: Query = _load(path).QUERY
            if query.result.table != path.stem:
                raise DeclarationError(f"{path}: computes {query.result.name}; name it so")
            found[query.result.name] = query
    return found


def _load(path: Path) -> ModuleType:
    """Import the module of a query; one that a city added is no part of this package."""
    if path.parent == HERE:
        return importlib.import_module(f"jobs.{path.stem}")
    spec = importlib.util.spec_from_file_location(f"queries_added_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise DeclarationError(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def spread(names: list[str], sets: int) -> list[list[str]]:
    """Spread result names over statement sets, round robin."""
    return [names[i::sets] for i in range(max(1, min(sets, len(names))))]


def kafka_options(settings: Settings) -> dict[str, str]:
    """Give the connection of every Kafka table; the login comes from the JAAS file of the JVM."""
    return {
        "properties.bootstrap.servers": settings.bootstrap,
        **{f"properties.{name}": value for name, value in for_java().items()},
        "properties.sasl.mechanism": "SCRAM-SHA-256",
    }


def source_options(settings: Settings, since_ms: int) -> dict[str, str]:
    """Give the options of the raw source; it starts at `since_ms` (epoch ms, append time)."""
    return {
        "connector": "kafka", **kafka_options(settings), "topic-pattern": "raw-.+--.+",
        "properties.group.id": "gate", "properties.fetch.max.wait.ms": "50",
        "format": "raw", "scan.topic-partition-discovery.interval": "5 s",
        "scan.startup.mode": "timestamp", "scan.startup.timestamp-millis": str(since_ms)}


def _plain(settings: Settings, **more: str) -> dict[str, str]:
    """Give the options of a table that writes bytes as they are."""
    return {"connector": "kafka", **kafka_options(settings), "key.format": "raw",
            "key.fields": "k", "value.format": "raw", "value.fields-include": "EXCEPT_KEY",
            **PRODUCER,
            **{name.replace("_", "-"): value for name, value in more.items()}}


def _upsert(settings: Settings, topic: str) -> dict[str, str]:
    """Give the options of an upsert table in JSON."""
    return {"connector": "upsert-kafka", **kafka_options(settings), "topic": topic,
            "key.format": "json", "value.format": "json",
            **PRODUCER}


def open_environment(settings: Settings, more: dict[str, str]) -> TableEnvironment:
    """Open a streaming table environment with the settings that were measured to be fast."""
    environment = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    configuration = environment.get_config()
    for name, value in {
        "parallelism.default": str(settings.parallelism),
        "table.local-time-zone": "UTC",
        "table.exec.mini-batch.enabled": "true",
        "table.exec.mini-batch.allow-latency": f"{settings.mini_batch_ms} ms",
        "table.exec.mini-batch.size": "100000",
        "table.optimizer.agg-phase-strategy": "TWO_PHASE",
        # a view that several branches read is planned by itself: else every branch would take the
        # gate's row apart for itself, and copy all of it first
        "table.optimizer.reuse-optimize-block-with-digest-enabled": "true",
        "table.exec.state.ttl": f"{STATE_TTL_HOURS} h",
        "table.exec.sink.upsert-materialize": "NONE",
        "python.fn-execution.bundle.size": "20000",
        "python.fn-execution.bundle.time": "100",
        "python.fn-execution.arrow.batch.size": "5000",
        "python.metric.enabled": "false",
        "pipeline.object-reuse": "true",
        "state.backend.type": settings.state,
        "execution.checkpointing.incremental": "true",
        "execution.checkpointing.dir": (settings.flink_folder / "checkpoints").as_uri(),
        "execution.checkpointing.interval": "10 s",
        "execution.checkpointing.min-pause": "2 s",
        "execution.checkpointing.timeout": "2 min",
        "execution.checkpointing.tolerable-failed-checkpoints": "10",
        "execution.checkpointing.num-retained": "3",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": "1 s",
        "restart-strategy.exponential-delay.max-backoff": "20 s",
        "restart-strategy.exponential-delay.reset-backoff-threshold": "5 min", **more,
    }.items():
        configuration.set(name, value)
    return environment


def declare_tables(environment: TableEnvironment, settings: Settings, since_ms: int) -> None:
    """Create the source, the gate, a view a family and a table a sink."""
    environment.create_temporary_system_function("gate", gate)
    source = flink.table("raw_records", flink.RAW_COLUMNS, source_options(settings, since_ms))
    sinks = {
        "events_out": (EVENTS_OUT, _plain(settings, topic_pattern="event-.+")),
        "dead_letters": (DEAD_LETTERS, _plain(settings, topic="dead-letters")),
        "vault_out": (VAULT, _plain(settings, topic="vault")),
        "gate_ledger": (GATE_LEDGER, _upsert(settings, "gate-ledger")),
        "publisher_progress": (PROGRESS, _upsert(settings, "publisher-progress")),
    }
    creates = [source, flink.gate_view()]
    creates += [flink.family_view(family) for family in registry.families().values()]
    creates += [flink.table(name, *sink) for name, sink in sinks.items()]
    creates += [flink.result_table(result, _upsert(settings, result.topic))
                   for result in registry.results().values()]
    for create in creates:
        environment.execute_sql(create)


def gate_inserts(generation: int) -> list[str]:
    """Render the gate's own outputs: clean events, dead letters, vault, ledger, progress.

    Progress is of live publishers only: the replay of an old recording is no laggard.
    """
    version = f"CAST({generation * GENERATION_STEP} AS BIGINT)"
    counts = ", ".join(f"COUNT(*) FILTER (WHERE verdict = {i}) AS {name}" for i, name in
                       enumerate(("accepted", "refused", "late", "duplicates")))
    return [
        "INSERT INTO events_out SELECT 'event-' || family, MAP["
        "'ce_specversion', ENCODE('1.0', 'UTF-8'), 'ce_id', ENCODE(event_id, 'UTF-8'), "
        "'ce_source', ENCODE(publisher, 'UTF-8'), 'ce_type', ENCODE(family, 'UTF-8')], "
        "event_key, body FROM gated WHERE verdict = 0",
        "INSERT INTO dead_letters SELECT raw_topic, body FROM gated WHERE verdict IN (1, 2)",
        "INSERT INTO vault_out SELECT event_id, vault FROM gated WHERE vault IS NOT NULL",
        "INSERT INTO gate_ledger SELECT raw_topic, raw_partition, `minute`, records, accepted, "
        f"refused, late, duplicates, next_offset, {version} + records FROM (SELECT raw_topic, "
        "raw_partition, received_at - MOD(received_at, 60000) AS `minute`, COUNT(*) AS records, "
        f"{counts}, MAX(raw_offset) + 1 AS next_offset FROM gated "
        "GROUP BY raw_topic, raw_partition, received_at - MOD(received_at, 60000))",
        "INSERT INTO publisher_progress SELECT publisher, family, observed_at, events, "
        f"{version} + events FROM (SELECT publisher, family, MAX(observed_at) AS observed_at, "
        "COUNT(*) AS events FROM gated WHERE verdict = 0 AND replayed = 0"
        " GROUP BY publisher, family)",
    ]


def statements(settings: Settings, generation: int, since_ms: int, part: int) -> list[str]:
    """Render the INSERTs of one part; windows from before `since_ms` + 60 s are left alone."""
    queries = list_queries()
    inserts = gate_inserts(generation) if part == 0 else []
    covered = since_ms + 60_000 if since_ms else 0
    names = spread(list(queries), settings.statement_sets)[part]
    return inserts + [queries[name].insert(generation, covered) for name in names]


def fingerprint(settings: Settings, part: int) -> str:
    """Give what state depends on: a start whose fingerprint differs cannot have former state."""
    text = "\n".join([*statements(settings, 0, 0, part), flink.gate_view(),
                      *map(flink.family_view, _read_families(settings, part)),
                      str(settings.parallelism)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read_families(settings: Settings, part: int) -> list[Family]:
    """List the families that a part's queries read; one that no query reads changes no plan."""
    names = spread(list(list_queries()), settings.statement_sets)[part]
    read = {family for name in names for family in list_queries()[name].result.inputs}
    return [family for name, family in sorted(registry.families().items()) if name in read]


def build(settings: Settings, generation: int, since_ms: int, part: int,
          more: dict[str, str]) -> StatementSet:
    """Build the statement set number `part`, with `more` Flink settings."""
    environment = open_environment(
        settings, {"pipeline.name": f"{JOB_PREFIX}-{part}", **more})
    declare_tables(environment, settings, since_ms)
    together = environment.create_statement_set()
    for insert in statements(settings, generation, since_ms, part):
        together.add_insert_sql(insert)
    return together
