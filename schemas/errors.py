"""Draw the error tree and the reasons for which an event is refused.

A bad event is data (a `Refusal` that becomes a dead letter); a bad system is an exception:

    CityBrainError
    ├── DeclarationError   a family or result is declared wrongly; nothing starts
    ├── SettingsError      a setting is missing or malformed
    ├── ComponentError     a component (broker, store, Flink) is away or refuses
    └── MappingError       a mapping file does not fit its source
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CityBrainError(Exception):
    """Say in one line what is wrong with the system and what to do."""


class DeclarationError(CityBrainError):
    """Tell that a family or result is declared wrongly."""


class SettingsError(CityBrainError):
    """Tell that a setting is missing or malformed."""


class ComponentError(CityBrainError):
    """Tell that a component is away or refuses what was asked."""


class MappingError(CityBrainError):
    """Tell that a mapping file does not fit its source or its family."""


class Reason(StrEnum):
    """Name why an event was refused; codes are stable, publishers program against them."""

    NOT_JSON = "not-json"
    NOT_AN_OBJECT = "not-an-object"
    TOO_LARGE = "too-large"
    EMPTY = "empty"
    MISSING_FIELD = "missing-field"
    WRONG_TYPE = "wrong-type"
    BELOW_MINIMUM = "below-minimum"
    ABOVE_MAXIMUM = "above-maximum"
    TOO_LONG = "too-long"
    NOT_IN_LIST = "not-in-list"
    CONTROL_CHARACTER = "control-character"
    ABOVE_FIELD = "above-field"
    NULL_ISLAND = "null-island"
    MISSING_TIME = "missing-time"
    BAD_TIME = "bad-time"
    FROM_THE_FUTURE = "from-the-future"
    TOO_LATE = "too-late"
    UNKNOWN_FAMILY = "unknown-family"
    WRONG_PUBLISHER = "wrong-publisher"
    BAD_HEADER = "bad-header"
    NOT_MAPPED = "not-mapped"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Say why one event was refused: reason code, field, the value as text, one sentence."""

    reason: Reason
    field: str
    value: str
    detail: str
