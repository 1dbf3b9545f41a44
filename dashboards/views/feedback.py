"""Show what each publisher is told of its events: counts, delays, clocks, refusals, odd values."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboards.views import address
from dashboards.views.rows import draw_rows, reading
from dashboards.views.words import say
from streams.queries.feedback import FEEDBACK, find_report
from streams.queries.reader import Row


def draw() -> None:
    """Draw the page."""
    language = address.language()
    st.title(say("feedback", language))
    st.caption(say("feedback.lead", language))
    draw_rows("feedback", FEEDBACK, language, minutes=60, detail=_draw_report)


def _draw_report(row: Row, language: str) -> None:
    """Draw findings and refusals of one report, with the way to the dead letters."""
    publisher, family = str(row["publisher"]), str(row["family"])
    with reading(language) as store:
        report = find_report(store, publisher, family)
        if report is not None:
            _draw_findings(report["findings"], language)
            _draw_refused(report["refused"], language)
    if st.button(say("publishers.letters", language), icon=":material/report:"):
        address.go("dead-letters", {"source": publisher, "family": family})


def _draw_findings(findings: list[dict[str, Any]], language: str) -> None:
    """Draw what looks wrong, or say that nothing does."""
    if not findings:
        st.success(say("feedback.none", language), icon=":material/check:")
        return
    _draw_table({
        "feedback.finding": [one[language] for one in findings],
        "feedback.sure": [say(f"feedback.{one['sure']}", language) for one in findings],
        "field": [one["field"] for one in findings],
        "feedback.hour": [one["count"] for one in findings],
        "feedback.minute": [one["minute"] for one in findings],
        "feedback.samples": [" | ".join(one["samples"]) for one in findings]}, language)


def _draw_refused(refused: list[dict[str, Any]], language: str) -> None:
    """Draw the newest samples of what was refused, by reason and field."""
    rows = [(one, sample) for one in refused for sample in one["samples"]]
    if not rows:
        return
    st.caption(say("feedback.refused", language))
    _draw_table({
        "feedback.reason": [f"{one[language]} ({one['reason']})" for one, _ in rows],
        "field": [one["field"] for one, _ in rows],
        "feedback.hour": [one["hour"] for one, _ in rows],
        "value": [sample["value"] for _, sample in rows],
        "feedback.detail": [sample["detail"] for _, sample in rows],
        "feedback.original": [
            f"{sample['raw_topic']}[{sample['raw_partition']}]@{sample['raw_offset']}"
            for _, sample in rows]}, language)


def _draw_table(columns: dict[str, list[Any]], language: str) -> None:
    """Draw a table whose columns are named by words."""
    st.dataframe({say(name, language): values for name, values in columns.items()},
                 hide_index=True)
