"""Stock what the platform tells of itself: publishers, ledger, dead letters, reports."""

from __future__ import annotations

from infra.bench.stock import insert, pick, quote
from schemas import registry
from streams.store import Store

PUBLISHERS = 50
MINUTES = 60
REASONS = ("out-of-range", "missing-field", "too-late", "in-the-future", "unknown-code")
COUNTS = {"received": "600", "counted": "590", "late": "1", "refused": "4", "duplicates": "5",
          "in_flight": "0", "residual": "0"}


def tables(letters: int) -> dict[str, tuple[dict[str, str], int]]:
    """Say how each column of each table is made, and the number of its rows."""
    families, results = sorted(registry.families()), sorted(registry.results())
    pairs = PUBLISHERS * len(families)
    source = f"concat('publisher-', toString(n % {PUBLISHERS}))"
    family = pick(families, f"intDiv(n, {PUBLISHERS})")
    topic = f"concat('raw-', {source}, '--', {family})"
    minute = "toStartOfMinute(now()) - toIntervalMinute"
    return {
        "publishers": ({
            "name": source, "title_en": "'A publisher'", "title_zh": "'发布系统'",
            "datum": "'wgs84'", "families": quote(families), "replay": "false",
            "quota_bytes": "0", "quota_events": "0", "changed_at": "now64(3)"}, PUBLISHERS),
        "publisher_progress": ({
            "source": source, "family": family, "observed_at": "now64(3)", "events": "1000",
            "version": "1", "computed_at": "now64(3)"}, pairs),
        "ledger": ({"raw_topic": topic, "minute": f"{minute}(1 + intDiv(n, {pairs}))", **COUNTS,
                    "computed_at": "now64(3)"}, pairs * MINUTES),
        "window_final": ({
            "result": pick(results, "n"), "window_seconds": "60",
            "window_start": f"{minute}(5 + intDiv(n, {len(results)}))", "final_at": "now64(3)"},
            (MINUTES - 5) * len(results)),
        "feedback": ({
            "publisher": source, "family": family, "made_at": "now64(3)", "received": "36000",
            "accepted": "35000", "refused": "900", "late": "50", "duplicates": "50",
            "delay_median": "300", "delay_most": "9000", "clock_ahead": "0", "findings": "[]",
            "last_received_at": "now64(3)",
            "report": """'{"findings": [], "refused": []}'"""}, pairs),
        "dead_letters": ({
            "source": source, "family": family, "reason": pick(REASONS, "n"),
            "field": "'longitude'", "value": "toString(n)", "detail": "'not within bounds'",
            "class": "if(n % 5 = 0, 'late', 'refused')", "raw_topic": topic,
            "raw_partition": "0", "raw_offset": "n", "event_id": "concat('e-', toString(n))",
            "observed_at": "now64(3) - toIntervalSecond(n % 86400)", "received_at": "observed_at",
            "kept_until": "now() + toIntervalDay(2)"}, letters)}


def insert_all(store: Store, letters: int) -> None:
    """Insert the rows of all of them; so many dead letters."""
    for table, (values, rows) in tables(letters).items():
        insert(store, table, values, rows)
