"""Show the rows of a family or result that has no page of its own, by its declaration alone."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboards.look import words
from dashboards.views import address
from dashboards.views.rows import draw_rows
from schemas.declare import Family, ResultTable
from streams.queries.listings import find_declared, to_listing


def page_of(name: str, heading: Callable[[str], str] | None = None) -> Callable[[], None]:
    """Give the function that draws the page of a family or result."""

    def draw() -> None:
        """Draw the page as it is declared now."""
        language = address.language()
        declared = find_declared(name)
        if declared is None:
            return
        st.title(heading(language) if heading else words.title(declared, language))
        st.caption(words.meaning(declared, language))
        draw_rows(name, to_listing(declared), language, minutes=default_minutes(declared))

    return draw


def default_minutes(declared: Family | ResultTable) -> int:
    """Give the time shown at first: the more events a family has, the shorter."""
    if isinstance(declared, ResultTable):
        return 60
    return 15 if declared.partitions > 1 else 1440
