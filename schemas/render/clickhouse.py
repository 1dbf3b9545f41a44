"""Render ClickHouse tables and views from declarations.

Database `store` holds tables, `city` one view of the same name for each; readers see views only.
Event tables keep one row an event id; result tables one row a key, the greatest version. Both are
ReplacingMergeTree partitioned by a function of the key, and FINAL stands in the view.
"""

from __future__ import annotations

from schemas.declare import Family, Field, Kind, Lifetime, ResultTable

COLUMN_TYPES: dict[Kind, str] = {
    Kind.TEXT: "String", Kind.CODE: "String", Kind.INTEGER: "Int64",
    Kind.DECIMAL: "Float64", Kind.FLAG: "Bool", Kind.INSTANT: "DateTime64(3, 'UTC')",
}
MOMENT = "DateTime64(3, 'UTC')"
ENVELOPE: tuple[tuple[str, str, str], ...] = (
    ("id", "String", "Event id, unique for its publisher | 事件编号"),
    ("source", "LowCardinality(String)", "Publishing system | 发布系统"),
    ("observed_at", MOMENT, "When it was observed | 观测时间"),
    ("received_at", MOMENT, "When the broker appended it | 接收时间"),
    ("computed_at", MOMENT, "When the gate passed it | 计算时间"),
    ("published_at", f"{MOMENT} DEFAULT now64(3)", "When the store took it | 入库时间"),
    ("area", "String", "Deepest area code, empty outside | 区划代码"),
    ("raw_topic", "LowCardinality(String)", "Topic of the original | 原始主题"),
    ("raw_partition", "UInt16", "Partition of the original | 原始分区"),
    ("raw_offset", "UInt64", "Offset of the original | 原始偏移"),
)


def _quote(text: str) -> str:
    """Quote a string literal for ClickHouse."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _comment(field: Field) -> str:
    """Render meaning and unit as a column comment."""
    unit = f" [{field.unit}]" if field.unit else ""
    return _quote(f"{field.title.en} | {field.title.zh}{unit}")


def column_type(field: Field) -> str:
    """Give the column type of a field; optional ones, as measures are, are Nullable.

    What has known words, as every code has, has few values and is kept by their numbers.
    """
    base = COLUMN_TYPES[field.kind] if field.required else f"Nullable({COLUMN_TYPES[field.kind]})"
    return f"LowCardinality({base})" if field.values else base


def event_columns(family: Family) -> tuple[str, ...]:
    """Name the columns that the sink writes, in the order of the table."""
    envelope = [name for name, kind, _ in ENVELOPE if "DEFAULT" not in kind]
    return (*envelope, *(field.name for field in family.kept))


def event_table(family: Family) -> str:
    """Render the table of a family's clean events."""
    return family_table(
        family, family.table, f"ReplacingMergeTree(raw_offset)"
        f"\nPARTITION BY {_span(family.lifetime)}(observed_at)"
        f"\nORDER BY (source, observed_at, id)", f"{family.meaning.en} | {family.meaning.zh}")


def family_table(family: Family, name: str, engine: str, comment: str) -> str:
    """Render a table with a family's columns."""
    lines = [f"    {name} {kind} COMMENT {_quote(note)}" for name, kind, note in ENVELOPE]
    lines += [f"    {f.name} {column_type(f)} COMMENT {_comment(f)}" for f in family.kept]
    return (
        f"CREATE TABLE IF NOT EXISTS store.{name} (\n" + ",\n".join(lines) + "\n)"
        f"\nENGINE = {engine}"
        f"\nTTL toDateTime(received_at) + INTERVAL {family.lifetime.store_days} DAY"
        f"\nCOMMENT {_quote(comment)}")


def replicated(statement: str) -> str:
    """Turn the statement of a table into that of one which ClickHouse replicates.

    Path and name of the replica are the server's defaults, as a Replicated database wants them.
    """
    return statement.replace("ENGINE = ReplacingMergeTree", "ENGINE = ReplicatedReplacingMergeTree")


def _span(lifetime: Lifetime) -> str:
    """Choose days as partitions where rows live for days, else months.

    A replayed recording of years writes a part for each partition of each insert.
    """
    return "toYYYYMMDD" if lifetime.store_days <= 7 else "toYYYYMM"


# Row security stands in the views: `currentUser()` is who asks, whoever defined them.
# An account named KIND_AREA sees the rows of its area only, and a viewer no single events.
_NO_VIEWER = "NOT startsWith(currentUser(), 'viewer')"
_WHOLE_CITY = "position(currentUser(), '_') = 0"


def _own_rows(area: str) -> str:
    """Render the condition that a row lies in the area of the account that asks."""
    return f"({_WHOLE_CITY} OR startsWith(`{area}`, splitByChar('_', currentUser())[2]))"


def event_view(family: Family) -> str:
    """Render the view of a family's clean events."""
    return family_view(family.table)


def family_view(name: str) -> str:
    """Render the view of a table with a family's columns."""
    return (f"CREATE OR REPLACE VIEW city.{name}\nDEFINER = migrator SQL SECURITY DEFINER"
            f"\nAS SELECT * FROM store.{name} FINAL"
            f"\nWHERE {_NO_VIEWER} AND {_own_rows('area')}")


def result_columns(result: ResultTable) -> tuple[str, ...]:
    """Name the columns that the sink writes, in the order of the table."""
    return ("window_seconds", "window_start", *(f.name for f in result.keys), "events", "late",
            *(f.name for f in result.measures), "version", "computed_at")


def result_table(result: ResultTable) -> str:
    """Render the table of a result; measures are integers scaled by 10^decimals."""
    lines = [
        "    window_seconds UInt32 COMMENT 'Length of the window | 窗口长度 [s]'",
        "    window_start DateTime('UTC') COMMENT 'Start of the window | 窗口起点'",
        *(f"    {f.name} {column_type(f)} COMMENT {_comment(f)}" for f in result.keys),
        "    events Int64 COMMENT 'Events counted | 事件数'",
        "    late Int64 COMMENT 'Events counted after the grace | 迟到事件数'",
        *(f"    {f.name} {column_type(f)} COMMENT {_comment(f)}" for f in result.measures),
        "    version UInt64 COMMENT 'generation * 2^40 + events | 版本'",
        f"    computed_at {MOMENT} COMMENT 'When the job gave it | 计算时间'",
        f"    published_at {MOMENT} DEFAULT now64(3) COMMENT 'When the store took it | 入库时间'",
    ]
    key = ", ".join(["window_seconds", "window_start", *(f.name for f in result.keys)])
    return (
        f"CREATE TABLE IF NOT EXISTS store.{result.table} (\n" + ",\n".join(lines) + "\n)"
        f"\nENGINE = ReplacingMergeTree(version)\nPARTITION BY toYYYYMM(window_start)"
        f"\nORDER BY ({key})"
        f"\nTTL toDateTime(computed_at) + INTERVAL {result.lifetime.store_days} DAY"
        f"\nCOMMENT {_quote(f'{result.meaning.en} | {result.meaning.zh}')}")


def result_view(result: ResultTable) -> str:
    """Render the view of a result: derived columns, status and revision added."""
    derived = "".join(f",\n    {f.sql} AS {f.name}" for f in result.derived)
    own = f" WHERE {_own_rows(result.place)}" if result.place else ""
    return (
        f"CREATE OR REPLACE VIEW city.{result.table}\nDEFINER = migrator SQL SECURITY DEFINER"
        f"\nAS SELECT r.*{derived},"
        "\n    multiIf(f.final_at = toDateTime64(0, 3, 'UTC'), 'provisional',"
        " r.late = 0, 'final', 'revised') AS status,"
        "\n    r.late AS revision"
        f"\nFROM (SELECT * FROM store.{result.table} FINAL{own}) AS r"
        "\nLEFT JOIN (SELECT window_seconds, window_start, min(final_at) AS final_at"
        f" FROM store.window_final WHERE result = {_quote(result.name)}"
        " GROUP BY window_seconds, window_start) AS f"
        "\nUSING (window_seconds, window_start)")


WINDOW_FINAL = f"""CREATE TABLE IF NOT EXISTS store.window_final (
    result LowCardinality(String), window_seconds UInt32, window_start DateTime('UTC'),
    final_at {MOMENT}
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(window_start)
ORDER BY (result, window_seconds, window_start)
TTL window_start + INTERVAL 400 DAY
COMMENT 'Windows declared final | 已定稿窗口'"""

DEAD_LETTERS = f"""CREATE TABLE IF NOT EXISTS store.dead_letters (
    source LowCardinality(String), family LowCardinality(String), reason LowCardinality(String),
    field String, value String, detail String, class LowCardinality(String),
    raw_topic LowCardinality(String), raw_partition UInt16, raw_offset UInt64,
    event_id String, observed_at Nullable({MOMENT}), received_at {MOMENT},
    kept_until DateTime('UTC')
        COMMENT 'How long the original stands in the raw topic',
    published_at {MOMENT} DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(received_at)
ORDER BY (raw_topic, received_at, raw_partition, raw_offset)
TTL kept_until
COMMENT 'Refused events | 被拒事件'"""

LEDGER = f"""CREATE TABLE IF NOT EXISTS store.ledger (
    raw_topic LowCardinality(String), minute DateTime('UTC'), received Int64, counted Int64,
    late Int64, refused Int64, duplicates Int64, in_flight Int64, residual Int64,
    computed_at {MOMENT}
)
ENGINE = ReplacingMergeTree(computed_at)
PARTITION BY toYYYYMM(minute)
ORDER BY (raw_topic, minute)
TTL minute + INTERVAL 30 DAY
COMMENT 'Ledger of each raw topic and append minute | 台账'"""

GATE_LEDGER = f"""CREATE TABLE IF NOT EXISTS store.gate_ledger (
    raw_topic LowCardinality(String), raw_partition UInt16, minute DateTime('UTC'),
    records Int64, accepted Int64, refused Int64, late Int64, duplicates Int64,
    next_offset UInt64, version UInt64, computed_at {MOMENT}
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(minute)
ORDER BY (raw_topic, raw_partition, minute)
TTL minute + INTERVAL 30 DAY
COMMENT 'What the gate made of each raw partition and minute | 关口台账'"""

PUBLISHER_PROGRESS = f"""CREATE TABLE IF NOT EXISTS store.publisher_progress (
    source LowCardinality(String), family LowCardinality(String), observed_at {MOMENT},
    events Int64, version UInt64, computed_at {MOMENT}
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (source, family)
TTL toDateTime(computed_at) + INTERVAL 30 DAY
COMMENT 'How far the accepted time of each publisher has come | 发布进度'"""

PUBLISHERS = f"""CREATE TABLE IF NOT EXISTS store.publishers (
    name String, title_en String, title_zh String, datum LowCardinality(String),
    families Array(String), replay Bool, quota_bytes UInt64, quota_events UInt64,
    removed_at Nullable({MOMENT}), changed_at {MOMENT}
)
ENGINE = ReplacingMergeTree(changed_at)
ORDER BY name
COMMENT 'Publishing systems as they are registered | 发布系统登记'"""

FEEDBACK = f"""CREATE TABLE IF NOT EXISTS store.feedback (
    publisher LowCardinality(String), family LowCardinality(String), made_at {MOMENT},
    received Int64, accepted Int64, refused Int64, late Int64, duplicates Int64,
    delay_median Nullable(Int64), delay_most Nullable(Int64), clock_ahead Nullable(Int64),
    findings Array(String), last_received_at Nullable({MOMENT}), report String
)
ENGINE = ReplacingMergeTree(made_at)
ORDER BY (publisher, family)
TTL toDateTime(made_at) + INTERVAL 7 DAY
COMMENT 'The newest report to each publisher on each family, counts of the last hour | 接入反馈'"""

SYSTEM_TABLES: dict[str, str] = {
    "window_final": WINDOW_FINAL, "dead_letters": DEAD_LETTERS, "ledger": LEDGER,
    "gate_ledger": GATE_LEDGER, "publisher_progress": PUBLISHER_PROGRESS,
    "publishers": PUBLISHERS, "feedback": FEEDBACK,
}

# how large each of these tables may grow
SYSTEM_MEGABYTES = 512


def system_view(table: str) -> str:
    """Render the view of one of the platform's own tables."""
    return (f"CREATE OR REPLACE VIEW city.{table}\nDEFINER = migrator SQL SECURITY DEFINER"
            f"\nAS SELECT * FROM store.{table} FINAL"
            f"\nWHERE {_NO_VIEWER} AND {_WHOLE_CITY}")
