"""Give the words in which the fields of events and results are declared.

Each attribute of a declaration is one field made by `text`, `code`, `integer`, `decimal`, `flag`,
`instant` or, in results, `measure`, `listed` and `derived`; the closed set of kinds is what
renderers map.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schemas.errors import DeclarationError


class Kind(StrEnum):
    """Close the set of physical types; each renderer has one dictionary over it."""

    TEXT = "text"
    CODE = "code"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLAG = "flag"
    INSTANT = "instant"


class Personal(StrEnum):
    """Class personal data by what the gate does with it before anything downstream sees it.

    A pseudonym holds for a day of the event; a case pseudonym, on that day, for one key alone: one
    call, one case. The same person's next one cannot be told to be the same person's.
    """

    NONE = "none"
    PSEUDONYM = "pseudonym"
    CASE_PSEUDONYM = "case-pseudonym"
    MASKED = "masked"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Text:
    """Hold one meaning in English and Chinese."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Hold how long raw records, topics and rows live, and how large topic and table may grow.

    A dead letter lives as long as its original: `raw_hours`.
    """

    raw_hours: int = 48
    topic_hours: int = 48
    store_days: int = 30
    partition_megabytes: int = 256
    store_megabytes: int = 1024


@dataclass(frozen=True, slots=True)
class Field:
    """Describe one field; `decimals` is the scale at which streams keep it as an integer."""

    title: Text
    kind: Kind
    name: str = ""
    unit: str = ""
    ge: float | None = None
    le: float | None = None
    decimals: int = 0
    max_length: int = 256
    values: tuple[tuple[str, Text], ...] = ()
    required: bool = True
    key: bool = False
    public: bool = False
    personal: Personal | None = None
    not_above: str = ""
    stream: bool = True
    example: Any = None
    combine: str = ""
    sql: str = ""

    @property
    def numeric(self) -> bool:
        """Tell whether streams carry the field as a 64-bit integer."""
        return self.kind not in (Kind.TEXT, Kind.CODE)


def text(en: str, zh: str, *, english: Mapping[str, str] | None = None, **more: Any) -> Any:
    """Declare free text; `max_length` in characters, `english` words for known Chinese values."""
    known = tuple((value, Text(word, value)) for value, word in (english or {}).items())
    return Field(Text(en, zh), Kind.TEXT, values=known, **more)


def code(en: str, zh: str, values: dict[str, tuple[str, str]], **more: Any) -> Any:
    """Declare one of a closed list; `values` maps each code to its English and Chinese word."""
    listed = tuple((value, Text(*words)) for value, words in values.items())
    return Field(Text(en, zh), Kind.CODE, values=listed, **more)


def integer(en: str, zh: str, *, ge: int, le: int, **more: Any) -> Any:
    """Declare a whole number within inclusive bounds."""
    return Field(Text(en, zh), Kind.INTEGER, ge=ge, le=le, **more)


def decimal(en: str, zh: str, *, ge: float, le: float, decimals: int, **more: Any) -> Any:
    """Declare a number within inclusive bounds, kept to `decimals` places in the streams."""
    return Field(Text(en, zh), Kind.DECIMAL, ge=ge, le=le, decimals=decimals, **more)


def flag(en: str, zh: str, **more: Any) -> Any:
    """Declare a yes or no."""
    return Field(Text(en, zh), Kind.FLAG, **more)


def instant(en: str, zh: str, **more: Any) -> Any:
    """Declare a moment: RFC 3339 with zone, or whole milliseconds since 1970 UTC."""
    return Field(Text(en, zh), Kind.INSTANT, **more)


def measure(en: str, zh: str, *, combine: str = "sum", unit: str = "", decimals: int = 0) -> Any:
    """Declare an aggregate column of a result, a scaled integer; `combine` is sum, min or max."""
    if combine not in ("sum", "min", "max", "distinct"):
        raise DeclarationError(f"measure {en!r}: combine must be sum, min, max or distinct")
    return Field(Text(en, zh), Kind.INTEGER, unit=unit, decimals=decimals, combine=combine,
                 public=True, required=False)


def listed(en: str, zh: str, *, width: int, unit: str = "") -> Any:
    """Declare a measure that lists what was seen, `width` characters each; windows of few events.

    What it says of a window is exact and small; it grows with the events of the window.
    """
    return Field(Text(en, zh), Kind.TEXT, unit=unit, max_length=width, combine="list",
                 required=False)


def derived(en: str, zh: str, *, sql: str, unit: str = "", decimals: int = 2) -> Any:
    """Declare a column that views compute from the measures by a ClickHouse expression."""
    return Field(Text(en, zh), Kind.DECIMAL, unit=unit, decimals=decimals, sql=sql, public=True)
