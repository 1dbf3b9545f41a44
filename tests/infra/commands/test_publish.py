"""Test what `publish` sends, refuses and tells, over a publisher in memory."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, Self

import pytest
from click.testing import CliRunner, Result

from infra import cli
from infra.commands import publish
from schemas import registry
from schemas.errors import ComponentError
from schemas.wire import check
from streams.publisher import EventRefusedError
from streams.publishers import Registration

FAMILY = registry.get_family("parking-occupancy")
GOOD = json.dumps(FAMILY.example)
Run = Callable[..., Result]


class Sent:
    """Play the publisher and the registration; keep what they are given."""

    away = False

    def __init__(self) -> None:
        """Start with nothing sent."""
        self.account, self.bodies = "", list[bytes]()
        self.keys, self.registered = list[str](), list[Registration]()

    def open(self, account: str, *, verify: bool) -> Self:
        """Open as an account."""
        assert verify in (True, False)
        self.account = account
        return self

    def send(self, family: str, payload: dict[str, Any]) -> None:
        """Take an event that fits."""
        body = json.dumps({**payload, "observed_at": 1_764_000_000_000}).encode()
        if (refusal := check(registry.get_family(family), body)) is not None:
            raise EventRefusedError(refusal)
        self.bodies.append(body)

    def send_raw(self, family: str, body: bytes, *, key: str) -> None:
        """Take bytes."""
        assert family == FAMILY.name
        self.bodies.append(body)
        self.keys.append(key)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Be away on the way out, if so told."""
        if self.away:
            raise ComponentError("7 records not confirmed after 30 s; is the broker up?")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Give what is sent."""
    one = Sent()
    monkeypatch.setattr(publish, "Publisher", one.open)
    monkeypatch.setattr(publish, "register", one.registered.append)
    return one


def run(lines: list[str], *options: str) -> Result:
    """Publish lines of standard input."""
    return CliRunner().invoke(publish.command, [FAMILY.name, "-", *options],
                              input="\n".join(lines))


def test_good_lines_are_sent_as_the_owner(sent: Sent) -> None:
    told = run([GOOD, "", GOOD])
    assert (told.exit_code, told.stdout) == (0, f"2 published as {FAMILY.owner}, 0 refused\n")
    assert (len(sent.bodies), sent.account) == (2, FAMILY.owner)
    assert sent.registered == []


def test_what_is_refused_is_told_with_its_line_and_takes_nobody_with_it(sent: Sent) -> None:
    bad = json.dumps({**FAMILY.example, "capacity": -1})
    told = run([GOOD, bad, "{", "[]", "nonsense", GOOD], "--json")
    assert told.exit_code == 1
    outcome = json.loads(told.stdout)
    assert outcome["published"] == len(sent.bodies) == 2
    assert [(one["line"], one["field"], one["reason"]) for one in outcome["refused"]] == [
        (2, "capacity", "below-minimum"), (3, "$", "not-json"), (4, "$", "not-an-object"),
        (5, "$", "not-json")]
    assert "line 2: capacity = '-1': below-minimum" in told.stderr
    assert told.stderr.splitlines()[-1] == "Error: 4 events are refused"


def test_what_is_not_verified_is_sent_as_it_is(sent: Sent) -> None:
    told = run([GOOD, "{", "[]"], "--no-verify")
    assert told.exit_code == 0
    assert sent.bodies == [GOOD.encode(), b"{", b"[]"]
    assert sent.keys == [str(FAMILY.example[FAMILY.key.name]), "", ""]


def test_a_datum_is_registered_before_the_first_event(sent: Sent) -> None:
    run([GOOD], "--as", "north-side", "--datum", "gcj02")
    (one,) = sent.registered
    assert (one.name, one.datum, one.families) == ("north-side", "gcj02", [FAMILY.name])
    assert sent.account == "north-side"
    assert run([GOOD], "--datum", "mars").exit_code == 2


def test_a_broker_that_is_away_is_one_line(sent: Sent) -> None:
    sent.away = True
    told = run([GOOD])
    assert told.exit_code == 1
    assert told.output == "Error: 7 records not confirmed after 30 s; is the broker up?\n"


def test_an_unknown_family_is_one_line_with_the_known_ones(
        sent: Sent, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["citybrain", "publish", "ship"])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 1
    told = capsys.readouterr().err
    assert told.startswith("Error: no event family 'ship'; known: ")
    assert len(told.splitlines()) == 1
