"""Judge windows by rules: hysteresis, durations, versions, gaps, edits, removal, restart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from streams.agents.evaluation import SETTLE_MS, Evaluator
from streams.agents.rules import Rule, to_rule
from streams.agents.transitions import Transition

MINUTE = 60_000
T0 = 1_764_000_000_000 - 1_764_000_000_000 % (5 * MINUTE)
GRACE = 30_000
LATER = 100 * 24 * 60 * MINUTE


def slow(**changes: Any) -> Rule:
    return to_rule({
        "id": "slow", "title_en": "Slow", "title_zh": "缓行", "result": "road-state",
        "window_seconds": 60, "value": "mean_speed", "comparison": "below", "threshold": 15,
        "clear_threshold": 20, "for_seconds": 120, "clear_for_seconds": 120,
        "severity": "yellow", **changes})


def many(**changes: Any) -> Rule:
    return to_rule({
        "id": "many", "title_en": "Many", "title_zh": "多", "result": "city-pulse",
        "window_seconds": 60, "value": "cases_reported", "comparison": "above", "threshold": 3,
        "clear_threshold": 1, "level": 9, "absent": "zero", "clear_for_seconds": 120,
        "severity": "blue", **changes})


def row(minute: int, speed: float | None, *, version: int = 1, road: str = "jingshi",
        samples: int = 10) -> dict[str, Any]:
    """Give a road-state row of one minute after T0."""
    total = None if speed is None else round(speed * 100 * samples)
    return {"window_seconds": 60, "window_start": T0 + minute * MINUTE, "road_id": road,
            "events": samples, "late": 0, "speed_samples": samples, "speed_sum": total,
            "version": version}


def cases(minute: int, number: int, area: str = "370102001") -> dict[str, Any]:
    return {"window_seconds": 60, "window_start": T0 + minute * MINUTE, "area": area,
            "events": number, "late": 0, "cases_reported": number, "version": number}


def due(minute: int) -> int:
    """Give the moment at which the window of a minute is judged, when its row came before."""
    return T0 + (minute + 1) * MINUTE + GRACE


def feed(evaluator: Evaluator, speeds: Sequence[float | None], first: int = 0) -> list[Transition]:
    """Let one row a minute come in time, and judge each when it is due."""
    found = []
    for minute, speed in enumerate(speeds, first):
        evaluator.take("road-state", row(minute, speed), T0 + (minute + 1) * MINUTE)
        found += evaluator.advance(due(minute))
    return found


def told(found: list[Transition]) -> list[tuple[str, int]]:
    """Say state and minute of each transition."""
    return [(one.state, (one.at - T0) // MINUTE) for one in found]


def ready(*rules: Rule) -> Evaluator:
    evaluator = Evaluator()
    for rule in rules:
        evaluator.put(rule, 0)
    return evaluator


def test_raises_after_the_duration_and_clears_after_its_own() -> None:
    found = feed(ready(slow()), [10, 10, 10, 30, 30, 30])
    assert told(found) == [("raised", 2), ("cleared", 5)]
    raised, cleared = found
    assert raised.payload["value"] == 10.0
    assert cleared.payload["duration_seconds"] == 180
    assert raised.payload["alert_id"] == cleared.payload["alert_id"] == (
        f"slow:jingshi:{(T0 + MINUTE) // 1000}")
    assert raised.event_id != cleared.event_id


def test_a_broken_run_begins_again() -> None:
    assert told(feed(ready(slow()), [10, 16, 10, 16, 10, 10])) == [("raised", 6)]


def test_between_the_thresholds_nothing_changes() -> None:
    assert told(feed(ready(slow()), [10, 10, 17, 30, 17, 30, 30])) == [
        ("raised", 2), ("cleared", 7)]


def test_the_threshold_itself_does_not_raise_and_the_clear_threshold_clears() -> None:
    rule = slow(for_seconds=0, clear_for_seconds=0)
    assert told(feed(ready(rule), [15, 14.99, 19.99, 20])) == [("raised", 2), ("cleared", 4)]


def test_only_the_greatest_version_of_a_window_counts() -> None:
    evaluator = ready(slow(for_seconds=0))
    for version, speed in ((5, 30), (9, 10), (7, 30)):
        evaluator.take("road-state", row(0, speed, version=version), T0 + MINUTE)
    assert told(evaluator.advance(due(0))) == [("raised", 1)]


def test_a_version_after_the_judgment_changes_nothing() -> None:
    evaluator = ready(slow(for_seconds=0))
    assert feed(evaluator, [30]) == []
    evaluator.take("road-state", row(0, 5, version=99), due(0) + 1)
    assert evaluator.advance(T0 + LATER) == []


def test_a_window_is_not_judged_before_its_grace_is_over_and_its_row_is_at_rest() -> None:
    evaluator = ready(slow(for_seconds=0))
    evaluator.take("road-state", row(0, 10), due(0) - 1000)
    assert evaluator.advance(due(0)) == []
    assert told(evaluator.advance(due(0) - 1000 + SETTLE_MS)) == [("raised", 1)]


def test_windows_out_of_order_are_judged_in_order() -> None:
    evaluator = ready(slow())
    for minute in (2, 0, 1):
        evaluator.take("road-state", row(minute, 10), T0 + 3 * MINUTE)
    assert told(evaluator.advance(due(2))) == [("raised", 2)]


def test_missing_figures_and_missing_windows_break_a_run() -> None:
    assert told(feed(ready(slow()), [10, None, 10, 10])) == [("raised", 4)]
    evaluator = ready(slow())
    found = feed(evaluator, [10]) + feed(evaluator, [10, 10], first=2)
    assert told(found) == [("raised", 4)]


def test_too_few_samples_say_nothing() -> None:
    evaluator = ready(slow(for_seconds=0, min_counts={"speed_samples": 11}))
    assert feed(evaluator, [5, 5]) == []


def test_silence_leaves_an_alert_standing_until_it_expires() -> None:
    evaluator = ready(slow(for_seconds=0, expire_seconds=600))
    assert told(feed(evaluator, [10])) == [("raised", 1)]
    evaluator.take("road-state", row(9, 30, road="other"), T0 + 10 * MINUTE)
    assert evaluator.advance(due(9) + SETTLE_MS) == []
    evaluator.take("road-state", row(20, 30, road="other"), T0 + 21 * MINUTE)
    assert told(evaluator.advance(due(20) + SETTLE_MS)) == [("cleared", 11)]


def test_nothing_is_concluded_when_all_results_are_silent() -> None:
    evaluator = ready(slow(for_seconds=0), many())
    evaluator.take("city-pulse", cases(0, 9), T0 + MINUTE)
    assert told([*feed(evaluator, [10])]) == [("raised", 1), ("raised", 1)]
    assert evaluator.advance(T0 + LATER) == []


def test_absent_windows_count_as_zero_where_the_rule_says_so() -> None:
    evaluator = ready(many())
    evaluator.take("city-pulse", cases(0, 9), T0 + MINUTE)
    assert told(evaluator.advance(due(0))) == [("raised", 1)]
    evaluator.take("city-pulse", cases(8, 1, area="370103001"), T0 + 9 * MINUTE)
    assert told(evaluator.advance(due(8) + SETTLE_MS)) == [("cleared", 3)]


def test_levels_other_than_the_rule_s_and_the_outside_are_passed_over() -> None:
    evaluator = ready(many())
    for area in ("", "3701", "370102", "370102001001"):
        evaluator.take("city-pulse", cases(0, 9, area=area), T0 + MINUTE)
    assert evaluator.advance(due(0)) == []


def test_each_place_is_judged_by_itself() -> None:
    evaluator = ready(slow(for_seconds=0))
    for road, speed in (("a", 5), ("b", 30), ("c", 5)):
        evaluator.take("road-state", row(0, speed, road=road), T0 + MINUTE)
    assert sorted(one.place for one in evaluator.advance(due(0))) == ["a", "c"]


def test_an_edited_threshold_keeps_the_alert_and_counts_from_then_on() -> None:
    evaluator = ready(slow(for_seconds=0))
    assert told(feed(evaluator, [10])) == [("raised", 1)]
    edited = slow(for_seconds=0, threshold=5, clear_threshold=8, clear_for_seconds=0)
    assert evaluator.put(edited, T0 + 2 * MINUTE) == []
    assert told(feed(evaluator, [10], first=2)) == [("cleared", 3)]


def test_an_edit_that_watches_something_else_clears_the_alert() -> None:
    evaluator = ready(slow(for_seconds=0))
    feed(evaluator, [10])
    found = evaluator.put(slow(value="mean_flow"), T0 + 2 * MINUTE)
    assert told(found) == [("cleared", 2)]
    assert evaluator.open_alerts() == []


def test_putting_the_same_rule_again_changes_nothing() -> None:
    evaluator = ready(slow())
    feed(evaluator, [10])
    assert evaluator.put(slow(), T0 + MINUTE) == []
    assert told(feed(evaluator, [10], first=1)) == [("raised", 2)]


def test_a_removed_rule_clears_its_alerts() -> None:
    evaluator = ready(slow(for_seconds=0))
    feed(evaluator, [10])
    found = evaluator.remove("slow", T0 + 3 * MINUTE)
    assert told(found) == [("cleared", 3)]
    assert found[0].payload["duration_seconds"] == 120
    assert feed(evaluator, [10, 10, 10], first=3) == []


def test_a_rule_does_not_judge_windows_from_before_it_was_put() -> None:
    evaluator = Evaluator()
    evaluator.put(slow(for_seconds=0), T0 + MINUTE)
    assert told(feed(evaluator, [10, 10])) == [("raised", 2)]


def as_event(one: Transition) -> dict[str, Any]:
    """Give the clean event that a transition becomes."""
    return {**one.payload, "observed_at": one.at}


def test_a_restart_repeats_no_alert_and_loses_none() -> None:
    speeds = [10, 10, 10, 30, 30, 30, 5, 5, 5, 5, 30, 30]
    whole = feed(ready(slow()), speeds)
    assert told(whole) == [("raised", 2), ("cleared", 5), ("raised", 8), ("cleared", 12)]
    for cut in range(len(whole) + 1):
        again = Evaluator()
        for one in whole[:cut]:
            again.restore(as_event(one))
        again.put(slow(), 0)
        repeated = feed(again, speeds)
        assert [one.event_id for one in repeated] == [one.event_id for one in whole[cut:]]
        assert [one.payload for one in repeated] == [one.payload for one in whole[cut:]]


def test_replayed_lower_versions_after_a_restart_repeat_the_same_ids() -> None:
    first = ready(slow(for_seconds=0))
    first.take("road-state", row(0, 10, version=9), T0 + MINUTE)
    again = ready(slow(for_seconds=0))
    for version, speed in ((2, 40), (9, 10), (4, 35)):
        again.take("road-state", row(0, speed, version=version), T0 + 10 * MINUTE)
    assert [one.event_id for one in first.advance(due(0))] == [
        one.event_id for one in again.advance(T0 + 20 * MINUTE)]


def test_an_alert_whose_rule_went_while_the_agent_was_away_is_cleared() -> None:
    raised = feed(ready(slow(for_seconds=0)), [10])
    again = Evaluator()
    again.restore(as_event(raised[0]))
    found = again.drop_orphans(T0 + 5 * MINUTE)
    assert told(found) == [("cleared", 5)]
    assert found[0].payload["alert_id"] == raised[0].payload["alert_id"]


def test_a_place_too_long_for_an_id_is_hashed_and_stays_apart() -> None:
    evaluator = ready(slow(for_seconds=0))
    roads = ["r" * 127 + "1", "r" * 127 + "2"]
    for road in roads:
        evaluator.take("road-state", row(0, 5, road=road), T0 + MINUTE)
    ids = {one.payload["alert_id"] for one in evaluator.advance(due(0))}
    assert len(ids) == 2
    assert max(map(len, ids)) <= 128
