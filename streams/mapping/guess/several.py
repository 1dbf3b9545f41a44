"""Recognise rows that make several events: steps with a time each, two ends of a trip."""

from __future__ import annotations

from typing import Any

from schemas.declare import Family
from schemas.fields import Field, Kind
from streams.mapping.guess.codes import translate, word_score
from streams.mapping.guess.ground import Ground
from streams.mapping.guess.instants import Timed, doubt_time
from streams.mapping.guess.model import Column, Proposal
from streams.mapping.guess.places import place_pair
from streams.mapping.guess.words import read_name, score

_TIME_WORDS = {"time", "date", "datetime", "at", "on", "timestamp", "zeit", "datum"}
_TAILS = ("时间", "日期", "时刻")


def find_steps(family: Family, columns: dict[str, Column], timed: list[Timed], zone: str,
               zones: tuple[str, ...], proposal: Proposal) -> set[str]:
    """Make one event of each time whose name tells a step; give the columns used."""
    for one in family.fields:
        if one.kind is not Kind.CODE or not one.required:
            continue
        found = _named_steps(one, timed)
        covered = max((translate(column, one).share * score(column.name, one)
                       for column in columns.values() if column.texts), default=0.0)
        if len(found) > 1 or (found and covered < 0.8):
            return _write_steps(one, found, zone, zones, proposal)
    return set()


def _named_steps(one: Field, timed: list[Timed]) -> dict[str, tuple[float, Timed]]:
    """Find the best time for each code of a field."""
    found: dict[str, tuple[float, Timed]] = {}
    for time in timed:
        if time.template:
            continue
        best, code = max((word_score(_step_word(time.label), code, one), code)
                         for code, _ in one.values)
        if best >= 0.7 and best > found.get(code, (0.0, time))[0]:
            found[code] = (best, time)
    order = [code for code, _ in one.values]
    return dict(sorted(found.items(), key=lambda pair: order.index(pair[0])))


def _step_word(label: str) -> str:
    """Take the words of time off a name: Closed Date is closed, 结案时间 is 结案."""
    words = [word for word in read_name(label).words if word not in _TIME_WORDS]
    text = " ".join(words)
    for tail in _TAILS:
        text = text.removesuffix(tail)
    return text


def _write_steps(one: Field, found: dict[str, tuple[float, Timed]], zone: str,
                 zones: tuple[str, ...], proposal: Proposal) -> set[str]:
    """Write the events of each step; only the first needs no time to be there."""
    for number, (code, (likeness, time)) in enumerate(found.items()):
        event: dict[str, Any] = {"name": code}
        if number:
            event["requires"] = time.label
        event |= {"time": time.rule(zone), "fields": {one.name: {"constant": code}}}
        proposal.events.append(event)
        key = f"events.{code}"
        doubt_time(key, time, [], zone, zones, proposal)
        if likeness < 1:
            proposal.doubt(key, f"{time.label!r} is taken for the time of the step {code}",
                           confidence=0.7)
    return {time.label for _, time in found.values()}


def find_ends(family: Family, columns: dict[str, Column], timed: list[Timed], zone: str,
              proposal: Proposal, ground: Ground) -> set[str]:
    """Make two events of a row that tells two times and two positions, the ends of a trip."""
    if not family.place or len(timed) < 2 or family.place[0] not in proposal.fields:
        return set()
    fields = [next(f for f in family.fields if f.name == name) for name in family.place]
    first = [str(proposal.fields[name]["column"]) for name in family.place]
    second = [_twin(name, columns, set(first)) for name in first]
    if None in second:
        return set()
    names = list(columns)
    times = sorted(timed[:2], key=lambda one: names.index(one.columns[0]))
    trial = Proposal(dict(proposal.head))
    place_pair(fields, (columns[str(second[0])], columns[str(second[1])]), trial, ground)
    places = [{name: proposal.fields.pop(name) for name in family.place}, trial.fields]
    for name, time, place in zip(("start", "end"), times, places, strict=True):
        proposal.events.append({"name": name, "time": time.rule(zone), "fields": place})
    proposal.doubt("events", f"a row tells two times and two positions: {times[0].label} at"
                   f" {', '.join(first)} and {times[1].label} at {', '.join(map(str, second))}, "
                   "taken for the two ends of a trip", confidence=0.7)
    return {*first, *map(str, second), *(column for one in times for column in one.columns)}


def _twin(name: str, columns: dict[str, Column], taken: set[str]) -> str | None:
    """Find the column that has a coordinate's name with something before or behind it."""
    own = read_name(name).glued
    stem = next((own[len(lead):] for lead in ("start", "pickup", "from", "s", "o")
                 if own.startswith(lead) and len(own) > len(lead) + 1), own)
    for column in columns.values():
        glued = read_name(column.name).glued
        if column.name not in taken and column.numeric > 0.5 and glued != own and (
                glued.endswith((own, stem)) or glued.startswith((own, stem))):
            return column.name
    return None
