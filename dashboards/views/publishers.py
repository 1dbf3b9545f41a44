"""Show who may send events: families, datum, limits, the last event and what was refused."""

from __future__ import annotations

import streamlit as st

from dashboards.views import address
from dashboards.views.rows import draw_rows
from dashboards.views.words import say
from streams.queries.listings import PUBLISHERS
from streams.queries.reader import Row


def draw() -> None:
    """Draw the page."""
    language = address.language()
    st.title(say("publishers", language))
    st.caption(say("publishers.lead", language))
    foreign = "title_chinese" if language == "en" else "title_english"
    draw_rows("publishers", PUBLISHERS, language, minutes=0, hidden=(foreign,), detail=_draw_link)


def _draw_link(row: Row, language: str) -> None:
    """Offer the way from a publisher to what was refused of it."""
    if st.button(say("publishers.letters", language), icon=":material/report:"):
        address.go("dead-letters", {"source": str(row["publisher"])})
