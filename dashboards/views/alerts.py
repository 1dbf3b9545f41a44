"""Show alerts, each with how long it lasted, or every raising and clearing."""

from __future__ import annotations

import streamlit as st

from dashboards.views import address
from dashboards.views.rows import choose_view, draw_rows
from dashboards.views.words import say
from schemas import registry
from streams.queries.listings import alert_listing, to_listing
from streams.queries.reader import Row


def draw() -> None:
    """Draw the page."""
    language = address.language()
    st.title(say("alerts", language))
    view = choose_view("alerts", "changes", language)
    other = "zh" if language == "en" else "en"
    if view == "changes":
        draw_rows("alert-changes", to_listing(registry.get_family("alert")), language,
                  hidden=("area", f"title_{other}"))
    else:
        foreign = "title_chinese" if language == "en" else "title_english"
        draw_rows("alerts", alert_listing(), language, hidden=(foreign,), detail=_draw_link)


def _draw_link(row: Row, language: str) -> None:
    """Offer the way from an alert to its raising and clearing."""
    if st.button(say("view.changes", language), icon=":material/list:"):
        address.go("alerts", {"view": "changes", "minutes": "0", "alert_id": str(row["alert_id"])})
