"""Test the grades of traffic against the standard's bounds, and the contrast of the colours."""

from __future__ import annotations

import pytest

from dashboards.look.theme import COLOURS, GRADES, SEVERITY, find_grade


@pytest.mark.parametrize(("ratio", "code"), [
    (1.3, "free"), (0.71, "free"), (0.7, "mostly-free"), (0.51, "mostly-free"), (0.5, "light"),
    (0.4, "moderate"), (0.3, "severe"), (0.0, "severe"), (21 / 60, "moderate"),
    (1 - 0.3, "mostly-free"),
])
def test_edges_belong_to_the_worse_grade(ratio: float, code: str) -> None:
    found = find_grade(ratio)
    assert found is not None
    assert found.code == code


def test_nothing_measured_has_no_grade() -> None:
    assert find_grade(None) is None


def _luminance(colour: str) -> float:
    """Give the relative luminance of a colour (WCAG 2.2)."""
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    """Give the contrast ratio of two colours (WCAG 2.2)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["text", "soft"])
def test_text_is_readable_on_panels(name: str) -> None:
    assert _contrast(COLOURS[name], "#142a46") >= 7


@pytest.mark.parametrize("colour", [
    *(one.colour for one in GRADES), *SEVERITY.values(), COLOURS["good"], COLOURS["amber"],
    COLOURS["bad"]])
def test_marks_stand_out_on_the_map(colour: str) -> None:
    assert _contrast(colour, COLOURS["land"]) >= 4.5
