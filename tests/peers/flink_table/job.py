"""Run one statement set in a local cluster: judge, remove duplicates, count, sink to Kafka.

Duplicates are removed as Flink's manual says, by `ROW_NUMBER` over the id in the order of arrival
with a state that lives for ten minutes; windows are kept by grouping, so that late records within
the bound count, and are published as an upsert topic that ClickHouse reads. Their own state does
not expire: to look for expired entries of a percentile's map at each access took most of the time.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from pyflink.table import EnvironmentSettings, TableEnvironment

from infra.flink import link_libraries
from streams.settings import read_settings

JUDGED = ("verdict INT", "id STRING", "observed_at BIGINT", "area STRING", "road_class STRING",
          "speed BIGINT", "reason STRING", "letter STRING")
NAMES = ", ".join(f"j.{one.split()[0]} AS {one.split()[0]}" for one in JUDGED)
SETTINGS = {
    "parallelism.default": "2",
    "table.exec.mini-batch.enabled": "true",
    "table.exec.mini-batch.allow-latency": "2 s",
    "table.exec.mini-batch.size": "20000",
    "table.optimizer.agg-phase-strategy": "TWO_PHASE",
    # the function is called once for both outputs
    "table.optimizer.reuse-optimize-block-with-digest-enabled": "true",
    "table.exec.state.ttl": "10 min",
    "table.exec.sink.upsert-materialize": "NONE",
    "pipeline.object-reuse": "true",
    "state.backend.type": "hashmap",
    "execution.checkpointing.interval": "10 s",
    "python.metric.enabled": "false",
    "taskmanager.memory.process.size": "2600m",
}
WINDOWS = """
    INSERT INTO windows
    SELECT /*+ STATE_TTL('placed' = '0s') */
        seconds, began, area, road_class, COUNT(*), SUM(speed),
        CAST(ROUND(PERCENTILE(speed / 100, 0.85) * 100) AS BIGINT), MIN(speed), MAX(speed)
    FROM (
        SELECT w.seconds, w.began, s.area, s.road_class, s.speed
        FROM (
            SELECT * FROM (
                SELECT *, ROW_NUMBER() OVER (PARTITION BY id ORDER BY arrived ASC) AS copy
                FROM judged WHERE verdict = 0)
            WHERE copy = 1 AND area <> '') AS s
        CROSS JOIN UNNEST(ARRAY[
            ROW(10, s.observed_at / 10000 * 10), ROW(60, s.observed_at / 60000 * 60)
        ]) AS w(seconds, began)) AS placed
    GROUP BY seconds, began, area, road_class"""


def kafka(**more: str) -> str:
    """Render the options of a Kafka table."""
    login = ("org.apache.flink.kafka.shaded.org.apache.kafka.common.security.scram.ScramLoginModule"
             f" required username=\"{os.environ['BENCH_ACCOUNT']}\""
             f" password=\"{os.environ['BENCH_PASSWORD']}\";")
    options = {
        "properties.bootstrap.servers": os.environ["BENCH_BROKERS"],
        "properties.security.protocol": "SASL_PLAINTEXT",
        "properties.sasl.mechanism": "SCRAM-SHA-256", "properties.sasl.jaas.config": login,
        **{name.replace("_", "."): value for name, value in more.items()}}
    return ", ".join(f"'{name}' = '{value}'" for name, value in options.items())


def tables() -> list[str]:
    """Render the statements that declare source and sinks."""
    group = os.environ["BENCH_GROUP"]
    return [
        "CREATE TABLE records (body BYTES, received TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'"
        " VIRTUAL, arrived AS PROCTIME()) WITH (" + kafka(
            connector="kafka", topic=os.environ["BENCH_TOPIC"], properties_group_id=group,
            format="raw") + ", 'scan.startup.mode' = 'earliest-offset')",
        "CREATE TABLE windows (window_seconds INT, window_start BIGINT, area STRING,"
        " road_class STRING, events BIGINT, speed_sum BIGINT, speed_p85 BIGINT, speed_min BIGINT,"
        " speed_max BIGINT, PRIMARY KEY (window_seconds, window_start, area, road_class)"
        " NOT ENFORCED) WITH (" + kafka(
            connector="upsert-kafka", topic=f"bench-windows-{group}", key_format="json",
            value_format="json", properties_compression_type="lz4") + ")",
        "CREATE TABLE letters (class STRING, reason STRING, body STRING) WITH (" + kafka(
            connector="kafka", topic=f"bench-letters-{group}", format="json") + ")",
        f"CREATE TEMPORARY VIEW judged AS SELECT arrived, {NAMES} FROM ("
        "SELECT arrived, judge(body, TIMESTAMPDIFF(SECOND, TIMESTAMP '1970-01-01 00:00:00',"
        " CAST(received AS TIMESTAMP(3)))) AS j FROM records)",
    ]


def run(register: Callable[[TableEnvironment], None], jars: list[Path]) -> None:
    """Run until killed."""
    environment = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    configuration = environment.get_config()
    connectors = [*jars, *link_libraries().glob("flink-sql-connector-kafka-*.jar"),
                  *link_libraries().glob("flink-python-*.jar")]
    configuration.set("pipeline.jars", ";".join(one.resolve().as_uri() for one in connectors))
    configuration.set("table.local-time-zone", "UTC")
    configuration.set("rest.port", os.environ["BENCH_FLINK_REST"])
    configuration.set("rest.bind-port", os.environ["BENCH_FLINK_REST"])
    configuration.set("execution.checkpointing.dir",
                      (read_settings().home / "flink" / "checkpoints").as_uri())
    for name, value in SETTINGS.items():
        configuration.set(name, value)
    register(environment)
    for statement in tables():
        environment.execute_sql(statement)
    together = environment.create_statement_set()
    together.add_insert_sql(WINDOWS)
    together.add_insert_sql(
        "INSERT INTO letters SELECT IF(verdict = 2, 'late', 'refused'), reason, letter"
        " FROM judged WHERE verdict > 0")
    result = together.execute()
    await_tasks()
    result.wait()


def await_tasks() -> None:
    """Wait until all tasks run, and say so."""
    while True:
        time.sleep(0.2)
        with contextlib.suppress(httpx.HTTPError):
            jobs = httpx.get(f"http://127.0.0.1:{os.environ['BENCH_FLINK_REST']}/jobs/overview")
            tasks = [one["tasks"] for one in jobs.json()["jobs"]]
            if tasks and all(one["running"] == one["total"] for one in tasks):
                print("reading", flush=True)
                return
