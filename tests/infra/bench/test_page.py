"""Test that the page of the sizing says what the figures give, and is the one that is committed."""

from __future__ import annotations

from infra.bench.page import PAGE, render
from infra.bench.sizing import Figures, city_needs
from tests.infra.bench.test_sizing import figures


def test_committed_page_is_what_the_committed_figures_give() -> None:
    assert PAGE.read_text(encoding="utf-8") == render()


def test_province_is_sixteen_cities_and_each_number_has_its_formula() -> None:
    known = figures()
    rows = {row.split(" | ")[0][2:]: row.split(" | ") for row in render(known).splitlines()
            if row.startswith("| ")}
    for need in city_needs(known, 10_000.0):
        assert rows[need.name][-1] == f"{need.formula} |"
    assert [cell.split()[0] for cell in rows["Kafka: brokers"][1:4]] == ["3", "48", "1,026"]


def test_single_process_that_gives_out_below_a_city_is_named() -> None:
    assert "None of" not in render(figures(events_per_second_of_a_city=20_000.0))
    assert "sink at 14,000" in render(figures(events_per_second_of_a_city=20_000.0))


def test_committed_figures_are_measured_at_two_loads() -> None:
    known = Figures.read()
    rates = [one["events_per_second"] for one in known.loads]
    assert rates[-1] >= 2 * rates[0]
