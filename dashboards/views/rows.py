"""List the rows of any table by its listing: filters, counts, paging, one record, CSV."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import streamlit as st

from dashboards.look.words import spell
from dashboards.views import address, session
from dashboards.views.table import area_name, heading, shown, to_csv, to_table, word_of
from dashboards.views.words import say
from schemas.errors import ComponentError
from streams.queries import console
from streams.queries.console import MAX_ROWS, Counts, Filter
from streams.queries.listings import Column, Listing
from streams.queries.reader import Row, Store, open_store

PAGE_ROWS = 200
MAX_PAGES = 500
ACROSS = 4
Detail = Callable[[Row, str], None]


@contextmanager
def reading(language: str) -> Iterator[Store]:
    """Open the store for the block; where it is away, say so plainly instead of the block."""
    account = session.store_account(language)
    try:
        with closing(open_store(account)) as store:
            yield store
    except ComponentError as error:
        st.error(say("away", language), icon=":material/cloud_off:")
        st.caption(str(error))
        st.button(say("retry", language), icon=":material/refresh:")


def draw_rows(name: str, listing: Listing, language: str, *, minutes: int = 1440,
              hidden: Sequence[str] = (), detail: Detail | None = None) -> None:
    """Draw a whole page of a listing; `hidden` columns are left out of table and CSV."""
    shown_listing = replace(
        listing, columns=tuple(one for one in listing.columns if one.name not in hidden))
    asked = address.read_filter(listing, minutes)
    with reading(language) as store:
        counts = console.count_rows(store, shown_listing, asked)
        _draw_filters(counts, shown_listing, language, minutes)
        total = counts.total
        if not total:
            _draw_empty(language)
            return
        offset = _draw_bar(name, shown_listing, asked, total, language)
        rows = console.list_rows(store, shown_listing, asked, PAGE_ROWS, offset)
        _draw_table(name, shown_listing, rows, language, detail)


def choose_view(usual: str, other: str, language: str) -> str:
    """Draw the choice between two views of a page; give "" for the usual one, else `other`."""
    with st.columns(ACROSS)[0]:
        return address.choose("view", say("view", language), ["", other],
                              lambda one: say(f"view.{other if one else usual}", language))


def _draw_filters(counts: Counts, listing: Listing, language: str, minutes: int) -> None:
    """Draw time, area, every choice with its counts, and the text to search for."""
    drawn: list[Callable[[], object]] = [lambda: _draw_range(minutes, language)]
    if listing.area:
        drawn.append(lambda: _draw_area(language))
    drawn += [_choice(counts.values[one.name], one, language) for one in listing.choices]
    if any(one.searched for one in listing.columns):
        drawn.append(lambda: address.ask("text", say("text", language)))
    for first in range(0, len(drawn), ACROSS):
        for cell, draw in zip(st.columns(ACROSS), drawn[first:first + ACROSS], strict=False):
            with cell:
                draw()


def _draw_range(minutes: int, language: str) -> None:
    """Draw the choice of time; a time given as from–until stands above it until it is cleared."""
    since, until = address.find("from"), address.find("until")
    if not (address.to_moment(since) or address.to_moment(until)):
        address.choose("minutes", say("range", language), [str(one) for one in address.RANGES],
                       lambda one: say(f"range.{one}", language), str(minutes))
        return
    words = say("range.absolute", language).replace("{from}", since[:16].replace("T", " "))
    words = words.replace("{until}", until[:16].replace("T", " "))

    def drop() -> None:
        """Forget both ends of the time."""
        address.write("from", "")
        address.write("until", "")

    st.caption(say("range", language))
    st.button(words, on_click=drop, icon=":material/close:", width="stretch")


def _draw_area(language: str) -> None:
    """Draw the area code, with the area's name as soon as there is one."""
    code = address.find("area")
    label = say("area", language)
    if code.isdigit():
        label = f"{label} · {area_name(code, language)}"
    address.ask("area", label, say("area.help", language))
    if code and (not code.isdigit() or len(code) > 15):
        st.caption(f":red[{say('area.bad', language)}]")


def _choice(counts: dict[str, int], column: Column, language: str) -> Callable[[], object]:
    """Prepare the choice of one column, each value with the number of its rows."""
    def words(value: str) -> str:
        """Write a value with the number of its rows."""
        number = counts.get(value, 0) if value else sum(counts.values())
        return f"{word_of(column, value, language)} · {number}"

    options = ["", *(value for value in counts if value)]
    return lambda: address.choose(column.name, spell(column.title, language), options, words)


def _draw_empty(language: str) -> None:
    """Say plainly that nothing fits."""
    st.info(say("empty", language), icon=":material/search_off:")
    st.caption(say("empty.hint", language))
    st.button(say("reset", language), on_click=address.clear)


def _draw_bar(name: str, listing: Listing, asked: Filter, total: int, language: str) -> int:
    """Draw the number of rows, paging, reset and CSV; give the offset of the page."""
    pages = min(MAX_PAGES, math.ceil(total / PAGE_ROWS))
    number = address.find("page")
    page = min(pages, max(1, int(number))) if number.isdigit() else 1
    offset = (page - 1) * PAGE_ROWS
    last = min(total, offset + PAGE_ROWS)
    words = say("found" if total <= PAGE_ROWS else "found.part", language).format(
        n=f"{total:,}", first=f"{offset + 1:,}", last=f"{last:,}")
    told, paging, cleared, export = st.columns([5, 2, 2, 2], vertical_alignment="bottom")
    told.markdown(f"**{words}**")
    if pages > 1:
        with paging:
            address.choose("page", say("page", language), [str(i + 1) for i in range(pages)],
                           lambda one: f"{one} / {pages}", "1")
    cleared.button(say("reset", language), on_click=address.clear, width="stretch")

    account = session.store_account(language)

    def make_csv() -> bytes:
        """Read the rows again when they are asked for, beyond the page that is shown."""
        with closing(open_store(account)) as reader:
            return to_csv(listing.columns, console.list_rows(reader, listing, asked), language)

    export.download_button(
        say("csv", language), make_csv, f"{name}.csv", "text/csv", width="stretch",
        icon=":material/download:", on_click="ignore",
        help=say("csv.help", language).format(n=f"{min(total, MAX_ROWS):,}"))
    return offset


def column_settings(columns: Sequence[Column], language: str) -> dict[str, Any]:
    """Give title and form of each column for the table."""
    return {one.name: (
        st.column_config.DatetimeColumn(heading(one, language), format="YYYY-MM-DD HH:mm:ss")
        if one.moment else st.column_config.Column(heading(one, language))) for one in columns}


def _draw_table(name: str, listing: Listing, rows: list[Row], language: str,
                detail: Detail | None) -> None:
    """Draw the table; the row selected is drawn in full below it."""
    columns = listing.columns
    picked = st.dataframe(
        to_table(columns, rows, language, listing.area), hide_index=True, placeholder="–",
        height=min(620, 36 * len(rows) + 39), column_config=column_settings(columns, language),
        on_select="rerun", selection_mode="single-row",
        key=f"{name}:{sorted(st.query_params.items())}")
    chosen = picked["selection"]["rows"]
    if not chosen or chosen[0] >= len(rows):
        st.caption(say("pick", language))
        return
    row = rows[chosen[0]]
    st.subheader(say("detail", language), divider="gray")
    if detail is not None:
        detail(row, language)
    draw_record(columns, row, language)


def draw_record(columns: Sequence[Column], row: Row, language: str) -> None:
    """Draw every field of a record in full."""
    values = [shown(one, row.get(one.name), language) for one in columns]
    named = [f"{value} {area_name(value, language)}" if one.name == "area" and value else value
             for one, value in zip(columns, values, strict=True)]
    st.dataframe(
        {say("field", language): [heading(one, language) for one in columns],
         say("value", language): ["" if value is None else str(value) for value in named]},
        hide_index=True, height=36 * len(columns) + 39)
