"""Watch the wall with a browser: when it first stands, and which renewals reach the picture."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from playwright.sync_api import Page

from infra.bench.browser import open_page
from infra.bench.renewal import Renewal
from schemas.errors import ComponentError
from streams.clock import now_ms
from streams.tls import address

WIDTH, HEIGHT = 1920, 1080
MOST_SECONDS = 120.0
MEGABYTE = 1 << 20
REPORT_SECONDS = 60.0
PAINTED = Path(__file__).with_name("painted.js").read_text(encoding="utf-8")
# a renewal, and when it stood in the picture, both epoch ms
Picture = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Held:
    """Tell of the renewals made how many reached the picture; ages and gaps in seconds."""

    renewals: int
    held: int
    share: float
    longest_gap: float
    age_p50: float
    age_p95: float


def judge(made: Sequence[int], pictures: Sequence[Picture], begin: int, end: int) -> Held:
    """Compare renewals with pictures between two moments (epoch ms).

    The longest gap is between new pictures, the moments themselves included.
    """
    within = [one for one in made if begin <= one < end]
    shown = [one for one in pictures if begin <= one[0] < end]
    held = len({state for state, _ in shown} & set(within))
    moments = [begin, *sorted(at for _, at in shown if begin <= at < end), end]
    ages = [(at - state) / 1000 for state, at in shown] or [float("inf")]
    return Held(len(within), held, held / len(within) if within else 0.0,
                max(b - a for a, b in pairwise(moments)) / 1000,
                *(float(np.quantile(ages, share, method="inverted_cdf")) for share in (0.5, 0.95)))


def _memory(wall: psutil.Process, page: Page) -> dict[str, float]:
    """Give MB of the wall's process, of the browser's, each shared page once, and of its heap."""
    # its processes write over their environment, so that they are known by who started them
    browser = sum(one.memory_full_info().pss for one in psutil.Process().children(recursive=True)
                  if "chrom" in one.name())
    heap = page.evaluate("performance.memory.usedJSHeapSize")
    return {"wall": round(wall.memory_info().rss / MEGABYTE, 1),
            "browser": round(browser / MEGABYTE, 1), "heap": round(heap / MEGABYTE, 1)}


def _open(page: Page, renewal: Renewal) -> float:
    """Open the wall; give the seconds until map and tiles stand."""
    page.goto(address("wall"), wait_until="commit")
    until = time.monotonic() + MOST_SECONDS
    while page.evaluate("window.firstPicture") is None:
        if renewal.failure or time.monotonic() > until:
            raise renewal.failure or ComponentError(
                f"the wall showed no picture within {MOST_SECONDS:g} s")
        page.wait_for_timeout(500)
    return round(float(page.evaluate("window.firstPicture")), 2)


def watch(wall: psutil.Process, renewal: Renewal, minutes: float,
          report: Callable[[str], None]) -> dict[str, Any]:
    """Open a new wall, then one that is at work, and watch this for so many minutes."""
    with open_page(WIDTH, HEIGHT, PAINTED) as page:
        fresh = _open(page, renewal)
    report(f"first picture of a wall just started after {fresh:.1f} s")
    with open_page(WIDTH, HEIGHT, PAINTED) as page:
        first = _open(page, renewal)
        report(f"first picture of a wall at work after {first:.1f} s")
        before, begin = _memory(wall, page), now_ms()
        while (left := begin + minutes * 60_000 - now_ms()) > 0:
            page.wait_for_timeout(min(left, REPORT_SECONDS * 1000))
            report(_told(judge(renewal.made, _pictures(page), begin, now_ms() - 2_000)))
            if renewal.failure:
                raise renewal.failure
        end = now_ms()
        page.wait_for_timeout(3_000)  # what was renewed last may still be on its way
        found = judge(renewal.made, _pictures(page), begin, end)
        return {"first_picture_fresh": fresh, "first_picture": first, **asdict(found),
                "memory_begin": before, "memory_end": _memory(wall, page)}


def _pictures(page: Page) -> list[Picture]:
    """Read which renewals stood in the picture, and when."""
    found: list[Picture] = [(state, at) for state, at in page.evaluate("window.pictures")]
    return found


def _told(found: Held) -> str:
    """Tell how it goes, in a line."""
    return (f"{found.held} of {found.renewals} renewals in the picture, longest gap"
            f" {found.longest_gap:.1f} s, age p50 {found.age_p50:.2f} p95 {found.age_p95:.2f} s")
