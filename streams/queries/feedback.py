"""Read the reports to publishers."""

from __future__ import annotations

from typing import Any

import msgspec

from schemas.fields import Text
from streams.queries.listings import Column, Listing
from streams.queries.reader import Store

FEEDBACK = Listing("feedback", (
    Column("publisher", Text("Publisher", "发布系统"), choice=True),
    Column("family", Text("Family", "事件类"), choice=True),
    Column("found", Text("Findings", "发现问题"), searched=True),
    Column("received", Text("Received in an hour", "近1小时接收")),
    Column("accepted", Text("Accepted", "通过")), Column("refused", Text("Refused", "拒收")),
    Column("late", Text("Late", "迟到")), Column("duplicates", Text("Duplicates", "重复")),
    Column("delay_median", Text("Median delay", "延迟中位数"), unit="ms"),
    Column("delay_most", Text("Greatest delay", "最大延迟"), unit="ms"),
    Column("clock_ahead", Text("Clock ahead", "时钟偏快"), unit="ms"),
    Column("last_received_at", Text("Last event", "最近事件"), moment=True),
    Column("made_at", Text("Reported at", "反馈时间"), moment=True),
), "made_at", key="publisher", rows="""
SELECT * EXCEPT report, arrayStringConcat(findings, ', ') AS found FROM city.feedback""")


def find_report(store: Store, publisher: str, family: str) -> dict[str, Any] | None:
    """Find the newest report to a publisher on a family, as it stands in its topic."""
    rows = store.query("SELECT report FROM city.feedback WHERE publisher = %(publisher)s"
                       " AND family = %(family)s", {"publisher": publisher, "family": family})
    return msgspec.json.decode(rows[0]["report"], type=dict[str, Any]) if rows else None
