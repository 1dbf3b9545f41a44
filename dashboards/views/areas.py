"""Show the figures of each area of a level, and go down from province to cell or to the rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from dashboards.views import address
from dashboards.views.rows import column_settings, reading
from dashboards.views.table import area_name, area_tree, heading, shown
from dashboards.views.words import say
from schemas import registry
from schemas.fields import Text
from streams.queries import console
from streams.queries.console import Filter
from streams.queries.listings import Column, to_listing
from streams.queries.reader import Row
from streams.settings import read_settings

DEPTHS = (2, 4, 6, 9, 12, 15)
MINUTES = 60
# where each figure's rows are: page and what narrows them down to what the figure counts
ROWS: dict[str, tuple[str, dict[str, str]]] = {
    "cases_reported": ("cases", {"view": "steps", "step": "reported"}),
    "cases_closed": ("cases", {"view": "steps", "step": "closed"}),
    "calls": ("calls", {}), "calls_answered": ("calls", {"answered": "true"}),
    "items": ("services", {}), "items_online": ("services", {"channel": "online"}),
    "mean_speed": ("area-traffic", {"window_seconds": "60"}),
    "parking_share": ("parking-occupancy", {}),
    "mean_pm2_5": ("environment-reading", {"quantity": "pm2_5"}),
    "events": ("city-pulse", {}),
}


def draw() -> None:
    """Draw the page."""
    language = address.language()
    st.title(say("areas", language))
    parent = address.find("area")
    if parent not in ("", "root") and (not parent.isdigit() or len(parent) not in DEPTHS):
        st.warning(say("area.bad", language))
        parent = ""
    parent = "" if parent == "root" else parent or read_settings().city
    _draw_path(parent, language)
    asked = _draw_range(language)
    digits = next((depth for depth in DEPTHS if depth > len(parent)), 0)
    if not digits:
        st.info(say("level.none", language))
        digits = len(parent)
    with reading(language) as store:
        rows = console.read_areas(store, parent, digits, asked)
        _draw_figures(parent, digits, rows, asked, language)


def _draw_path(parent: str, language: str) -> None:
    """Draw the way from the nation down to here; each part leads back to it."""
    path = ["root", *(parent[:depth] for depth in DEPTHS if depth <= len(parent))]
    for cell, code in zip(st.columns([2] * len(path) + [max(1, 12 - 2 * len(path))]), path,
                          strict=False):
        title = say("root", language) if code == "root" else area_name(code, language)
        here = code == (parent or "root")
        cell.button(title, key=f"path:{code}", disabled=here, width="stretch",
                    on_click=address.write, args=("area", code))


def _draw_range(language: str) -> Filter:
    """Draw the choice of time and give it as a filter of whole minutes, so that rows agree."""
    cell, _ = st.columns([1, 3])
    with cell:
        address.choose("minutes", say("range", language), [str(one) for one in address.RANGES],
                       lambda one: say(f"range.{one}", language), str(MINUTES))
    since, until = address.read_range(MINUTES)
    return Filter(since.replace(second=0, microsecond=0) if since else None, until)


def _columns() -> list[Column]:
    """List the columns: code, name, then the figures that lead to rows, then the other counts."""
    listing = to_listing(registry.results()["city-pulse"])
    by_name = {one.name: one for one in listing.columns}
    head = [Column("area", Text("Code", "代码")), Column("name", Text("Area", "区域"))]
    return [*head, *(replace(by_name[name], choice=False) for name in ROWS)]


def _draw_figures(parent: str, digits: int, rows: list[Row], asked: Filter,
                  language: str) -> None:
    """Draw the table of a level; a figure leads to its rows, a code or name one level down."""
    rows = _with_silent(parent, digits, rows)
    if not rows:
        st.info(say("empty", language), icon=":material/search_off:")
        return
    columns = _columns()
    table: dict[str, list[Any]] = {
        one.name: [shown(one, row.get(one.name), language) for row in rows] for one in columns}
    table["name"] = [area_name(row["area"], language) for row in rows]
    st.subheader(f"{say(f'level.{digits}', language)} · {len(rows)}")
    st.caption(say("pick.number", language))
    settings = column_settings(columns, language) | {
        one.name: st.column_config.NumberColumn(heading(one, language), format="localized")
        for one in columns[2:]} | {
        "name": st.column_config.Column(say("name", language), width="medium")}
    picked = st.dataframe(
        table, hide_index=True, placeholder="–", column_config=settings, on_select="rerun",
        selection_mode="single-cell", height=min(620, 36 * len(rows) + 39),
        key=f"areas:{sorted(st.query_params.items())}")
    tree = area_tree()
    if tree and digits > 6 and any(tree.is_synthetic(row["area"]) for row in rows):
        st.caption(say("synthetic", language))
    for place, name in picked["selection"]["cells"]:
        _open(rows[place], name, asked)


def _open(row: Row, name: str, asked: Filter) -> None:
    """Follow a selected cell: down to the area's parts, or to the rows of a figure."""
    if name not in ROWS:
        address.go("areas", {"area": row["area"], "minutes": address.find("minutes")})
        return
    page, narrowed = ROWS[name]
    address.go(page, address.params_of(replace(asked, area=row["area"]), **narrowed))


def _with_silent(parent: str, digits: int, rows: list[Row]) -> list[Row]:
    """Add the areas of the tree that had no event; they have no figures, which is not zero."""
    tree, known = area_tree(), {row["area"] for row in rows}
    if tree is None or digits <= len(parent):
        return rows
    silent = [{"area": code} for code in tree.list_children(parent) if code not in known]
    return [*rows, *silent]
