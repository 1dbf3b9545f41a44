"""Write a proposal as a mapping file: TOML, with every doubt as a comment where it belongs."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable
from typing import Any

from schemas.declare import Family
from schemas.fields import Field
from streams.mapping.guess.model import Doubt, Proposal

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WIDTH = 100


def write_map(proposal: Proposal, family: Family, name: str) -> str:
    """Write the mapping file; `name` is that of the file it maps."""
    lines = _comment(f"Proposed from the first {proposal.rows:,} rows of {name}. Read every line"
                     " marked unsure, correct it, and look at what a dry run says before anything"
                     " is sent.")
    for note in proposal.notes:
        lines += _comment(f"Note: {note}.")
    doubts = list(proposal.doubts)
    for key, value in proposal.head.items():
        lines += [*_told(doubts, key), f"{key} = {write_value(value)}"]
    lines += _table("source", proposal.source, doubts)
    lines += _table("time", proposal.time, doubts)
    lines += _table("unpivot", proposal.unpivot, doubts)
    for rule in proposal.skip:
        lines += ["", "[[skip]]", *_pairs(rule)]
    lines += _fields(proposal, family, doubts)
    lines += _events(proposal, doubts)
    lines += _table("id", proposal.id, doubts)
    if doubts or proposal.unused:
        lines.append("")
    for doubt in doubts:
        lines += _comment(f"unsure: {doubt}")
    if proposal.unused:
        lines += _comment(f"Columns not used: {', '.join(proposal.unused)}.")
    return "\n".join(lines) + "\n"


def write_value(value: Any) -> str:
    """Write one value as TOML."""
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(k)} = {write_value(v)}" for k, v in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(write_value(one) for one in value)}]"
    if isinstance(value, str):
        # JSON's escapes are TOML's; DEL and halves of pairs need one too, or none is allowed
        plain = "".join(c if not "\ud800" <= c <= "\udfff" else "�" for c in value)
        return json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def _key(name: str) -> str:
    """Write a key, quoted where TOML asks for it."""
    return name if _BARE.fullmatch(name) else write_value(name)


def _pairs(table: dict[str, Any]) -> list[str]:
    """Write the lines of a table."""
    return [f"{_key(key)} = {write_value(value)}" for key, value in table.items()]


def _comment(text: str) -> list[str]:
    """Write a text as comment lines."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return textwrap.wrap(plain, _WIDTH, initial_indent="# ", subsequent_indent="#   ",
                         break_on_hyphens=False, break_long_words=False) or ["#"]


def _told(doubts: list[Doubt], *keys: str) -> list[str]:
    """Write the doubts of some keys, and take them off the list."""
    here = [doubt for doubt in doubts if doubt.key in keys]
    for doubt in here:
        doubts.remove(doubt)
    return [line for doubt in here for line in _comment(f"unsure: {doubt}")]


def _table(name: str, table: dict[str, Any], doubts: list[Doubt]) -> list[str]:
    """Write one table, each doubt before the line it is about."""
    if not table:
        return []
    lines = ["", *_told(doubts, name), f"[{name}]"]
    for key, value in table.items():
        lines += [*_told(doubts, f"{name}.{key}"), f"{_key(key)} = {write_value(value)}"]
    return lines


def _fields(proposal: Proposal, family: Family, doubts: list[Doubt]) -> list[str]:
    """Write the fields in the order of the declaration; those lacking as comments."""
    lines = _told(doubts, "fields")
    told = {name for event in proposal.events for name in event["fields"]}
    for field in family.fields:
        doubted = _told(doubts, f"fields.{field.name}")
        if field.name in proposal.fields:
            lines += ["", *_meaning(field), *doubted, f"[fields.{field.name}]",
                      *_pairs(proposal.fields[field.name])]
        elif field.name in proposal.lacking:
            lines += ["", *_meaning(field), *doubted, "# REQUIRED, and no column gives it:",
                      f"# [fields.{field.name}]", '# column = ""']
        elif doubted and field.name not in told:
            lines += ["", *_meaning(field), *doubted]
    # a mapping file needs the table, whatever is in it
    return lines if any(line.startswith("[fields") for line in lines) else [*lines, "", "[fields]"]


def _meaning(field: Field) -> Iterable[str]:
    """Say in a comment what a field means."""
    unit = f", {field.unit}" if field.unit else ""
    return _comment(f"{field.title.en} {field.title.zh}{unit}")


def _events(proposal: Proposal, doubts: list[Doubt]) -> list[str]:
    """Write the events of a row."""
    lines = _told(doubts, "events")
    lines = ["", *lines] if lines else []
    for event in proposal.events:
        lines += ["", *_told(doubts, f"events.{event['name']}"), "[[events]]",
                  f"name = {write_value(event['name'])}"]
        if "requires" in event:
            lines.append(f"requires = {write_value(event['requires'])}")
        lines.append(f"time = {write_value(event['time'])}")
        lines += [f"fields.{name} = {write_value(rule)}"
                  for name, rule in event["fields"].items()]
    return lines
