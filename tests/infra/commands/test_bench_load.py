"""Test what load is asked for, and where the sustained rate comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from infra.commands import _bench_growth, _bench_load, bench
from streams.settings import read_settings

FOUND = {"rate": 8000.0, "best": {
    "lag_mean": 900.0, "lag_most": 1500, "cores": {"jvm": 0.8}, "memory": {"jvm": 2 << 20},
    "cpu_microseconds": {"jvm": 100.0}, "driver_cores": 0.05}, "trials": [{}, {}],
    "driver_limited": False}


@pytest.fixture
def kept(own_home: Path) -> Path:
    """Give the file of the sustained rate in a city of its own."""
    (own_home / "bench").mkdir()
    assert read_settings().home == own_home
    return _bench_load.kept_path()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Note what is asked of a city, and answer a fixed rate."""
    seen: list[tuple[str, dict[str, Any]]] = []

    def run_mode(mode: str, **settings: Any) -> tuple[int, dict[str, Any]]:
        """Answer at once."""
        seen.append((mode, settings))
        return 0, dict(FOUND)

    monkeypatch.setattr(_bench_load, "run_mode", run_mode)
    return seen


def test_the_rate_found_is_kept_for_the_others(
        kept: Path, asked: list[tuple[str, dict[str, Any]]]) -> None:
    done = CliRunner().invoke(bench.command, ["sustained", "--quick", "--start", "500"])
    assert done.exit_code == 0 and "8,000 records a second" in done.output
    assert "not to be quoted" in done.output
    assert asked[0][1]["rates"] == [500] and asked[0][1]["seconds"] == _bench_load.QUICK_SECONDS
    assert json.loads(kept.read_text())["quotable"] is False
    assert _bench_load.find_rate() == 8000


def test_shares_are_of_the_rate_kept_or_given(kept: Path) -> None:
    with pytest.raises(click.ClickException, match="bench sustained"):
        bench._rates(None, "0.5", None)
    kept.write_text('{"rate": 8000}')
    assert bench._rates(None, "0.5,0.8", None) == [4000, 6400]
    assert bench._rates(1000, "0.5", 600) == [1000, 300]
    assert bench._rates(1000, None, None) == [1000] and bench._rates(None, None, 5) == []


@pytest.mark.parametrize("share", ["", "half", "0", "1.5", "0.5;0.8"])
def test_what_is_no_share_is_refused(share: str) -> None:
    with pytest.raises(click.ClickException, match="--share"):
        bench._rates(None, share, 1000)


def test_an_unknown_factor_is_named() -> None:
    with pytest.raises(click.ClickException, match="colour; there are areas"):
        _bench_growth._choose("areas,colour", quick=False)
    assert list(_bench_growth._choose("vehicles", quick=False)) == ["vehicles"]
