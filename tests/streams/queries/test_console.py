"""Test how the console counts and lists rows, over a real store."""

from __future__ import annotations

import datetime as dt

import pytest

from schemas import registry
from streams.queries.console import Counts, Filter, count_rows, list_rows
from streams.queries.listings import case_listing, to_listing
from streams.store import Store
from tests.streams.queries.rows import columns, event, moment

pytestmark = pytest.mark.live
CASES = case_listing()
NOW = moment().replace(microsecond=0)
# case, step, hours ago, department
STEPS = (("a", "reported", 50, "城管局"), ("a", "closed", 1, "城管局"),
         ("b", "reported", 3, "城管局"), ("b", "dispatched", 2, "水务局"),
         ("c", "reported", 49, "水务局"), ("c", "closed", 48, "水务局"))


def ago(hours: float) -> dt.datetime:
    """Give a moment so many hours ago."""
    return NOW - dt.timedelta(hours=hours)


@pytest.fixture
def cases(emptied: None, sink: Store, reader: Store) -> Store:
    """Take three cases through their steps."""
    sink.insert("grid_case", columns([
        event("grid-case", i, ago(hours), case_id=case, step=step, department=department,
              category=f"kind-{case}")
        for i, (case, step, hours, department) in enumerate(STEPS)]))
    return reader


@pytest.fixture
def steps(cases: Store, sink: Store) -> Store:
    """Report another case in the moment of an earlier step."""
    sink.insert("grid_case", columns([event(
        "grid-case", len(STEPS), ago(3), case_id="d", step="reported", department="城管局",
        category="kind-d")]))
    return cases


def listed(store: Store, asked: Filter, limit: int = 100, offset: int = 0) -> str:
    """Spell the cases that are listed, in their order."""
    return "".join(row["case_id"] for row in list_rows(store, CASES, asked, limit, offset))


def test_everything_is_counted_in_all_and_by_value(cases: Store) -> None:
    found = count_rows(cases, CASES, Filter())
    assert found.total == 3
    assert found.values["state"] == {"closed": 2, "dispatched": 1}
    assert found.values["handler"] == {"水务局": 2, "城管局": 1}
    assert list(found.values["handler"]) == ["水务局", "城管局"]


def test_a_filter_does_not_count_for_its_own_values(cases: Store) -> None:
    found = count_rows(cases, CASES, Filter(equals={"state": "closed"}))
    assert found.total == 2
    assert found.values["state"] == {"closed": 2, "dispatched": 1}
    assert found.values["handler"] == {"水务局": 1, "城管局": 1}
    every = {one.name: "x" for one in CASES.choices}
    assert count_rows(cases, CASES, Filter(equals=every)).total == 0


def test_nothing_that_fits_is_none_of_anything(cases: Store) -> None:
    asked = Filter(text="nobody wrote this")
    assert count_rows(cases, CASES, asked) == Counts(0, {one.name: {} for one in CASES.choices})
    assert list_rows(cases, CASES, asked) == []


def test_the_newest_stand_first_page_by_page_and_in_full(cases: Store) -> None:
    assert listed(cases, Filter()) == "abc"
    assert listed(cases, Filter(), 2) == "ab" and listed(cases, Filter(), 2, 2) == "c"
    assert listed(cases, Filter(), 2, 4) == ""
    row = list_rows(cases, CASES, Filter(equals={"state": "dispatched"}))[0]
    assert (row["case_id"], row["kind"], row["handler"]) == ("b", "kind-b", "水务局")
    assert row["moved_at"] == ago(2)


@pytest.mark.parametrize(("asked", "pages"), [
    (Filter(), ["abb", "dcc", "a", ""]),
    (Filter(equals={"step": "reported"}), ["bdc", "a", ""]),
    (Filter(since=ago(48.5)), ["abb", "dc", ""]),
    (Filter(text="kind-c"), ["cc", ""]),
    (Filter(area="99"), [""]),
])
def test_pages_of_steps_follow_one_another(steps: Store, asked: Filter, pages: list[str]) -> None:
    listing = to_listing(registry.get_family("grid-case"))
    found = [list_rows(steps, listing, asked, 3, 3 * page) for page in range(len(pages))]
    assert ["".join(row["case_id"] for row in rows) for rows in found] == pages


def test_a_time_bounds_the_last_step_and_no_earlier_one(cases: Store) -> None:
    assert listed(cases, Filter(since=ago(24))) == "ab"
    assert listed(cases, Filter(since=ago(49.5), until=ago(24))) == "c"
    assert listed(cases, Filter(until=ago(1.5))) == "bc"  # what moved since is elsewhere now
    assert count_rows(cases, CASES, Filter(since=ago(24))).total == 2
