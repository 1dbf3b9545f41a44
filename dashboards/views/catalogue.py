"""Show every declaration as it stands: meaning, fields, bounds, personal data, publication."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboards.look.words import unit
from dashboards.views import address
from dashboards.views.words import say
from schemas import registry
from schemas.render.catalogue import Entry, entries


def draw() -> None:
    """Draw the page."""
    language = address.language()
    st.title(say("catalogue", language))
    registry.refresh()
    found = entries(registry.families().values(), registry.results().values())
    by_name = {entry["name"]: entry for entry in found}
    name = address.choose(
        "name", say("catalogue.choose", language), ["", *by_name],
        lambda one: _line(by_name[one], language) if one in by_name else say("any", language))
    if name in by_name:
        _draw_entry(by_name[name], language)
        return
    st.caption(say("catalogue.lead", language))
    for sort, title in (("family", "catalogue.families"), ("result", "catalogue.results")):
        st.subheader(say(title, language), divider="gray")
        _draw_list([entry for entry in found if entry["sort"] == sort], language)


def _line(entry: Entry, language: str) -> str:
    """Name an entry in one line."""
    return f"{entry['meaning'][language].rstrip('.')} · {entry['name']}"


def _draw_list(found: list[Entry], language: str) -> None:
    """Draw entries in one table; the one selected is opened."""
    picked = st.dataframe({
        "name": [one["name"] for one in found],
        say("value", language): [one["meaning"][language] for one in found],
        say("domain", language): [one["domain_title"][language] for one in found],
        say("owner", language): [one["owner"] for one in found],
        say("publication", language): [one["publication"][language] for one in found],
        say("lifetime", language): [say("days", language).format(n=one["lifetime_days"])
                                    for one in found],
    }, hide_index=True, on_select="rerun", selection_mode="single-row",
        height=36 * len(found) + 39, key=f"catalogue:{found[0]['sort']}:{language}",
        column_config={"name": say("catalogue.choose", language),
                       say("value", language): st.column_config.Column(
                           say("meaning", language), width="large")})
    if picked["selection"]["rows"]:
        address.go("catalogue", {"name": found[picked["selection"]["rows"][0]]["name"]})


def _draw_entry(entry: Entry, language: str) -> None:
    """Draw one declaration."""
    st.subheader(_line(entry, language), divider="gray")
    told = {
        "owner": entry["owner"], "domain": entry["domain_title"][language],
        "publication": entry["publication"][language],
        "lifetime": say("days", language).format(n=entry["lifetime_days"]),
        "topics": ", ".join(entry["topics"])}
    if entry["sort"] == "result":
        told["inputs"] = ", ".join(entry["inputs"])
        told["windows"] = ", ".join(f"{one} s" for one in entry["windows"])
    for cell, (key, value) in zip(st.columns([2] * len(told)), told.items(), strict=True):
        cell.caption(say(key, language))
        cell.text(value)
    if st.button(say("catalogue.rows", language), icon=":material/table_rows:"):
        address.go(entry["name"], {})
    fields = [_field(one, language) for one in entry["fields"]]
    st.dataframe({name: [row[name] for row in fields] for name in fields[0]}, hide_index=True,
                 height=36 * len(fields) + 39)


def _field(field: Entry, language: str) -> dict[str, Any]:
    """Describe one field of a declaration."""
    codes = ", ".join(f"{code} {words[language]}" for code, words in field["values"].items())
    limits = f"1–{field['max_length']}" if field["max_length"] else field["bounds"]
    example = field["example"]
    return {
        say("field", language): field["name"],
        say("meaning", language): field["title"][language],
        say("kind", language): field["kind"][language],
        say("unit", language): unit(field["unit"], language),
        say("bounds", language): limits if field["max_length"] else codes or limits,
        say("required", language): say("yes" if field["required"] else "no", language),
        say("personal", language): field["personal"][language],
        say("publication", language): field["publication"][language],
        say("example", language): "" if example is None else str(example),
        say("formula", language): field["formula"] or field["combine"],
    }
