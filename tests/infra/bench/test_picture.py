"""Test that the picture shows the report's figures, fastest first, and no bar of who was wrong."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

from infra.bench.picture import BARS, draw
from tests.infra.bench.test_report import make, report

SVG = "{http://www.w3.org/2000/svg}"


def test_bars_are_in_proportion_fastest_first_and_who_was_wrong_has_none() -> None:
    told = report(make("ours", 10), make("hand_loop", 5), make("c", 1, ["3 rows differ"]))
    page = fromstring(draw(told.to_json()))  # noqa: S314 (our own)
    words = [one.text for one in page.iter(f"{SVG}text")]
    assert [one for one in words if one in ("City Brain", "hand loop", "c")] == [
        "hand loop", "City Brain", "c"]
    assert [float(one.get("width", "")) for one in page.iter(f"{SVG}rect")][1:] == [
        BARS, BARS / 2, 0.0]
    assert "200,000" in words and "wrong: no figure" in words


def test_a_quick_run_says_so_in_the_picture() -> None:
    assert "not to be quoted" in draw(report(make("ours", 10), quick=True).to_json())
    assert "not to be quoted" not in draw(report(make("ours", 10)).to_json())
