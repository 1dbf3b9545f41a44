"""Test the plain computation of windows, and that a difference of one cell is told."""

from __future__ import annotations

import pandas as pd

from infra.drills import windows

MINUTE, NOW = 60_000, 1_764_000_000_000
START = NOW // 300_000 * 300_000


def sent(*rows: tuple[int, int, int, int]) -> pd.DataFrame:
    """Make what was sent, from number, observed and received (ms after START), and offset."""
    return pd.DataFrame([{
        "publisher": 0, "number": number, "observed_at": START + observed,
        "received_at": START + received, "partition": 0, "offset": offset, "vehicle": number,
        "speed": 1_000 + number, "road_id": "r", "leaf": "370126001002003"}
        for number, observed, received, offset in rows])


def fates(table: pd.DataFrame) -> dict[int, str]:
    """Give the fate of each event by its offset."""
    return dict(zip(table["offset"], table["fate"], strict=True))


def test_verdicts_follow_age_and_order_in_the_log() -> None:
    rows = windows.accepted(sent(
        (1, 0, 600_000, 4), (2, 0, 600_001, 1), (3, 60_000, 0, 2), (4, 60_001, 0, 3),
        (1, 0, 10, 9), (1, 0, 5, 5)))
    assert fates(rows) == {1: "late", 2: "accepted", 3: "refused", 4: "accepted", 5: "duplicate",
                           9: "duplicate"}


def test_windows_add_up_what_lies_in_them() -> None:
    events = sent((1, 0, 50, 0), (2, 59_999, 90_000, 1), (3, 59_999, 90_001, 2),
                  (4, 60_000, 60_000, 3))
    events.loc[2, "speed"] = -1
    table = windows.compute(events, "road_id")
    table["window_start"] -= START // 1000
    names = ["window_seconds", "window_start", *windows.ROAD]
    found = {tuple(row[:2]): tuple(row[2:]) for row in table[names].to_numpy().tolist()}
    assert found == {(60, 0): (3, 1, 3, 2, 2_003, 1_001, 1_002),
                     (60, 60): (1, 0, 1, 1, 1_004, 1_004, 1_004),
                     (300, 0): (4, 0, 4, 3, 3_007, 1_001, 1_004)}


def test_areas_equal_the_sum_of_their_parts_from_county_to_cell() -> None:
    events = sent((1, 0, 50, 0), (2, 0, 50, 1))
    events.loc[1, "leaf"] = "370126"
    table = windows.compute(events, "area", (60,))
    assert dict(zip(table["area"], table["events"], strict=True)) == {
        "370126": 2, "370126001": 1, "370126001002": 1, "370126001002003": 1}


def test_one_differing_cell_a_missing_row_and_a_strange_row_are_told() -> None:
    wanted = windows.compute(sent((1, 0, 50, 0), (2, 60_000, 60_000, 1)), "road_id")
    assert windows.differences(wanted.copy(), wanted, "road_id") == []
    other = wanted.copy()
    other["speed_sum"] = other["speed_sum"].where(other.index != 0, 7)
    assert len(windows.differences(other, wanted, "road_id")) == 1
    assert len(windows.differences(wanted.iloc[1:], wanted, "road_id")) == 1
    strange = pd.concat([wanted, wanted.iloc[:1].assign(road_id="s")])
    assert len(windows.differences(strange, wanted, "road_id")) == 1
