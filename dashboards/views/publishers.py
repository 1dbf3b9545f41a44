"""Show who may send events: families, datum, limits, the last event and what was refused."""

from __future__ import annotations

import streamlit as st

from dashboards.look.words import say as look
from dashboards.views import address
from dashboards.views.rows import draw_rows, reading
from dashboards.views.words import say
from streams.queries.ledger import TERMS, list_balances
from streams.queries.listings import PUBLISHERS
from streams.queries.reader import Row


def draw() -> None:
    """Draw the page."""
    language = address.language()
    st.title(say("publishers", language))
    st.caption(say("publishers.lead", language))
    if not _draw_balances(language):
        return
    foreign = "title_chinese" if language == "en" else "title_english"
    draw_rows("publishers", PUBLISHERS, language, minutes=0, hidden=(foreign,), detail=_draw_link)


def _draw_balances(language: str) -> bool:
    """Draw each publisher's ledger of the last hour; tell whether the store answered."""
    rows: list[Row] | None = None
    with reading(language) as store:
        rows = list_balances(store)
    if rows:
        st.subheader(say("balances", language))
        _judge_balances([row["publisher"] for row in rows if row["residual"]], language)
        titles = {"publisher": say("publishers", language)} | {
            name: look(f"balance.{name}", language).capitalize() for name in ("received", *TERMS)}
        titles["residual"] = look("operations.residual", language)
        st.dataframe({title: [row[name] for row in rows] for name, title in titles.items()},
                     hide_index=True, key="balances")
        st.subheader(say("publishers.registered", language))
    return rows is not None


def _judge_balances(wrong: list[str], language: str) -> None:
    """Say plainly whose ledger does not close."""
    if wrong:
        st.error(say("balances.wrong", language).replace("{names}", ", ".join(wrong)),
                 icon=":material/error:")
    else:
        st.caption(say("balances.closed", language))


def _draw_link(row: Row, language: str) -> None:
    """Offer the way from a publisher to what was refused of it."""
    if st.button(say("publishers.letters", language), icon=":material/report:"):
        address.go("dead-letters", {"source": str(row["publisher"])})
