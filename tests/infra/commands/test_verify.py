"""Test that a loss is told and ends in code 1, and that open minutes are not judged."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import click
import pytest
from click.testing import CliRunner
from confluent_kafka import KafkaError, KafkaException

from infra.commands import verify
from schemas.errors import ComponentError
from streams.ledger import MINUTE_MS, Row

NOW = int(time.time() * 1000) // MINUTE_MS * MINUTE_MS
OLD = NOW - 10 * MINUTE_MS
Count = Callable[..., None]


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Count:
    """Give what lets the ledger count these rows, or fail."""
    def counted(*rows: Row, error: Exception | None = None) -> None:
        class Ledger:
            """Play the ledger."""

            def count(self, minutes: int, now: int) -> list[Row]:
                """Count."""
                assert (minutes, now >= NOW) == (15, True)
                if error is not None:
                    raise error
                return list(rows)

        monkeypatch.setattr(verify, "Ledger", Ledger)
    return counted


def run(*more: str) -> tuple[int, str]:
    """Run the command; give code and output."""
    told = CliRunner().invoke(verify.command, ["ledger", *more])
    return told.exit_code, told.output


def test_a_closed_ledger_passes(count: Count) -> None:
    count(Row("raw-a--b", OLD, 5, counted=3, late=1, duplicates=1))
    code, output = run()
    assert code == 0
    assert "1 topic minutes judged, residual 0 (0 not 0)" in output
    assert "raw-a--b" in output


@pytest.mark.parametrize("counted", [4, 6])
def test_what_is_lost_or_counted_twice_ends_in_code_1(count: Count, counted: int) -> None:
    count(Row("raw-a--b", OLD, 5, counted=counted), Row("raw-a--c", OLD, 5, counted=5))
    code, output = run()
    assert code == 1
    assert f"2 topic minutes judged, residual {5 - counted} (1 not 0)" in output


def test_losses_and_surpluses_do_not_cancel_out(count: Count) -> None:
    count(Row("raw-a--b", OLD, 5, counted=4), Row("raw-a--c", OLD, 5, counted=6))
    assert run()[0] == 1


def test_an_open_minute_is_shown_and_not_judged(count: Count) -> None:
    count(Row("raw-a--b", int(time.time() * 1000) // MINUTE_MS * MINUTE_MS, 5))
    code, output = run()
    assert code == 0
    assert "0 topic minutes judged" in output
    assert "5  (open)" in output


def test_json_holds_every_term_and_the_residual(count: Count) -> None:
    count(Row("raw-a--b", OLD, 5, counted=4))
    code, output = run("--json")
    assert code == 1
    assert json.loads(output) == [{
        "raw_topic": "raw-a--b", "minute": OLD, "received": 5, "counted": 4, "late": 0,
        "refused": 0, "duplicates": 0, "in_flight": 0, "residual": 1}]


def test_publishers_are_summed_and_their_losses_do_not_cancel_out(count: Count) -> None:
    open_ = int(time.time() * 1000) // MINUTE_MS * MINUTE_MS
    count(Row("raw-a--x", OLD, 9, counted=5, late=1, refused=1, duplicates=1),
          Row("raw-a--y", OLD, 5, counted=6), Row("raw-a--y", open_, 7, counted=3, in_flight=2),
          Row("raw-ab--x", OLD, 2, counted=2))
    code, output = run("--by", "publisher", "--json")
    assert code == 1
    assert json.loads(output) == [
        {"publisher": "a", "received": 21, "counted": 14, "late": 1, "refused": 1,
         "duplicates": 1, "in_flight": 2, "residual": 2},
        {"publisher": "ab", "received": 2, "counted": 2, "late": 0, "refused": 0,
         "duplicates": 0, "in_flight": 0, "residual": 0}]
    lines = run("--by", "publisher")[1].splitlines()
    assert lines[0].split()[:2] == ["publisher", "received"]
    assert lines[1].split() == ["a", "21", "14", "1", "1", "1", "2", "2"]


@pytest.mark.parametrize("error", [ComponentError("ClickHouse does not answer"),
                                   KafkaException(KafkaError(KafkaError._TRANSPORT))])
def test_what_cannot_be_counted_is_one_line(count: Count, error: Exception) -> None:
    count(error=error)
    code, output = run()
    assert code == 1
    assert output.startswith("Error: ")
    assert len(output.splitlines()) == 1


@pytest.mark.parametrize("minutes", ["1", "601", "many"])
def test_minutes_out_of_range_are_refused(count: Count, minutes: str) -> None:
    count()
    assert run("--minutes", minutes)[0] == click.UsageError.exit_code
