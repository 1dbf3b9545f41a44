"""Score how well a column's name fits a declared field, by the declaration's own words."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache

from schemas.fields import Field, Kind
from streams.mapping.guess.synonyms import FIELDS, IDS, UNITS

_BRACKETS = re.compile(r"[(\[（【]([^)\]）】]*)[)\]）】]")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BREAK = re.compile(r"[^0-9a-zäöüß\u4e00-\u9fff%°/µμ³℃℉]+")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_ENDINGS = ("_id", "_at", "_seconds")


@dataclass(frozen=True, slots=True)
class Name:
    """Hold a column's name as words, with the unit that it tells, spelt as conversions do."""

    words: tuple[str, ...]
    unit: str = ""

    @property
    def glued(self) -> str:
        """Write the words as one."""
        return "".join(self.words)


def fits_template(name: str) -> bool:
    """Tell whether a template can hold a column's name."""
    return not any(mark in name for mark in "{}:!")


@cache
def read_name(text: str) -> Name:
    """Split a column's name into words; a unit in brackets or at the end is taken off."""
    plain = unicodedata.normalize("NFC", text).lstrip("$")
    bracket = _BRACKETS.search(plain)
    unit = UNITS.get(bracket[1].strip().lower(), "") if bracket else ""
    words = _words(_BRACKETS.sub(" ", plain))
    # two words as well, since km/h is written km_h; a lone word is a name, not a unit
    for count in (2, 1):
        tail = " ".join(words[-count:])
        if not unit and len(words) > count and (tail in UNITS or tail.replace(" ", "/") in UNITS):
            unit = UNITS.get(tail) or UNITS[tail.replace(" ", "/")]
            words = words[:-count]
    return Name(tuple(words), unit)


def _words(text: str) -> list[str]:
    """Split a text into lower-case words, umlauts written out."""
    broken = _BREAK.split(_CAMEL.sub(" ", text).lower())
    return [word.translate(_UMLAUTS) for word in broken if word]


def glue(text: str) -> str:
    """Write a text as one lower-case word without marks."""
    return "".join(_words(text))


@cache
def phrases(name: str, title_en: str, title_zh: str, *, key: bool) -> dict[str, float]:
    """Give the glued names a field may go by, each with how much it says (0 to 1)."""
    stem = next((name.removesuffix(end) for end in _ENDINGS if name.endswith(end)), name)
    known = (*FIELDS.get(stem, ()), *FIELDS.get(name, ()))
    found = {glue(one): 0.9 for one in known}
    if name.endswith("_id"):
        found = dict.fromkeys(found, 0.85)
        found |= {glue(one) + glue(suffix): 0.95
                  for one in (*known, stem, title_zh) for suffix in IDS}
        if key:
            found |= {glue(suffix): 0.6 for suffix in IDS[:-1] if suffix != "name"}
    return found | {glue(name): 1.0, glue(title_en): 1.0, glue(title_zh): 1.0, glue(stem): 0.95}


def score(column: str, field: Field) -> float:
    """Score a column's name for a field: 1 is its own name, 0 nothing alike."""
    return score_phrases(column, phrases(
        field.name, field.title.en, field.title.zh, key=field.key), instant=(
            field.kind is Kind.INSTANT))


def score_time(column: str) -> float:
    """Score a column's name for the time of observation."""
    return score_phrases(column, phrases("observed_at", "Observed", "观测时间", key=False),
                         instant=True)


def score_phrases(column: str, known: dict[str, float], *, instant: bool = False) -> float:
    """Score a column's name against the names a field may go by."""
    name = read_name(column)
    glued, whole = name.glued, glue(column)
    best = max(known.get(glued, 0.0), known.get(whole, 0.0))
    if best >= 0.95:
        return best
    words = name.words
    # runs of words within the name: mean_speed holds speed
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            run = "".join(words[start:end])
            if len(run) > 1 and end - start < len(words):
                best = max(best, known.get(run, 0.0) * (0.6 + 0.3 * (end - start) / len(words)))
    return max(best, _alike(glued, known, instant=instant))


def _alike(glued: str, known: dict[str, float], *, instant: bool) -> float:
    """Score parts of Chinese names, and slips of the pen."""
    best = 0.0
    for phrase, worth in known.items():
        if "\u4e00" <= phrase[:1] <= "\u9fff" and len(phrase) > 1 and phrase in glued:
            best = max(best, worth * (0.65 + 0.25 * len(phrase) / len(glued)))
        elif _ends(phrase, glued) or (instant and len(phrase) > 3 and glued.endswith(phrase)):
            best = max(best, worth * 0.7)
        elif min(len(glued), len(phrase)) > 4:
            ratio = SequenceMatcher(None, glued, phrase).ratio()
            best = max(best, worth * 0.7 * ratio if ratio >= 0.85 else 0.0)
    return best


def _ends(phrase: str, glued: str) -> bool:
    """Tell whether a Chinese name is the end of a longer one."""
    return len(glued) > 3 and "\u4e00" <= glued[0] <= "\u9fff" and phrase.endswith(glued)
