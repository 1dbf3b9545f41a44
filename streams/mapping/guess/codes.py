"""Translate the values of a column to declared codes and flags by likeness."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from schemas.fields import Field
from streams.mapping.guess.model import Column
from streams.mapping.guess.synonyms import CODES, NO, NOT, YES
from streams.mapping.guess.words import glue

_MOST = 200
# codes that stand for what a list does not name
_REST = ("other", "unknown")


@dataclass(slots=True)
class Translation:
    """Hold the table of values, the share of cells it covers, and what it cannot translate."""

    table: dict[str, Any]
    share: float
    left: list[str]
    likeness: float
    rest: str = ""

    @property
    def plain(self) -> bool:
        """Tell whether the values are the codes themselves, so that no table is needed."""
        return not self.left and all(value == code for value, code in self.table.items())


def word_score(text: str, code: str, field: Field) -> float:
    """Score a text against one code: its own spelling, both its words, and what it is called."""
    meaning = next(text for value, text in field.values if value == code)
    # meanings may end in a unit: "PM2.5, µg/m³"
    own = {glue(code), glue(meaning.en.partition(",")[0]), glue(meaning.zh.partition(" ")[0])}
    called = own | {glue(one) for one in CODES.get(code, ())}
    word = glue(text)
    if not word:
        return 0.0
    if word in own:
        return 1.0
    if word in called:
        return 0.9
    parts = [one for one in called if len(one) > 1 and not one.isascii() and one in word]
    if parts:
        negated = any(word.startswith(glue(no) + part) for part in parts for no in NOT)
        return 0.0 if negated else 0.75
    return max((0.7 * ratio for one in called if min(len(one), len(word)) > 4
                and (ratio := SequenceMatcher(None, one, word).ratio()) > 0.84), default=0.0)


def translate(column: Column, field: Field) -> Translation:
    """Translate a column to the codes of a field."""
    table: dict[str, Any] = {}
    left, covered, likeness = [], 0, 0.0
    values = column.counts.most_common(_MOST)
    for text, count in values:
        best, code = max((word_score(text, code, field), code) for code, _ in field.values)
        if best >= 0.55:
            table[text], covered, likeness = code, covered + count, likeness + best * count
        else:
            left.append(text)
    known = {code for code, _ in field.values}
    rest = next((one for one in _REST if one in known), "")
    return Translation(table, covered / max(1, len(column.texts)), left,
                       likeness / max(1, covered), rest)


def translate_flag(column: Column, field: Field) -> Translation:
    """Translate a column to yes and no, by common words and by the field's own."""
    table: dict[str, Any] = {}
    left, covered = [], 0
    own = {glue(field.name), glue(field.title.en), glue(field.title.zh)}
    own |= {word.removeprefix("已") for word in own}
    for text, count in column.counts.most_common(_MOST):
        word = glue(text)
        negated = any(word == glue(no) + one for one in own for no in NOT)
        if word in NO or negated:
            table[text], covered = False, covered + count
        elif word in YES or word in own:
            table[text], covered = True, covered + count
        else:
            left.append(text)
    return Translation(table, covered / max(1, len(column.texts)), left, 1.0)
