"""Turn rows into what people read: words for codes, city time, area names; and into CSV."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboards.look.words import spell, unit
from dashboards.views.address import CITY_TIME
from dashboards.views.words import say
from geo.names import ENGLISH
from geo.tree import AreaTree
from schemas.errors import ComponentError
from streams.queries.listings import Column
from streams.queries.reader import Row
from streams.settings import read_settings

FORMULA = ("=", "+", "-", "@", "\t", "\r")


@st.cache_resource
def _tree(stamp: float) -> AreaTree | None:  # noqa: ARG001 (a tree built anew has another stamp)
    """Load the area tree once, None when none is built."""
    try:
        return AreaTree.load(read_settings().areas)
    except ComponentError:
        return None


def area_tree() -> AreaTree | None:
    """Give the area tree as it is built now."""
    file = read_settings().areas / "meta.json"
    return _tree(file.stat().st_mtime) if file.exists() else None


def area_name(code: str, language: str) -> str:
    """Name an area; a code without name, and what is no area, stands for itself."""
    if not code:
        return say("outside", language)
    tree = area_tree()
    if language == "en":
        county = ENGLISH.get(code[:6], "")
        found = ENGLISH.get(code) or (f"{county} {code[6:]}" if county and len(code) > 6 else "")
        return found or code
    return tree.name(code) if tree and code.isdigit() else code


def area_label(code: str, language: str) -> str:
    """Show an area's code with the name of its township or whatever is larger."""
    return f"{code} {area_name(code[:9], language)}" if code.isdigit() else code


def heading(column: Column, language: str) -> str:
    """Title a column, with its unit."""
    title = spell(column.title, language)
    return f"{title} ({unit(column.unit, language)})" if column.unit else title


def shown(column: Column, value: Any, language: str) -> Any:
    """Give a value as people read it; times are of Asia/Shanghai."""
    if value is None:
        return None
    if isinstance(value, dt.datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return aware.astimezone(CITY_TIME).replace(tzinfo=None)
    for code, word in column.values:
        if code == str(value):
            return spell(word, language)
    if isinstance(value, bool):
        return say("yes" if value else "no", language)
    return round(value, column.decimals) if isinstance(value, float) else value


def word_of(column: Column, value: str, language: str) -> str:
    """Give the word for a value as it stands in a filter, where it is text."""
    if value in ("true", "false") and not column.values:
        return say("yes" if value == "true" else "no", language)
    return str(shown(column, value, language)) if value else say("any", language)


def to_table(columns: Sequence[Column], rows: Sequence[Row], language: str,
             area: str = "") -> dict[str, list[Any]]:
    """Turn rows into columns of readable values; the column `area` gets names beside its codes."""
    found = {one.name: [shown(one, row.get(one.name), language) for row in rows]
             for one in columns}
    if area in found:
        found[area] = [area_label(code, language) for code in found[area]]
    return found


def to_csv(columns: Sequence[Column], rows: Sequence[Row], language: str) -> bytes:
    """Write rows as CSV that a spreadsheet opens as text.

    Text that a spreadsheet would run as a formula is preceded by an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([guard(heading(one, language)) for one in columns])
    for row in rows:
        writer.writerow([guard(shown(one, row.get(one.name), language)) for one in columns])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def guard(value: Any) -> Any:
    """Take the effect of a formula from a text; numbers and times stay."""
    if value is None:
        return ""
    if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA):
        return f"'{value}"
    return value
