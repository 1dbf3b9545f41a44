"""Describe tables as the console lists them: which columns, in what words, and how filtered.

A listing is made from a declaration, so a family that nobody planned is listed like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from schemas import registry
from schemas.declare import Family, Field, Kind, ResultTable
from schemas.fields import Personal, Text
from schemas.render.clickhouse import ENVELOPE


@dataclass(frozen=True, slots=True)
class Column:
    """Describe one column: its title, unit, the words for its codes, and its place in filters.

    `choice` columns are filtered by one of their values, `searched` ones by a piece of text;
    `scale` divides stored integers into natural units.
    """

    name: str
    title: Text
    unit: str = ""
    values: tuple[tuple[str, Text], ...] = ()
    moment: bool = False
    choice: bool = False
    searched: bool = False
    scale: int = 1
    decimals: int = 3


@dataclass(frozen=True, slots=True)
class Listing:
    """Describe a table as it is listed.

    `time` orders and bounds it, `area` may be ""; `rows` is what it reads from instead of the view.
    A `unique` key has one row; `moved` selects the keys of what moved, up to the moment since when.
    """

    table: str
    columns: tuple[Column, ...]
    time: str
    area: str = ""
    key: str = ""
    rows: str = ""
    unique: bool = False
    moved: str = ""

    @property
    def origin(self) -> str:
        """Give what follows FROM."""
        return f"({self.rows})" if self.rows else f"city.{self.table}"

    @property
    def choices(self) -> tuple[Column, ...]:
        """List the columns that are filtered by value."""
        return tuple(one for one in self.columns if one.choice)


def _envelope(name: str) -> Column:
    """Describe a column of the envelope by the words of its declaration."""
    _, kind, note = next(one for one in ENVELOPE if one[0] == name)
    english, _, chinese = note.partition(" | ")
    return Column(name, Text(english.split(",")[0], chinese), moment=kind.startswith("DateTime64"),
                  choice=name == "source", searched=name == "id")


def _column(one: Field, *, key: bool) -> Column:
    """Describe a declared column; codes and short texts are filtered by value."""
    text = one.kind is Kind.TEXT and one.personal is Personal.NONE
    return Column(one.name, one.title, one.unit, one.values, moment=one.kind is Kind.INSTANT,
                  choice=one.kind in (Kind.CODE, Kind.FLAG) or (text and not key
                                                              and one.max_length <= 128),
                  searched=one.kind is Kind.TEXT, scale=10 ** one.decimals if one.combine else 1,
                  decimals=one.decimals)


def to_listing(declared: Family | ResultTable) -> Listing:
    """Make the listing of a family or a result from its declaration."""
    if isinstance(declared, Family):
        columns = (_envelope("observed_at"),
                   *(_column(one, key=one.key) for one in declared.kept),
                   *(_envelope(name) for name in ("area", "source", "received_at", "id")))
        return Listing(declared.table, columns, "observed_at", "area", declared.key.name)
    head = (Column("window_start", Text("Window start", "窗口起点"), moment=True),
            Column("window_seconds", Text("Window length", "窗口长度"), unit="s", choice=True))
    counts = (Column("events", Text("Events", "事件数")), Column("late", Text("Late", "迟到数")))
    keys = tuple(_column(one, key=False) for one in declared.keys)
    rest = tuple(_column(one, key=False) for one in (*declared.derived, *declared.measures))
    status = Column("status", Text("Status", "状态"), choice=True, values=(
        ("provisional", Text("Provisional", "暂定")), ("final", Text("Final", "定稿")),
        ("revised", Text("Revised", "修订"))))
    return Listing(declared.table, (*head, *keys, *counts, *rest, status), "window_start",
                   declared.place, declared.keys[0].name)


DEAD_LETTERS = Listing("dead_letters", (
    Column("received_at", Text("Received", "接收时间"), moment=True),
    Column("source", Text("Publisher", "发布系统"), choice=True),
    Column("family", Text("Family", "事件类"), choice=True),
    Column("class", Text("Class", "类型"), choice=True, values=(
        ("refused", Text("Refused", "拒收")), ("late", Text("Late", "迟到")))),
    Column("reason", Text("Reason", "原因"), choice=True),
    Column("field", Text("Field", "字段"), choice=True),
    Column("value", Text("Value", "数值"), searched=True),
    Column("detail", Text("Detail", "说明"), searched=True),
    Column("observed_at", Text("Observed", "观测时间"), moment=True),
    Column("raw_topic", Text("Original topic", "原始主题"), choice=True),
    Column("raw_partition", Text("Partition", "分区")),
    Column("raw_offset", Text("Offset", "偏移")),
    Column("event_id", Text("Event id", "事件编号"), searched=True)), "received_at")

PUBLISHERS = Listing("publishers", (
    Column("publisher", Text("Publisher", "发布系统"), searched=True),
    Column("title_chinese", Text("Title (Chinese)", "名称"), searched=True),
    Column("title_english", Text("Title", "英文名称"), searched=True),
    Column("state", Text("State", "状态"), choice=True, values=(
        ("active", Text("Registered", "已登记")), ("removed", Text("Removed", "已注销")))),
    Column("publishes", Text("Families", "事件类"), searched=True),
    Column("uses_datum", Text("Datum", "坐标系"), choice=True, values=(
        ("wgs84", Text("WGS-84", "WGS-84")), ("gcj02", Text("GCJ-02", "GCJ-02")),
        ("bd09", Text("BD-09", "BD-09")))),
    Column("byte_limit", Text("Limit over Kafka (0: none)", "Kafka限额(0为不限)"), unit="B/s"),
    Column("event_limit", Text("Limit of events over HTTP (0: none)", "HTTP事件限额(0为不限)"),
           unit="1/s"),
    Column("may_replay", Text("May replay", "可回放"), choice=True),
    Column("last_event", Text("Last event observed", "最近事件观测时间"), moment=True),
    Column("refused_day", Text("Refused in 24 h", "近24小时拒收")),
    Column("late_day", Text("Late in 24 h", "近24小时迟到")),
    Column("registered_at", Text("Registration changed", "登记变更时间"), moment=True),
), "registered_at", key="publisher", rows="""
SELECT p.name AS publisher, p.title_zh AS title_chinese, p.title_en AS title_english,
    if(isNull(p.removed_at), 'active', 'removed') AS state,
    arrayStringConcat(p.families, ', ') AS publishes, p.datum AS uses_datum,
    p.quota_bytes AS byte_limit, p.quota_events AS event_limit, p.replay AS may_replay,
    nullIf(g.last, toDateTime64(0, 3, 'UTC')) AS last_event, d.refused AS refused_day,
    d.late AS late_day, p.changed_at AS registered_at
FROM city.publishers AS p
LEFT JOIN (SELECT source, max(observed_at) AS last FROM city.publisher_progress GROUP BY source)
    AS g ON g.source = p.name
LEFT JOIN (SELECT source, countIf(class != 'late') AS refused, countIf(class = 'late') AS late
    FROM city.dead_letters WHERE received_at > now() - 86400 GROUP BY source)
    AS d ON d.source = p.name""")


CASES = """
SELECT case_id, step AS state, category AS kind, department AS handler, reported_by AS origin,
    observed_at AS moved_at, due_at AS due, area AS place, description AS said,
    ifNull(state NOT IN ('closed', 'voided') AND due < now64(3), 0) AS overdue
FROM city.grid_case_last"""

ALERTS = """
SELECT alert_id, argMax(rule_id, order) AS rule, argMax(state, order) AS now_is,
    argMax(severity, order) AS level, argMax(place, order) AS at_place,
    argMax(title_zh, order) AS title_chinese, argMax(title_en, order) AS title_english,
    argMin(value, order) AS first_value, argMax(value, order) AS last_value,
    argMax(threshold, order) AS limit_value, min(raised_at) AS began_at,
    max(observed_at) AS moved_at,
    if(now_is = 'cleared', argMax(duration_seconds, order), dateDiff('second', began_at, now()))
        AS lasted
FROM (SELECT *, (observed_at, state = 'cleared') AS order FROM city.alert) GROUP BY alert_id"""


def _columns_like(family: str) -> Callable[..., Column]:
    """Give what describes a column by the words, unit and codes of a family's declared field."""
    fields = {one.name: one for one in registry.get_family(family).fields}

    def like(name: str, declared: str, **more: Any) -> Column:
        """Describe the column `name` as the field `declared`."""
        one = fields[declared]
        return Column(name, one.title, one.unit, one.values, **more)

    return like


def case_listing() -> Listing:
    """Describe cases, each with its last step, department and deadline."""
    like = _columns_like("grid-case")
    return Listing("grid_case", (
        Column("moved_at", Text("Last step at", "最近流转"), moment=True),
        like("case_id", "case_id", searched=True),
        replace(like("state", "step", choice=True), title=Text("State", "当前环节")),
        like("kind", "category", choice=True, searched=True),
        like("handler", "department", choice=True), like("origin", "reported_by", choice=True),
        like("due", "due_at", moment=True),
        Column("overdue", Text("Overdue", "超时"), choice=True,
               values=(("1", Text("Yes", "是")), ("0", Text("No", "否")))),
        Column("place", Text("Area", "区域")), like("said", "description", searched=True),
    ), "moved_at", "place", "case_id", CASES, unique=True,
        moved="SELECT case_id FROM city.grid_case WHERE observed_at")


def alert_listing() -> Listing:
    """Describe alerts, each with whether it still stands and how long it lasted."""
    like = _columns_like("alert")
    return Listing("alert", (
        Column("moved_at", Text("Changed at", "最近变化"), moment=True),
        like("now_is", "state", choice=True), like("level", "severity", choice=True),
        Column("title_chinese", Text("Title (Chinese)", "告警"), searched=True),
        Column("title_english", Text("Title", "英文标题"), searched=True),
        Column("at_place", Text("Place", "区域、道路或站点"), searched=True),
        Column("first_value", Text("Value when raised", "发生时数值")),
        Column("last_value", Text("Last value", "最近数值")), like("limit_value", "threshold"),
        Column("began_at", Text("Raised at", "发生时间"), moment=True),
        like("lasted", "duration_seconds"), like("rule", "rule_id", choice=True),
        like("alert_id", "alert_id", searched=True),
    ), "moved_at", "at_place", "alert_id", ALERTS)


def find_declared(name: str) -> Family | ResultTable | None:
    """Find a family or result by its name, one added while running included."""
    registry.refresh()
    return registry.families().get(name) or registry.results().get(name)
