"""Refuse rules that cannot work, naming field, value and reason; keep the shipped ones good."""

from __future__ import annotations

from typing import Any

import pytest

from streams.agents.alerts import default_rules
from streams.agents.rules import RuleRefusedError, Watch, to_rule

GOOD: dict[str, Any] = {
    "id": "pm", "title_en": "PM", "title_zh": "颗粒物", "result": "air-quality",
    "window_seconds": 300, "value": "mean_value", "where": {"quantity": "pm2_5"},
    "comparison": "above", "threshold": 75, "clear_threshold": 70, "severity": "yellow"}


@pytest.mark.parametrize(("field", "value", "named", "word"), [
    ("result", "nothing", "result", "no such result"),
    ("value", "speed", "value", "mean_value"),
    ("window_seconds", 61, "window_seconds", "3600"),
    ("where", {"quantity": "plutonium"}, "where.quantity", "pm2_5"),
    ("where", {"colour": "red"}, "where", "station_id"),
    ("level", 6, "level", "not a result by area"),
    ("comparison", "near", "comparison", "near"),
    ("threshold", "high", "threshold", "float"),
    ("threshold", 1e300, "threshold", "outside"),
    ("clear_threshold", 80, "clear_threshold", "above the threshold"),
    ("severity", "pink", "severity", "pink"),
    ("for_seconds", -1, "for_seconds", ">= 0"),
    ("id", "No Spaces", "id", "regex"),
    ("title_zh", "", "title_zh", "length"),
    ("min_counts", {"heads": 1}, "min_counts", "events"),
    ("expire_seconds", 60, "expire_seconds", "shorter"),
    ("treshold", 3, "treshold", "unknown field"),
])
def test_a_wrong_field_is_named_with_value_and_reason(
        field: str, value: Any, named: str, word: str) -> None:
    with pytest.raises(RuleRefusedError) as caught:
        to_rule({**GOOD, field: value})
    assert caught.value.field == named
    assert word in str(caught.value)
    assert str(caught.value).startswith(f"rule refused: {named}=")


def test_a_missing_field_is_named() -> None:
    with pytest.raises(RuleRefusedError) as caught:
        to_rule({name: value for name, value in GOOD.items() if name != "threshold"})
    assert caught.value.field == "threshold"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"3", b"[" * 5000])
def test_what_is_no_rule_at_all_is_refused(body: bytes) -> None:
    with pytest.raises(RuleRefusedError):
        to_rule(body)


def test_an_area_level_that_codes_do_not_have_is_refused() -> None:
    with pytest.raises(RuleRefusedError, match="2, 4, 6, 9, 12, 15 digits"):
        to_rule({**GOOD, "result": "area-traffic", "value": "mean_speed", "where": {}, "level": 7})


def test_the_shipped_rules_are_good_and_have_ids_of_their_own() -> None:
    rules = default_rules()
    assert len({rule.id for rule in rules}) == len(rules) >= 6


def test_keys_left_open_make_the_place() -> None:
    row = {"station_id": "jinan-1", "quantity": "pm2_5"}
    assert Watch(to_rule(GOOD), 0).place(row) == "jinan-1"
    assert Watch(to_rule(GOOD), 0).place({**row, "quantity": "no2"}) == ""
    assert Watch(to_rule({**GOOD, "where": {}}), 0).place(row) == "jinan-1/pm2_5"
