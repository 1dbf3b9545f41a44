"""Assign columns to declared fields, by name and by value, the best pairs first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from schemas.declare import Family
from schemas.fields import Field, Kind
from streams.mapping.guess.codes import Translation, translate, translate_flag
from streams.mapping.guess.measures import Fit, fit_number
from streams.mapping.guess.model import SURE, Column, Doubt, Proposal
from streams.mapping.guess.synonyms import LEFT
from streams.mapping.guess.times import find_moments
from streams.mapping.guess.words import glue, score

_LEAST, _NEAR = 0.4, 0.12
_PLATE = re.compile(r"[\u4e00-\u9fff][A-Z][-·]?[A-Z0-9]{5,6}")


@dataclass(slots=True)
class _Pair:
    """Hold one field with one column that may give it."""

    field: Field
    column: Column
    name: float
    fit: Fit
    worth: float = 0.0


def assign(family: Family, columns: dict[str, Column], taken: Iterable[str], proposal: Proposal,
           clock: dict[str, Any]) -> None:
    """Propose a rule for every field that a column fits and that has none yet.

    `clock` holds formats and zone of the time of observation, for instants without values.
    """
    told = {*proposal.fields, *(name for event in proposal.events for name in event["fields"])}
    used, wanted = set(taken), [f for f in family.fields if f.name not in told]
    pairs = [pair for one in wanted for column in columns.values() if column.name not in used
             for pair in [_pair(one, column, clock)] if pair.worth >= _LEAST]
    pairs.sort(key=lambda pair: -pair.worth)
    chosen: dict[str, _Pair] = {}
    for pair in pairs:
        if pair.field.name in chosen or pair.column.name in used:
            continue
        chosen[pair.field.name] = pair
        used.add(pair.column.name)
    for name, pair in chosen.items():
        proposal.fields[name] = pair.fit.rule
        proposal.doubts += pair.fit.doubts
        _tell(pair, [p for p in pairs if p.field.name == name and p is not pair
                     and p.column.name not in used - {pair.column.name}], proposal)
    _tell_misfits(wanted, columns, used, chosen, proposal, clock)
    _fill_wholes(proposal)
    _tell_rests(wanted, columns, used, proposal)


def _pair(one: Field, column: Column, clock: dict[str, Any]) -> _Pair:
    """Weigh one field against one column."""
    name = score(column.name, one)
    shaped = _shaped_alike(one, column)
    by_value = 0.6 if shaped else 0.0
    if name < 0.3 and not by_value and (one.kind is not Kind.CODE or not column.texts):
        return _Pair(one, column, name, Fit(0.0, {}))
    fit = _fit(one, column, clock)
    if one.kind is Kind.CODE and 1 < len(column.counts) <= 50 and column.numeric < 0.5 \
            and fit.share >= 0.9 and not fit.doubts:
        by_value = max(by_value, 0.6 * fit.share)
    # values that look like it settle which of two names alike is meant
    both = max(name, by_value) + 0.25 * min(name, by_value)
    return _Pair(one, column, name, fit, min(1.0, both) * fit.share)


def _fit(one: Field, column: Column, clock: dict[str, Any]) -> Fit:
    """Fit the values of a column to a field; a column without values fits by its name alone."""
    if not column.texts:
        measured = one.kind in (Kind.INTEGER, Kind.DECIMAL)
        fit = fit_number(one, column) if measured else Fit(0.0, {
            "column": column.name, **(clock if one.kind is Kind.INSTANT else {})})
        return Fit(0.8, fit.rule, fit.doubts)
    if one.kind is Kind.CODE:
        return _fit_table(one, column, translate(column, one))
    if one.kind is Kind.FLAG:
        return _fit_table(one, column, translate_flag(column, one))
    if one.kind is Kind.INSTANT:
        return _fit_instant(one, column, clock)
    if one.kind is Kind.TEXT:
        return _fit_text(one, column)
    return fit_number(one, column)


def _fit_table(one: Field, column: Column, found: Translation) -> Fit:
    """Fit a column of words to codes or flags."""
    rule: dict[str, Any] = {"column": column.name}
    fit = Fit(found.share, rule)
    key = f"fields.{one.name}"
    if not found.table:
        return fit
    if not found.plain:
        rule["values"] = found.table
        alike = ", ".join(f"{text} → {code}" for text, code in list(found.table.items())[:6])
        if found.likeness < 0.85:
            fit.doubts.append(Doubt(key, f"values are translated by likeness: {alike}", (),
                                    found.likeness * SURE))
    if one.kind is Kind.FLAG and any(text in ("0", "1") for text in found.table):
        fit.doubts.append(Doubt(key, "1 is taken for yes, 0 for no", (), 0.8))
    if found.left:
        told = ", ".join(repr(text) for text in found.left[:5])
        if found.rest and not found.plain:
            rule["otherwise"] = found.rest
        fit.doubts.append(Doubt(key, f"no code is like {told}: " + (
            f"read as {found.rest}" if found.rest else "refused"),
            tuple(code for code, _ in one.values)[:12], 0.5))
    return fit


def _fit_instant(one: Field, column: Column, clock: dict[str, Any]) -> Fit:
    """Fit a column of instants."""
    moments = find_moments(column, f"fields.{one.name}")
    if moments is None:
        return Fit(0.0, {})
    rule: dict[str, Any] = {"column": column.name, "formats": moments.formats}
    if moments.naive:
        rule["zone"] = clock["zone"]
    if moments.placeholders:
        rule["missing"] = moments.placeholders
    return Fit(moments.share, rule, moments.doubts)


def _fit_text(one: Field, column: Column) -> Fit:
    """Fit a column of texts: measured numbers and instants are no names of things."""
    share = sum(len(text) <= one.max_length for text in column.texts) / len(column.texts)
    measured = column.numeric > 0.8 and not column.whole
    if measured or (len(column.texts[0]) > 7 and find_moments(column, "") is not None):
        share *= 0.4
    return Fit(share, {"column": column.name})


def _shaped_alike(one: Field, column: Column) -> bool:
    """Tell whether values are shaped like the field's example, plates above all."""
    if one.kind is not Kind.TEXT or not isinstance(one.example, str) or not column.texts:
        return False
    few = column.texts[:200]
    if _PLATE.fullmatch(one.example):
        return sum(bool(_PLATE.fullmatch(text)) for text in few) > 0.8 * len(few)
    if one.personal is None or not re.fullmatch(r"1\d{10}", one.example):
        return False
    # eleven digits that begin with 1 are a Chinese mobile telephone
    return sum(bool(re.fullmatch(r"1[3-9]\d{9}", text)) for text in few) > 0.8 * len(few)


def _tell(pair: _Pair, others: list[_Pair], proposal: Proposal) -> None:
    """Tell how sure a choice is, and what else it could be."""
    near = tuple(repr(p.column.name) for p in others if p.worth >= pair.worth - _NEAR)[:4]
    if pair.worth >= SURE and not near:
        return
    if pair.name < 0.3:
        because = f"only the values of {pair.column.name!r} look like it"
    elif not pair.column.texts:
        because = f"the file has no values under {pair.column.name!r}; chosen by name alone"
    else:
        because = f"the name {pair.column.name!r} is like it" + (
            "" if pair.fit.share > 0.95 else f", and {pair.fit.share:.0%} of its values fit")
    proposal.doubt(f"fields.{pair.field.name}", because, *near, confidence=min(pair.worth, 0.8))


def _tell_misfits(wanted: list[Field], columns: dict[str, Column], used: set[str],
                  chosen: dict[str, _Pair], proposal: Proposal,
                  clock: dict[str, Any]) -> None:
    """Tell of columns that have a field's name but not its values."""
    for one in wanted:
        if one.name in chosen:
            continue
        for column in columns.values():
            if column.name in used or len(column.name) < 3 or score(column.name, one) < 0.85:
                continue
            fit = _fit(one, column, clock)
            if fit.share < 0.5:
                shown = ", ".join(repr(text) for text in list(column.counts)[:3])
                proposal.doubt(f"fields.{one.name}", f"{column.name!r} has the name, but only"
                               f" {fit.share:.0%} of its values fit ({shown}); not used",
                               confidence=0.3)
                break


def _tell_rests(wanted: list[Field], columns: dict[str, Column], used: set[str],
                proposal: Proposal) -> None:
    """Tell of a column that counts what is left of a whole, which the mapper does not take away."""
    for one in wanted:
        if not one.not_above or one.name in proposal.fields:
            continue
        for column in columns.values():
            name = glue(column.name)
            if column.name not in used and any(glue(word) in name for word in LEFT):
                proposal.doubt(f"fields.{one.name}", f"{column.name!r} seems to count what is left"
                               f" of {one.not_above}, and the mapper does not subtract: left out",
                               confidence=0.3)


def _fill_wholes(proposal: Proposal) -> None:
    """Put the column of the whole into percentages of it."""
    for name, rule in list(proposal.fields.items()):
        whole = rule.get("of")
        if not whole:
            continue
        column = proposal.fields.get(whole, {}).get("column")
        if column:
            rule["of"] = column
            proposal.doubt(f"fields.{name}", f"read as per cent of {column!r}", confidence=0.7)
        else:
            del proposal.fields[name]
            proposal.doubt(f"fields.{name}", f"{rule['column']!r} is a percentage, and no column"
                           f" tells {whole}, of which it would be one", confidence=0.3)
