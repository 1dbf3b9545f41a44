"""Render Flink SQL tables and views from declarations.

Raw topics are read by one table; the gate's output is one row type whose slots (n0…, s0…) a
family's view names again as its fields. Numbers are integers scaled by 10^decimals, times epoch ms.
"""

from __future__ import annotations

from schemas.declare import NUMBER_SLOTS, TEXT_SLOTS, Family, Field, Kind, ResultTable

COLUMN_TYPES: dict[Kind, str] = {
    Kind.TEXT: "STRING", Kind.CODE: "STRING", Kind.INTEGER: "BIGINT", Kind.DECIMAL: "BIGINT",
    Kind.FLAG: "BIGINT", Kind.INSTANT: "BIGINT",
}

GATE_COLUMNS: tuple[tuple[str, str], ...] = (
    ("raw_topic", "STRING"), ("raw_partition", "BIGINT"), ("raw_offset", "BIGINT"),
    ("received_at", "BIGINT"), ("verdict", "BIGINT"), ("publisher", "STRING"),
    ("family", "STRING"), ("event_key", "STRING"), ("event_id", "STRING"),
    ("observed_at", "BIGINT"), ("area", "STRING"), ("replayed", "BIGINT"), ("body", "BYTES"),
    ("vault", "BYTES"),
    *((f"n{i}", "BIGINT") for i in range(NUMBER_SLOTS)),
    *((f"s{i}", "STRING") for i in range(TEXT_SLOTS)),
)

RAW_COLUMNS = """(
    body BYTES,
    topic STRING METADATA VIRTUAL,
    `partition` INT METADATA VIRTUAL,
    `offset` BIGINT METADATA VIRTUAL,
    received TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
    headers MAP<STRING, BYTES> METADATA VIRTUAL
)"""

GATE_VIEW = """CREATE TEMPORARY VIEW gated AS SELECT {columns} FROM (
    SELECT gate(topic, `partition`, `offset`, received, body, headers['ce_id'],
                headers['ce_time'], headers['replay'], headers['map_error'],
                headers['ce_source']) AS g
    FROM raw_records)"""


def gate_view() -> str:
    """Render the view of what the gate gives, one column a slot."""
    return GATE_VIEW.format(columns=", ".join(f"g.{name} AS {name}" for name, _ in GATE_COLUMNS))


def options(settings: dict[str, str]) -> str:
    """Render a WITH clause."""
    return " WITH (\n" + ",\n".join(f"    '{k}' = '{v}'" for k, v in settings.items()) + "\n)"


def table(name: str, columns: str, settings: dict[str, str]) -> str:
    """Render a temporary table."""
    return f"CREATE TEMPORARY TABLE `{name}` {columns}{options(settings)}"


def family_view(family: Family) -> str:
    """Render the view of a family's accepted events, its fields named as declared."""
    fields = "".join(f", {slot} AS `{name}`" for name, slot in family.slots().items())
    return (f"CREATE TEMPORARY VIEW `{family.table}` AS SELECT publisher, event_key, observed_at, "
            f"received_at, area, replayed{fields} FROM gated "
            f"WHERE verdict = 0 AND family = '{family.name}'")


def result_columns(result: ResultTable) -> str:
    """Render the columns of a result's upsert table."""
    def one(field: Field) -> str:
        """Render one column."""
        return f"    `{field.name}` {COLUMN_TYPES[field.kind]}"

    names = ", ".join(f"`{f.name}`" for f in result.keys)
    lines = ["    window_seconds INT", "    window_start BIGINT", *map(one, result.keys),
             "    events BIGINT", "    late BIGINT", *map(one, result.measures),
             "    version BIGINT",
             f"    PRIMARY KEY (window_seconds, window_start, {names}) NOT ENFORCED"]
    return "(\n" + ",\n".join(lines) + "\n)"


def result_table(result: ResultTable, settings: dict[str, str]) -> str:
    """Render the upsert table of a result."""
    return table(f"result_{result.table}", result_columns(result), settings)
