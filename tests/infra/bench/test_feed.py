"""Test that the benchmark of feeds asks what it says, and counts answers, not errors."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from infra.bench.bare import Bare
from infra.bench.feed import Run, _compare, _request, load, read_answer, serving
from infra.commands._bench_feed import command
from schemas.errors import ComponentError

ANSWER = Bare([(b"content-type", b"application/json"), (b"etag", b'"a"'),
               (b"content-length", b"5")], b"[1,2]", [(b"etag", b'"a"')])


def test_a_bare_answer_is_read_as_it_is_served_and_both_kinds_are_counted() -> None:
    with serving(ANSWER) as server:
        found, tag = read_answer(server.port, "/x")
        assert (found.body, tag) == (b"[1,2]", '"a"')
        assert dict(found.unchanged) == {b"etag": b'"a"'}
        for kind in ("", tag):
            run = load(server, _request(server.port, "/x", kind), 0.5)
            assert run.rate > 0 and run.cpu_us > 0


def test_ratios_are_those_of_medians() -> None:
    told = _compare([Run(50, 200), Run(70, 210), Run(60, 190)],
                    [Run(100, 100), Run(120, 80), Run(90, 110)])
    assert (told["rate_ratio"], told["cpu_ratio"]) == (0.6, 0.5)


def test_a_server_that_is_away_is_told() -> None:
    with pytest.raises(ComponentError, match="cannot be read"):
        read_answer(1, "/")


def test_without_a_city_there_is_nothing_to_measure() -> None:
    told = CliRunner().invoke(command, ["--seconds", "1"])
    assert told.exit_code == 1
    assert "no feeds of yours" in told.output
