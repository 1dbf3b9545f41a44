"""Visit every page of the console with a browser, and time each from the click until it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page

from dashboards.views.rights import list_pages
from dashboards.views.words import say
from infra.bench.browser import open_page
from schemas.errors import ComponentError
from streams.secrets import get_password
from streams.tls import address

WIDTH, HEIGHT = 1600, 1000
MOST_MS = 60_000
GOAL_SECONDS = 1.0
# what people ask of a million cases beyond the first page, by its address
VIEWS = {
    "cases?minutes=0": "cases", "cases?minutes=0&page=200": "cases",
    "cases?minutes=0&state=handled": "cases", "cases?minutes=0&text=3701-77": "cases",
    "cases?view=steps&minutes=0": "cases", "areas?area=370102": "areas",
}
SETTLED = Path(__file__).with_name("settled.js").read_text(encoding="utf-8")


@dataclass
class Visits:
    """Hold the seconds of each visit of one page, its tables, and what was wrong with it."""

    seconds: list[float] = field(default_factory=list)
    tables: int = 0
    errors: list[str] = field(default_factory=list)

    def add(self, told: dict[str, Any]) -> None:
        """Note one visit."""
        self.seconds.append(told["seconds"])
        self.tables = told["tables"]
        self.errors += told["errors"]
        if not told["stands"]:
            self.errors.append(f"not drawn within {MOST_MS / 1000:g} s")

    def quantile(self, share: float) -> float:
        """Give the least time, s, that so large a share of the visits did not exceed."""
        return float(np.quantile(self.seconds, share, method="inverted_cdf"))

    def to_json(self) -> dict[str, Any]:
        """Give what is told of the page; times in s."""
        return {"visits": len(self.seconds), "p50": round(self.quantile(0.5), 3),
                "p95": round(self.quantile(0.95), 3), "tables": self.tables,
                "errors": sorted(set(self.errors))}


def names() -> list[str]:
    """List the pages of the console."""
    return [name for group in list_pages().values() for name in group]


def sign_in(page: Page, console: str) -> None:
    """Open the console at its address as its administrator."""
    page.goto(console)
    page.locator("input[name=name]").fill("admin")
    page.locator("input[name=password]").fill(get_password("console", "admin"))
    page.locator("button").click()
    page.locator("[data-testid=stSidebarNavLink]").first.wait_for(timeout=MOST_MS)


def _follow(page: Page, name: str) -> dict[str, Any]:
    """Click the way to a page in the list of pages."""
    told: dict[str, Any] = page.evaluate(
        "([name, most]) => window.follow(name, most)", [name, MOST_MS])
    return told


def _load(page: Page, view: str, path: str) -> dict[str, Any]:
    """Load an address anew, the program of the page included; it counts from its beginning."""
    page.goto(view, wait_until="commit")
    told: dict[str, Any] = page.evaluate(
        "([path, title, most]) => window.settled(path, title, 0, most)",
        [f"/{path}", say(path, "zh"), MOST_MS])
    return told


def visit(times: int, report: Callable[[str], None]) -> dict[str, Visits]:
    """Visit each page so many times, in rounds; raise ComponentError where none stands."""
    console = address("console")
    found = {name: Visits() for name in (*names(), *VIEWS)}
    with open_page(WIDTH, HEIGHT, SETTLED) as page:
        sign_in(page, console)
        _follow(page, "catalogue")
        for number in range(times):
            for name in names():
                found[name].add(_follow(page, name))
            for view, path in VIEWS.items():
                found[view].add(_load(page, f"{console}/{view}", path))
            slowest = max(found, key=lambda one: found[one].seconds[-1])
            report(f"round {number + 1} of {times}; slowest {slowest}"
                   f" {found[slowest].seconds[-1]:.2f} s")
    if not any(one.tables for one in found.values()):
        raise ComponentError("no page of the console showed a table")
    return found
