"""Recognise wide tables, whose headers are values: one column a quantity, or one a sensor."""

from __future__ import annotations

import re
from pathlib import Path

from schemas.declare import Family
from schemas.errors import MappingError
from schemas.fields import Field, Kind
from streams.mapping.guess.codes import word_score
from streams.mapping.guess.measures import SENTINELS, fit_number
from streams.mapping.guess.model import Column, Proposal
from streams.mapping.guess.sample import Sample
from streams.mapping.guess.words import read_name, score
from streams.mapping.units import get_conversion

_SENSOR = "^[0-9]+$"


def find_wide(family: Family, sample: Sample, path: Path, proposal: Proposal) -> set[str]:
    """Propose one event a cell where headers are quantities or sensors; give the columns used."""
    return _quantities(family, sample, proposal) or _sensors(family, sample, path, proposal)


def _quantities(family: Family, sample: Sample, proposal: Proposal) -> set[str]:
    """Take each column that is named as a code of the family's quantity."""
    kinds = [f for f in family.fields if f.name in family.latest_by and f.kind is Kind.CODE]
    values = [f for f in family.fields if f.kind is Kind.DECIMAL and f.required
              and f.name not in (family.place or ())]
    if len(kinds) != 1 or len(values) != 1:
        return set()
    named = max((score(name, values[0]) for name in sample.columns), default=0.0)
    found = {name: code for name, column in sample.columns.items()
             if (code := _code(name, kinds[0])) and (column.numeric > 0.5 or not column.texts)}
    if not found or (len(found) == 1 and named > 0.8):
        return set()
    proposal.unpivot = {"columns": list(found), "name": "quantity", "value": "reading"}
    proposal.fields[kinds[0].name] = {"column": "quantity", "values": found}
    proposal.fields[values[0].name] = {"column": "reading"}
    proposal.doubt("unpivot", "columns named as quantities make one event a cell:"
                   f" {', '.join(f'{name} → {code}' for name, code in found.items())}",
                   confidence=0.8)
    _convert(found, kinds[0], sample, proposal)
    _leave_out(found, sample, proposal)
    return set(found)


def _code(name: str, kind: Field) -> str:
    """Find the code that a column is named as."""
    word = " ".join(read_name(name).words)
    best, code = max((word_score(word, code, kind), code) for code, _ in kind.values)
    return code if best >= 0.75 else ""


def _convert(found: dict[str, str], kind: Field, sample: Sample, proposal: Proposal) -> None:
    """Convert columns whose names tell another unit than the code's meaning."""
    meanings = {code: text.en.partition(", ")[2] for code, text in kind.values}
    convert: dict[str, list[str]] = {}
    for name, code in found.items():
        unit, wanted = read_name(name).unit, meanings[code]
        if unit and wanted:
            try:
                conversion = get_conversion(unit, wanted)
            except MappingError:
                proposal.doubt("unpivot.convert", f"{name!r} tells {unit}, which does not convert"
                               f" to {wanted}", confidence=0.3)
                continue
            if conversion.factor != 1 or conversion.formula:
                convert[name] = [unit, wanted]
        elif code == "co" and (numbers := sample.columns[name].given_numbers) \
                and max(numbers) < 20:
            proposal.doubt("unpivot.convert", f"no unit is told for {name!r}, and numbers below 20"
                           " are usual for mg/m3; taken for µg/m³",
                           f'convert = {{ "{name}" = ["mg/m3", "ug/m3"] }}', confidence=0.4)
    if convert:
        proposal.unpivot["convert"] = convert


def _leave_out(found: dict[str, str], sample: Sample, proposal: Proposal) -> None:
    """Take for not given what devices write where they have no reading."""
    texts = {text for name in found for text, number in zip(
        sample.columns[name].texts, sample.columns[name].given_numbers, strict=False)
        if number in SENTINELS and abs(number) > 99 and _far(sample.columns[name], number)}
    if texts:
        proposal.source["missing"] = sorted({*sample.source.missing, *texts})
        proposal.doubt("source.missing", f"{', '.join(sorted(texts))} lies far from all other"
                       " readings; read as not given, in every column", confidence=0.8)


def _far(column: Column, number: float) -> bool:
    """Tell whether a number lies far from the others of its column."""
    others = [abs(n) for n in column.given_numbers if n not in SENTINELS]
    return not others or abs(number) > 5 * max(others) or (number < 0 <= min(
        n for n in column.given_numbers if n not in SENTINELS))


def _sensors(family: Family, sample: Sample, path: Path, proposal: Proposal) -> set[str]:
    """Take columns whose names are numbers for sensors, and the measure from the file's name."""
    names = [name for name in sample.columns if re.fullmatch(_SENSOR, name)]
    if len(names) < 4 or len(names) * 2 < len(sample.columns) or not isinstance(
            sample.source.header, bool):
        return set()
    key = family.key.name
    proposal.unpivot = {"pattern": _SENSOR, "name": key, "value": "reading"}
    proposal.fields[key] = {"column": key}
    proposal.doubt("unpivot", f"{len(names)} headers are numbers, taken for the values of {key};"
                   " each cell makes an event", confidence=0.7)
    measures = [f for f in family.fields if f.kind in (Kind.DECIMAL, Kind.INTEGER)
                and f.name not in (family.place or ())]
    merged = Column("reading", [cell for name in names[:20] for cell in
                                sample.columns[name].cells[:200]], sample.columns[names[0]].comma)
    named = [(score(path.stem, f), f) for f in measures]
    worth, best = max(named, key=lambda pair: pair[0])
    options = [f.name for f in measures]
    if worth < 0.3:
        proposal.doubt("fields", "nothing tells what the cells measure", *options, confidence=0.2)
        return set(names)
    fit = fit_number(best, merged)
    proposal.fields[best.name] = fit.rule
    proposal.doubts += fit.doubts
    proposal.doubt(f"fields.{best.name}", f"the name of the file, {path.stem!r}, says that the"
                   " cells measure it", *(one for one in options if one != best.name),
                   confidence=0.6)
    return set(names)
