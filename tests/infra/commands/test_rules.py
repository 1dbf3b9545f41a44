"""Test that rules are listed, put all or none, and removed by command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from infra.commands import rules
from schemas.errors import ComponentError
from streams.agents.alerts import default_rules
from streams.agents.rules import Rule
from streams.commands import UnknownRuleError
from tests.infra.commands.conftest import Record

pytestmark = pytest.mark.usefixtures("trail")
GOOD: dict[str, Any] = {
    "id": "pm", "title_en": "PM", "title_zh": "颗粒物", "result": "air-quality",
    "window_seconds": 300, "value": "mean_value", "where": {"quantity": "pm2_5"},
    "comparison": "above", "threshold": 75, "clear_threshold": 70, "severity": "yellow"}


class Rules:
    """Play the topic of rules."""

    def __init__(self) -> None:
        """Start with the rules as shipped."""
        self.known = {rule.id: rule for rule in default_rules()}
        self.away = False

    def read(self) -> dict[str, Rule]:
        """Read the rules, or be away."""
        if self.away:
            raise ComponentError("Kafka does not list its topics")
        return self.known

    def put(self, found: list[Rule]) -> None:
        """Put rules."""
        self.read().update({rule.id: rule for rule in found})

    def remove(self, rule_id: str) -> None:
        """Remove a rule."""
        if self.read().pop(rule_id, None) is None:
            raise UnknownRuleError(f"no rule {rule_id!r}")


@pytest.fixture
def topic(monkeypatch: pytest.MonkeyPatch) -> Rules:
    """Give the rules that the command works on."""
    one = Rules()
    monkeypatch.setattr(rules, "read_rules", one.read)
    monkeypatch.setattr(rules, "put_rules", one.put)
    monkeypatch.setattr(rules, "remove_rule", one.remove)
    return one


def run(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(rules.command, arguments)


def test_what_is_listed_as_json_can_be_put_again(topic: Rules, tmp_path: Path) -> None:
    listed, before = run("list", "--json"), dict(topic.known)
    file = tmp_path / "rules.json"
    file.write_text(listed.output, encoding="utf-8")
    topic.known.clear()
    assert run("put", str(file)).exit_code == 0
    assert topic.known == before


def test_a_list_says_each_rule_in_one_line(topic: Rules) -> None:
    lines = run("list").output.splitlines()
    assert len(lines) == len(topic.known) + 1
    assert lines[-1] == f"{len(topic.known)} rules"
    assert all(line.startswith(name) for line, name in zip(lines, topic.known, strict=False))


def test_one_rule_is_put_by_itself(topic: Rules, tmp_path: Path) -> None:
    file = tmp_path / "rule.json"
    file.write_text(json.dumps(GOOD), encoding="utf-8")
    assert run("put", str(file)).output == "put pm\n"
    assert topic.known["pm"].threshold == 75


@pytest.mark.parametrize(("body", "word"), [
    (json.dumps([GOOD, {**GOOD, "id": "b", "result": "nothing"}]), "result='nothing'"),
    (json.dumps([GOOD, 7]), "rule refused"), (json.dumps(None), "rule refused"),
    ("{", "not JSON"), ("", "not JSON")])
def test_if_one_is_refused_none_is_put(
        topic: Rules, tmp_path: Path, body: str, word: str) -> None:
    file, before = tmp_path / "rules.json", dict(topic.known)
    file.write_text(body, encoding="utf-8")
    told = run("put", str(file))
    assert told.exit_code == 1
    assert told.output.startswith(f"Error: {file}: ")
    assert word in told.output
    assert len(told.output.splitlines()) == 1
    assert topic.known == before


def test_a_rule_is_removed_and_an_unknown_one_told(topic: Rules) -> None:
    first = next(iter(topic.known))
    assert run("remove", first).output == f"removed {first}\n"
    assert first not in topic.known
    told = run("remove", first)
    assert (told.exit_code, told.output) == (1, f"Error: no rule '{first}'\n")


def test_a_file_that_is_not_there_is_told(topic: Rules, tmp_path: Path) -> None:
    assert run("put", str(tmp_path / "none.json")).exit_code == 2


@pytest.mark.parametrize("arguments", [("list",), ("list", "--json"), ("remove", "x")])
def test_a_broker_that_is_away_is_one_line(topic: Rules, arguments: tuple[str, ...]) -> None:
    topic.away = True
    told = run(*arguments)
    assert (told.exit_code, told.output) == (1, "Error: Kafka does not list its topics\n")


def test_what_is_put_and_removed_is_audited_and_what_fails_too(
        topic: Rules, tmp_path: Path, trail: list[Record]) -> None:
    file = tmp_path / "rule.json"
    file.write_text(json.dumps(GOOD), encoding="utf-8")
    run("put", str(file))
    run("remove", "pm")
    run("remove", "pm")
    assert [(action, subject, success) for action, subject, _, success in trail] == [
        ("rules.put", "pm", True), ("rules.remove", "pm", True), ("rules.remove", "pm", False)]
    assert "no rule 'pm'" in trail[-1][2]["error"]
