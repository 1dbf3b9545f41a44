"""Propose a mapping file for a file and a family: the whole guess, step by step."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from geo.tree import AreaTree
from schemas.declare import Family
from schemas.fields import Kind
from streams.mapping.guess.fields import assign
from streams.mapping.guess.ground import Ground
from streams.mapping.guess.identity import choose_id
from streams.mapping.guess.instants import Timed, doubt_time, find_timed
from streams.mapping.guess.model import Column, Proposal
from streams.mapping.guess.places import find_place
from streams.mapping.guess.sample import Sample, read_sample
from streams.mapping.guess.several import find_ends, find_steps
from streams.mapping.guess.times import read_moment
from streams.mapping.guess.wide import find_wide

SAMPLE_ROWS = 2000
# what a code list has for things nobody tells
_UNTOLD = ("unknown", "other")
_INTERVALS = (1, 3600)


def propose(path: Path, family: Family, *, publisher: str = "", rows: int = SAMPLE_ROWS,
            tree: AreaTree | None = None) -> Proposal:
    """Read the first rows of a file and propose how to map it; MappingError when it is no table."""
    sample = read_sample(path, rows)
    proposal = Proposal(_head(path, family, publisher), rows=sample.rows)
    proposal.source, proposal.doubts = sample.keys, list(sample.doubts)
    proposal.notes, ground = list(sample.notes), Ground(tree)
    columns = sample.columns
    used = find_wide(family, sample, path, proposal)
    left = {name: one for name, one in columns.items() if name not in used}
    lon, lat = find_place(family, left, proposal, ground)
    used |= _columns_of(proposal)
    timed = find_timed({n: c for n, c in left.items() if n not in used})
    zone, zones = ground.zones(lon, lat)
    used |= _place_in_time(family, left, timed, zone, zones, proposal, ground)
    formats = timed[0].moments.formats if timed else ["iso"]
    assign(family, columns, used, proposal, {"formats": formats, "zone": zone})
    _fill(family, columns, timed, proposal)
    used |= _columns_of(proposal)
    choose_id(family, sample, proposal)
    _finish(sample, proposal, used)
    return proposal


def _head(path: Path, family: Family, publisher: str) -> dict[str, str]:
    """Name family, publisher and titles; the publisher after the file where it is not given."""
    name = publisher or re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")
    name = name[:64].strip("-") or f"{family.name}-source"
    title = re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", "", path.stem).strip() or name
    return {"family": family.name, "publisher": name, "title_en": title,
            "title_zh": f"{family.meaning.zh}({title})", "datum": "wgs84"}


def _columns_of(proposal: Proposal) -> set[str]:
    """List the columns that the rules use so far."""
    rules = [*proposal.fields.values(), proposal.time]
    rules += [rule for event in proposal.events
              for rule in (event["time"], *event["fields"].values())]
    found = {str(rule[key]) for rule in rules for key in ("column", "of") if key in rule}
    templates = [str(rule["template"]) for rule in rules if "template" in rule]
    return found | {name for text in templates for name in re.findall(r"\{([^}]*)\}", text)}


def _place_in_time(family: Family, columns: dict[str, Column], timed: list[Timed], zone: str,
                   zones: tuple[str, ...], proposal: Proposal, ground: Ground) -> set[str]:
    """Propose when events were observed: at steps, at ends of trips, or at one time."""
    if not timed:
        proposal.time = {"column": "?"}
        proposal.lacking.append("time")
        proposal.doubt("time", "no column tells when; name one, or give start and step_seconds"
                       " where rows follow at even steps", confidence=0.0)
        return set()
    steps = find_steps(family, columns, timed, zone, zones, proposal)
    if steps:
        return steps
    ends = find_ends(family, columns, timed, zone, proposal, ground) if _rivals(timed) else set()
    if ends:
        for number, one in enumerate(timed[:2]):
            doubt_time(f"events.{('start', 'end')[number]}", one, [], zone, zones, proposal)
        return ends
    best = timed[0]
    proposal.time = best.rule(zone)
    others = [repr(one.label) for one in timed[1:] if not {*one.columns} & {*best.columns}]
    doubt_time("time", best, others[:4], zone, zones, proposal)
    return set(best.columns)


def _rivals(timed: list[Timed]) -> bool:
    """Tell whether two times say alike that they are when."""
    return len(timed) > 1 and timed[0].worth - timed[1].worth < 0.3


def _fill(family: Family, columns: dict[str, Column], timed: list[Timed], proposal: Proposal
          ) -> None:
    """Fill required fields that no column gives where that is honest; name the others."""
    told = {name for event in proposal.events for name in event["fields"]}
    for field in family.fields:
        if not field.required or field.name in proposal.fields or field.name in told:
            continue
        key = f"fields.{field.name}"
        codes = [code for code, _ in field.values]
        untold = next((one for one in _UNTOLD if one in codes), "")
        if field.kind is Kind.CODE and untold:
            proposal.fields[field.name] = {"constant": untold}
            proposal.doubt(key, f"no column tells it, so it is {untold}", *(
                one for one in codes if one != untold), confidence=0.5)
        elif field.key and "name" in proposal.fields:
            proposal.fields[field.name] = {"column": proposal.fields["name"]["column"]}
            proposal.doubt(key, "no column tells an id; the name serves as one", confidence=0.5)
        elif field.name == "interval_seconds" and (step := _step(family, columns, timed, proposal)):
            proposal.fields[field.name] = {"constant": step}
            proposal.doubt(key, f"no column tells it; times of one {family.key.name} follow each"
                           f" other after {step} s", confidence=0.6)
        else:
            proposal.lacking.append(field.name)


def _step(family: Family, columns: dict[str, Column], timed: list[Timed], proposal: Proposal
          ) -> int | None:
    """Measure the usual time between two rows of one key, whole seconds; None where unsteady."""
    key = columns.get(str(proposal.fields.get(family.key.name, {}).get("column", "")))
    if not timed or timed[0].template:
        return None
    last: dict[str, float] = {}
    gaps: list[float] = []
    cells = columns[timed[0].label].cells
    for name, cell in zip(key.cells if key else [""] * len(cells), cells, strict=True):
        moment = next((m for form in timed[0].moments.formats
                       if (m := read_moment(str(cell), form))), None)
        if moment is not None:
            at = moment.timestamp()
            gaps += [abs(at - last[str(name)])] if str(name) in last else []
            last[str(name)] = at
    gaps = [gap for gap in gaps if gap]
    usual = float(np.median(gaps)) if gaps else 0.0
    low, high = _INTERVALS
    steady = gaps and sum(gap == usual for gap in gaps) > 0.8 * len(gaps)
    return int(usual) if steady and low <= usual <= high and usual == int(usual) else None


def _described(column: Column) -> str:
    """Name a column, with the span of its numbers where it has any."""
    numbers = column.given_numbers
    if column.numeric < 0.9 or not numbers:
        return repr(column.name)
    return f"{column.name!r} (numbers from {min(numbers):g} to {max(numbers):g})"


def _finish(sample: Sample, proposal: Proposal, used: set[str]) -> None:
    """Name what was not used, and what is lacking."""
    proposal.unused = [_described(one) for name, one in sample.columns.items()
                       if name not in used and f"{{{name}}}" not in proposal.id.get("template", "")]
    for name in proposal.lacking:
        if name != "time":
            proposal.doubt(f"fields.{name}", "the family requires it and no column gives it: name a"
                           " column, give a constant where all rows share it, or join a file that"
                           " has it", confidence=0.0)
    if sample.skips:
        proposal.notes.append("the header comes again within the file; those rows are skipped")
        proposal.skip = sample.skips
