"""Say what an alert rule is, and refuse one that cannot work, naming field, value and reason.

A rule watches one value of one result at every place that the result has a row for. It holds while
the value is beyond `threshold`; when it has held for `for_seconds` of window time the alert is
raised; when the value has been back at `clear_threshold` for `clear_for_seconds`, it is cleared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import msgspec

from schemas import registry
from schemas.declare import ResultTable
from schemas.errors import CityBrainError, DeclarationError
from streams.agents.values import COUNTS, Value, to_value, value_names

LEVELS = (2, 4, 6, 9, 12, 15)
_MAX_PLACE = 128
_Title = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
_Span = Annotated[int, msgspec.Meta(ge=0, le=86_400)]


class RuleRefusedError(CityBrainError):
    """Tell which field of a rule is wrong, with its value and the reason."""

    def __init__(self, field: str, value: Any, reason: str) -> None:
        """Hold field, value and reason."""
        super().__init__(f"rule refused: {field}={value!r}: {reason}")
        self.field, self.value, self.reason = field, value, reason


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hold one rule as it stands in the topic `rules`.

    `value` names a measure, a derived column, `events` or `late`, compared in natural units.
    `where` fixes key columns; the other keys make the place. `level` is the length of the area
    codes watched (area results only). A row with less than `min_counts` of a count says nothing.
    A window without row says nothing either, unless `absent` is "zero": then it counts as 0. An
    alert that no value speaks of for `expire_seconds` is cleared.
    """

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
    title_en: _Title
    title_zh: _Title
    result: str
    window_seconds: int
    value: str
    comparison: Literal["above", "below"]
    threshold: float
    clear_threshold: float
    severity: Literal["red", "orange", "yellow", "blue"]
    where: dict[str, str] = {}
    level: int | None = None
    min_counts: dict[str, int] = {}
    for_seconds: _Span = 0
    clear_for_seconds: _Span = 0
    absent: Literal["unknown", "zero"] = "unknown"
    expire_seconds: Annotated[int, msgspec.Meta(ge=60, le=604_800)] = 3600

    def holds(self, value: float) -> bool:
        """Tell whether a value is beyond the threshold."""
        return value > self.threshold if self.comparison == "above" else value < self.threshold

    def over(self, value: float) -> bool:
        """Tell whether a value is back at the clear threshold."""
        if self.comparison == "above":
            return value <= self.clear_threshold
        return value >= self.clear_threshold

    def watches_the_same(self, other: Rule) -> bool:
        """Tell whether another version of the rule measures the same thing at the same places."""
        return all(getattr(self, name) == getattr(other, name) for name in (
            "result", "window_seconds", "value", "where", "level", "comparison"))


def to_rule(body: bytes | Mapping[str, Any]) -> Rule:
    """Read a rule from JSON or a mapping; raise RuleRefusedError when it cannot work."""
    try:
        raw = msgspec.json.decode(body) if isinstance(body, bytes) else dict(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RuleRefusedError("$", f"{len(body)} bytes", f"not JSON: {error}") from error
    try:
        rule = msgspec.convert(raw, Rule)
    except msgspec.ValidationError as error:
        raise _explain(raw, str(error)) from error
    result = registry.results().get(rule.result)
    if result is None:
        known = ", ".join(sorted(registry.results()))
        raise RuleRefusedError("result", rule.result, f"no such result; known: {known}")
    _check_place(rule, result)
    _check_value(rule, result)
    _check_thresholds(rule)
    return rule


def _explain(raw: Any, message: str) -> RuleRefusedError:
    """Name the field in a decoding error."""
    reason, _, path = message.partition(" - at `$.")
    name = path.rstrip("`").split(".")[0].split("[")[0]
    if not name and "`" in reason:
        name = reason.split("`")[1]
    value = raw.get(name) if isinstance(raw, dict) and name else None
    return RuleRefusedError(name or "$", value, reason)


def _check_place(rule: Rule, result: ResultTable) -> None:
    """Refuse windows, keys and levels that the result does not have."""
    if rule.window_seconds not in result.windows:
        raise RuleRefusedError("window_seconds", rule.window_seconds,
                               f"{result.name} has windows of {_listed(result.windows)} s")
    keys = {f.name: f for f in result.keys}
    for name, value in rule.where.items():
        if name not in keys:
            raise RuleRefusedError("where", name, f"not a key; keys are {_listed(keys)}")
        codes = [code for code, _ in keys[name].values]
        if codes and value not in codes:
            raise RuleRefusedError(f"where.{name}", value, f"not one of {_listed(codes)}")
    if rule.level is not None and not result.place:
        raise RuleRefusedError("level", rule.level, f"{result.name} is not a result by area")
    if rule.level is not None and rule.level not in LEVELS:
        raise RuleRefusedError("level", rule.level, f"area codes have {_listed(LEVELS)} digits")


def _check_value(rule: Rule, result: ResultTable) -> None:
    """Refuse values and counts that the result does not have."""
    if rule.value not in value_names(result):
        raise RuleRefusedError("value", rule.value,
                               f"{result.name} has {_listed(value_names(result))}")
    try:
        to_value(result, rule.value)
    except DeclarationError as error:
        raise RuleRefusedError("value", rule.value, str(error)) from error
    counts = (*COUNTS, *(f.name for f in result.numbers))
    for name in rule.min_counts:
        if name not in counts:
            raise RuleRefusedError("min_counts", name, f"{result.name} counts {_listed(counts)}")


def _check_thresholds(rule: Rule) -> None:
    """Refuse thresholds between which an alert would flap, or that the alert could not hold."""
    for name in ("threshold", "clear_threshold"):
        number = getattr(rule, name)
        if not -1e12 <= number <= 1e12:
            raise RuleRefusedError(name, number, "outside -1e12 to 1e12")
    beyond = rule.clear_threshold - rule.threshold
    if (beyond if rule.comparison == "above" else -beyond) > 0:
        side = "above" if rule.comparison == "above" else "below"
        raise RuleRefusedError("clear_threshold", rule.clear_threshold,
                               f"must not be {side} the threshold {rule.threshold:g}")
    if rule.expire_seconds < rule.window_seconds:
        raise RuleRefusedError("expire_seconds", rule.expire_seconds,
                               f"shorter than a window of {rule.window_seconds} s")


def _listed(values: Any) -> str:
    """Spell a list of names for a message."""
    return ", ".join(str(value) for value in values)


def to_place(rule: Rule, result: ResultTable) -> Callable[[Mapping[str, Any]], str]:
    """Give the function from a row to the place it speaks of, "" for rows the rule passes over.

    The row outside every area has no place. Keys that `where` leaves open are joined by "/".
    """
    names = [f.name for f in result.keys]
    free = [n for n in names if n not in rule.where or n == result.place] or names

    def place(row: Mapping[str, Any]) -> str:
        """Give the place of one row."""
        if any(row.get(name) != value for name, value in rule.where.items()):
            return ""
        if result.place:
            code = row.get(result.place) or ""
            if not code or (rule.level is not None and len(code) != rule.level):
                return ""
        return "/".join(str(row.get(name) or "") for name in free).strip("/")[:_MAX_PLACE]

    return place


class Watch:
    """Hold a rule made ready to judge rows: its place, its value and since when it stands."""

    def __init__(self, rule: Rule, since: int) -> None:
        """Take a rule and the moment (epoch ms) from which its windows count."""
        self.rule, self.since = rule, since
        result = registry.results()[rule.result]
        self.grace_ms = result.grace_seconds * 1000
        self.window_ms = rule.window_seconds * 1000
        self.place: Callable[[Mapping[str, Any]], str] = to_place(rule, result)
        self._value: Value = to_value(result, rule.value)

    def value(self, row: Mapping[str, Any]) -> float | None:
        """Give the row's value, or None where it has none or rests on too few."""
        if any((row.get(name) or 0) < least for name, least in self.rule.min_counts.items()):
            return None
        return self._value(row)
