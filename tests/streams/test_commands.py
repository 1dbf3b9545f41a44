"""Test on a real broker what staff may do with rules."""

from __future__ import annotations

from dataclasses import replace as changed
from typing import Any

import msgspec
import pytest

from schemas.errors import ComponentError
from streams import commands
from streams.agents.alerts import default_rules
from streams.broker import open_producer
from streams.commands import RULES, UnknownRuleError, put_rules, read_rules, remove_rule
from streams.settings import read_settings

FIRST, SECOND = (msgspec.structs.replace(rule, id=f"test-{i}")
                 for i, rule in enumerate(default_rules()[:2]))


def mine() -> dict[str, Any]:
    """Read the rules of this test."""
    return {name: rule for name, rule in read_rules().items() if name.startswith("test-")}


@pytest.mark.live
def test_rules_are_put_replaced_and_removed(registered: str) -> None:
    put_rules([FIRST, SECOND])
    put_rules([louder := msgspec.structs.replace(FIRST, severity="red")])
    assert mine() == {FIRST.id: louder, SECOND.id: SECOND}
    remove_rule(FIRST.id)
    assert mine() == {SECOND.id: SECOND}
    with pytest.raises(UnknownRuleError, match=f"no rule '{FIRST.id}'; known: .*{SECOND.id}"):
        remove_rule(FIRST.id)
    remove_rule(SECOND.id)
    assert mine() == {}


@pytest.mark.live
def test_records_that_are_no_rule_hide_nothing(registered: str) -> None:
    put_rules([SECOND])
    producer = open_producer("agents")
    for body in (b"{", b"[]", msgspec.json.encode({"id": "test-x"})):
        producer.produce(RULES, key=b"test-x", value=body)
    assert producer.flush(20) == 0
    assert mine() == {SECOND.id: SECOND}
    remove_rule(SECOND.id)


@pytest.mark.live
def test_an_account_that_may_not_is_told(registered: str) -> None:
    with pytest.raises(ComponentError, match="rules were not written"):
        put_rules([FIRST], account="sink")


def test_a_broker_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = changed(read_settings(), brokers="127.0.0.1:1")
    monkeypatch.setattr("streams.broker.read_settings", lambda: elsewhere)
    monkeypatch.setattr(commands, "CONFIRM_SECONDS", 0.5)
    with pytest.raises(ComponentError, match=r"not confirmed after 0\.5 s"):
        put_rules([FIRST])
