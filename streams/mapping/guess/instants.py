"""Find the time of observation: one column, a date and a clock, or year, month, day and hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from streams.mapping.guess.model import Column, Doubt, Proposal
from streams.mapping.guess.times import Moments, find_moments, is_clock
from streams.mapping.guess.words import fits_template, glue, score_time

_PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("{}", ("year", "年", "jahr", "yyyy")), ("-{}", ("month", "月", "monat", "mm")),
    ("-{}", ("day", "日", "tag", "dd")), (" {}", ("hour", "hr", "时", "小时", "stunde", "hh")),
    (":{}", ("minute", "min", "分", "分钟")))


@dataclass(frozen=True, slots=True)
class Timed:
    """Hold a column of instants, or a template of several, and how well it names its time."""

    label: str
    moments: Moments
    worth: float
    columns: tuple[str, ...]
    template: bool = False

    def rule(self, zone: str) -> dict[str, Any]:
        """Write it as [time] would have it."""
        found: dict[str, Any] = {"template" if self.template else "column": self.label}
        if self.moments.formats != ["iso"]:
            found["formats"] = self.moments.formats
        if self.moments.naive:
            found["zone"] = zone
        if self.moments.placeholders and not self.template:
            found["missing"] = self.moments.placeholders
        return found


def find_timed(columns: dict[str, Column]) -> list[Timed]:
    """List what tells instants, the likeliest time of observation first."""
    found = []
    for place, column in enumerate(columns.values()):
        worth = score_time(column.name)
        if not column.texts:
            if worth >= 0.6:
                found.append(Timed(column.name, Moments(["iso"], 0.0, 1.0, True), worth,
                                   (column.name,)))
            continue
        moments = find_moments(column, "time")
        # numbers may be instants by chance: they need a name that says so
        by_number = moments is not None and set(moments.formats) <= {
            "epoch-s", "epoch-ms", "epoch-us", "epoch-ns", "%Y%m%d", "%Y%m%d%H%M"}
        if moments is not None and (worth >= 0.5 or not by_number):
            found.append(Timed(column.name, moments, worth + 0.2 * moments.share - 0.001 * place,
                               (column.name,)))
    found += [one for one in (_date_and_clock(columns, found), _parts(columns)) if one]
    return sorted(found, key=lambda one: -one.worth)


def _date_and_clock(columns: dict[str, Column], timed: list[Timed]) -> Timed | None:
    """Join a column of dates with one of times of day."""
    dates = [one for one in timed if one.moments.share and not one.moments.clock
             and not one.template]
    clocks = [one for one in columns.values() if is_clock(one)]
    if not dates or not clocks or not (
            fits_template(dates[0].label) and fits_template(clocks[0].name)):
        return None
    return _joined([columns[dates[0].label], clocks[0]], f"{{{dates[0].label}}}"
                   f" {{{clocks[0].name}}}", 1.5)


def _parts(columns: dict[str, Column]) -> Timed | None:
    """Join columns named year, month, day and so on."""
    template, used = "", []
    for form, names in _PARTS:
        column = next((one for one in columns.values() if glue(one.name) in names), None)
        if column is None:
            break
        template += form.format(f"{{{column.name}}}")
        used.append(column)
    if len(used) < 3 or not all(fits_template(one.name) for one in used):
        return None
    return _joined(used, template, 1.4)


def _joined(columns: list[Column], template: str, worth: float) -> Timed | None:
    """Recognise instants in the joined cells of several columns."""
    texts = [template.format_map(dict(zip((one.name for one in columns), cells, strict=True)))
             if None not in cells else None
             for cells in zip(*(one.cells for one in columns), strict=True)]
    moments = find_moments(Column(template, texts), "time")
    if moments is None:
        return None
    return Timed(template, moments, worth, tuple(one.name for one in columns), template=True)


def doubt_time(key: str, timed: Timed, others: list[str], zone: str, zones: tuple[str, ...],
               proposal: Proposal) -> None:
    """Tell what is unsure of a time that was chosen."""
    moments = timed.moments
    for doubt in moments.doubts:
        proposal.doubts.append(Doubt(key, doubt.because, doubt.alternatives, doubt.confidence))
    if timed.worth < 0.9 and key == "time":
        proposal.doubt(key, f"the name {timed.label!r} hardly says that it tells when",
                       *others, confidence=0.6)
    elif others:
        proposal.doubt(key, "other columns tell instants too", *others, confidence=0.75)
    if 0 < moments.share < 1:
        proposal.doubt(key, f"{1 - moments.share:.1%} of the sample's times fit none of"
                       f" {', '.join(moments.formats)} and are refused", confidence=0.7)
    if moments.naive:
        mixed = "" if moments.naive == 1 else f"{moments.naive:.0%} of the times carry no zone; "
        proposal.doubt(key, f"{mixed}times without zone are read as {zone}", *(
            f"zone = {one}" for one in zones), confidence=0.7)
    if moments.placeholders:
        proposal.doubt(key, f"{', '.join(moments.placeholders)} stands far from all other times;"
                       " read as not given", confidence=0.8)
    if moments.falling:
        proposal.notes.append("the newest rows come first; a replay at its own pace sorts them")
