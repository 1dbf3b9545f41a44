"""Show what the gate refused or found too late, with reason, field and place in the raw topic."""

from __future__ import annotations

import streamlit as st

from dashboards.views import address
from dashboards.views.rows import draw_rows
from dashboards.views.words import say
from streams.queries.listings import DEAD_LETTERS


def draw() -> None:
    """Draw the page."""
    language = address.language()
    st.title(say("dead-letters", language))
    draw_rows("dead-letters", DEAD_LETTERS, language)
