"""Test what is told of the visits of a page, and that every page of the console is visited."""

from __future__ import annotations

from typing import Any

from dashboards.views.rights import GROUPS
from infra.bench.visits import VIEWS, Visits, names


def told(seconds: float, **more: Any) -> dict[str, Any]:
    """Give what the browser tells of one visit."""
    return {"seconds": seconds, "stands": True, "tables": 1, "errors": [], **more}


def visited(*seconds: float) -> Visits:
    """Give visits of so many seconds."""
    found = Visits()
    for one in seconds:
        found.add(told(one))
    return found


def test_quantiles_are_of_visits_that_were_made() -> None:
    found = visited(*(i / 10 for i in range(20, 0, -1)))
    assert (found.quantile(0.5), found.quantile(0.95)) == (1.0, 1.9)
    assert visited(0.4, 3.0).to_json()["p95"] == 3.0
    assert visited(0.4).to_json()["p50"] == 0.4


def test_a_page_that_does_not_stand_or_shows_an_error_is_wrong() -> None:
    found = visited(0.5)
    assert found.to_json()["errors"] == []
    found.add(told(60.0, stands=False))
    found.add(told(0.5, errors=["The store is away."]))
    found.add(told(0.5, errors=["The store is away."]))
    assert found.to_json()["errors"] == ["The store is away.", "not drawn within 60 s"]
    assert found.to_json()["visits"] == 4


def test_every_page_is_visited_and_views_are_of_pages() -> None:
    known = names()
    assert {name for group in GROUPS.values() for name in group} <= set(known)
    assert len(known) == len(set(known)) and not set(VIEWS) & set(known)
    assert all(view.partition("?")[0] == page and page in known for view, page in VIEWS.items())
