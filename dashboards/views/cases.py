"""Show cases, each with its state and deadline, or every step that was taken."""

from __future__ import annotations

import streamlit as st

from dashboards.views import address
from dashboards.views.rows import choose_view, draw_rows
from dashboards.views.words import say
from schemas import registry
from streams.queries.listings import case_listing, to_listing
from streams.queries.reader import Row


def draw() -> None:
    """Draw the page."""
    language = address.language()
    st.title(say("cases", language))
    view = choose_view("last", "steps", language)
    if view == "steps":
        draw_rows("case-steps", to_listing(registry.get_family("grid-case")), language)
    else:
        draw_rows("cases", case_listing(), language, detail=_draw_link)


def _draw_link(row: Row, language: str) -> None:
    """Offer the way from a case to its steps."""
    if st.button(say("all-steps", language), icon=":material/list:"):
        address.go("cases", {"view": "steps", "minutes": "0", "case_id": str(row["case_id"])})
