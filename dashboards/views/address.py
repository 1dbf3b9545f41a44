"""Keep what a page shows in its address: filters are read from it and written to it, nowhere else.

A widget takes its value from the address and its key from that value, so that a deep link, the
browser's way back and a click on a number all show the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from dashboards.look.words import to_language
from streams.queries.console import Filter
from streams.queries.listings import Listing

CITY_TIME = ZoneInfo("Asia/Shanghai")
RANGES = (15, 60, 360, 1440, 10080, 43200, 0)
PAGES = "console.pages"
LANGUAGE = "console.language"
_FORM = "%Y-%m-%dT%H:%M:%S"


def language() -> str:
    """Give the language of the address, else the one chosen earlier in this session."""
    asked = st.query_params.get("lang")
    if asked is not None:
        st.session_state[LANGUAGE] = to_language(asked)
    chosen = to_language(st.session_state.get(LANGUAGE))
    if chosen != "zh" and asked != chosen:
        st.query_params["lang"] = chosen
    return chosen


def switch_language(language: str) -> None:
    """Change to the other language, here and on every page after this one."""
    other = "zh" if language == "en" else "en"
    st.session_state[LANGUAGE] = other
    if other == "en":
        st.query_params["lang"] = other
    else:
        st.query_params.pop("lang", None)


def find(name: str) -> str:
    """Find a parameter of the address, "" when it is not there."""
    return st.query_params.get(name) or ""


def write(name: str, value: str, default: str = "") -> None:
    """Write a parameter to the address; its default is left out. Paging begins again."""
    if value in ("", default):
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = value
    if name != "page":
        st.query_params.pop("page", None)


def choose(name: str, label: str, options: Sequence[str], words: Callable[[str], str],
           default: str = "") -> str:
    """Draw a choice that stands in the address; a value that is not offered is offered then."""
    current = find(name) or default
    offered = list(options) if current in options else [*options, current]
    key = f"{name}={current}"
    st.selectbox(label, offered, offered.index(current), words, key=key,
                 on_change=lambda: write(name, st.session_state[key], default))
    return current


def ask(name: str, label: str, hint: str = "") -> str:
    """Draw a text input that stands in the address."""
    current = find(name)
    key = f"{name}={current}"
    st.text_input(label, current, max_chars=64, key=key, help=hint or None,
                  on_change=lambda: write(name, st.session_state[key].strip()))
    return current


def clear() -> None:
    """Forget every filter; the language stays."""
    for name in [one for one in st.query_params if one != "lang"]:
        del st.query_params[name]


def go(page: str, params: Mapping[str, str]) -> None:
    """Open a page with parameters in its address; the language comes along."""
    chosen = {"lang": "en"} if st.session_state.get(LANGUAGE) == "en" else {}
    st.switch_page(st.session_state[PAGES][page], query_params={**chosen, **params})


def to_moment(text: str) -> dt.datetime | None:
    """Read a moment of the address (city time); None when there is none or it is malformed."""
    try:
        return dt.datetime.strptime(text, _FORM).replace(tzinfo=CITY_TIME)
    except ValueError:
        return None


def from_moment(moment: dt.datetime) -> str:
    """Write a moment for the address, in city time."""
    return moment.astimezone(CITY_TIME).strftime(_FORM)


def read_range(default: int) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Read the time asked for: from–until where given, else the last so many minutes."""
    since, until = to_moment(find("from")), to_moment(find("until"))
    if since or until:
        return since, until
    asked = find("minutes")
    minutes = int(asked) if asked in map(str, RANGES) else default
    if not minutes:
        return None, None
    return dt.datetime.now(dt.UTC) - dt.timedelta(minutes=minutes), None


def read_filter(listing: Listing, default_minutes: int) -> Filter:
    """Read the filter of a listing from the address."""
    since, until = read_range(default_minutes)
    equals = {one.name: find(one.name) for one in listing.columns if find(one.name)}
    return Filter(since, until, find("area") if find("area").isdigit() else "", equals,
                  find("text"))


def params_of(asked: Filter, **more: Any) -> dict[str, str]:
    """Write a filter's time and area as parameters, for a link to the same rows elsewhere."""
    found = {"area": asked.area, **{name: str(value) for name, value in more.items()}}
    if asked.since:
        found["from"] = from_moment(asked.since)
    if asked.until:
        found["until"] = from_moment(asked.until)
    return {name: value for name, value in found.items() if value}
