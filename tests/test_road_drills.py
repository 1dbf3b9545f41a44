"""Drill the road with bad input and with disorder, on the real components, in short."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from infra import clickhouse, readiness
from infra.drills import bad_input, blows, disorder, kills
from infra.drills.bad_input import BAD_EVERY
from infra.drills.blows import Blow, Target, Way, may_cut
from infra.drills.calls import BARRED, CALLS
from infra.drills.kinds import KINDS, Door
from infra.drills.progress import BadInput, find
from infra.drills.stage import pulse
from infra.orphans import list_marked
from streams.clock import now_ms
from streams.publishers import read_registrations
from tests.components import running

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(900)]
SEED = int(os.environ.get("CITYBRAIN_TEST_SEED") or 2019)


@pytest.fixture
def intake(road: Path) -> Iterator[None]:
    """Run the intake beside the road."""
    with running("intake"):
        yield


def test_bad_input_fares_as_declared_and_good_events_are_counted_once(intake: None) -> None:
    # as many as it takes to send each kind by each door it may come by
    events = len(Door) * len(KINDS) * BAD_EVERY
    state = BadInput(SEED, events, now_ms())
    assert {"taskmanager", "jobmanager", "keeper of the jobs", "sink", "intake",
            "job citybrain-0"} <= pulse().keys()
    bad_input.Drill(state, print).run()
    assert (state.failures, state.crashes, state.residual) == ([], [], 0)
    wanted = {*(one.name for one in KINDS), *(one.name for one in CALLS),
              *(one.name for one in BARRED)}
    assert wanted == state.kinds.keys() and len(wanted) >= 60
    assert all(one.expected == one.found > 0 for one in state.kinds.values())
    assert state.good.found == state.good.expected == events - events // BAD_EVERY
    assert state.counted_in_results >= state.good.expected
    assert state.is_clean and find(bad_input.NAME, BadInput) is None
    assert read_registrations("admin")[bad_input.PUBLISHER].removed_at is not None


def test_windows_out_of_disorder_equal_those_computed_from_order(road: Path) -> None:
    drill = disorder.Drill(20_000, SEED, print, final_lengths=(60,))
    found = drill.run()
    assert (found.failures, found.residual) == ([], 0)
    assert all(found.rows[key] > 100 for key in ("road_id", "area"))
    assert found.fates == found.counted and len(found.fates) == 4 and min(found.fates.values())
    assert "provisional" not in found.statuses and found.statuses["revised"] > 0


class Keeper:
    """Keep the intake running as the supervisor would, and let the drill look at all else."""

    def __init__(self) -> None:
        """Start the intake."""
        self.context = ExitStack()
        self.child = self.context.enter_context(running("intake"))

    def pids(self) -> set[int]:
        """Tell the intake's process, and start it again where it has ended."""
        if self.child.poll() is not None:
            self.child = self.context.enter_context(running("intake"))
        return {self.child.pid}

    def targets(self) -> dict[str, Target]:
        """Give what is struck: an end of the road, its store, and a worker in its middle."""
        store = {one.pid for one in list_marked("infra.clickhouse")}
        sink = {one.pid for one in list_marked("streams.sink")}
        return {"intake": Target("intake", self.pids, readiness.port_answers("intake")),
                "clickhouse": Target("clickhouse", lambda: store, clickhouse.is_ready),
                "sink": Target("sink", lambda: sink, readiness.port_answers("metrics_sink")),
                blows.WORKER: Target(blows.WORKER, lambda: {
                    one.pid for one in list_marked("pyflink.fn_execution")}, readiness.jobs_run)}


def test_acknowledged_events_survive_what_strikes_the_road(
        road: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = [Blow(Way.KILL, ("intake",)), Blow(Way.PAUSE, ("sink",)),
            Blow(Way.CUT if may_cut() else Way.PAUSE, ("clickhouse",)),
            Blow(Way.KILL, (blows.WORKER,)), Blow(Way.KILL, ("intake",))]
    keeper = Keeper()
    monkeypatch.setattr(kills, "list_targets", lambda *_: keeper.targets())
    monkeypatch.setattr(kills, "plan", lambda *_: plan)
    state = kills.begin([], rounds=1, seed=SEED)
    with keeper.context:
        kills.Drill(state, [], print).run()
    assert (state.failures, state.done) == ([], len(plan))
    assert all(number >= 100 for number in state.acknowledged.values())
    assert state.struck["intake"] == {Way.KILL: 2}
    assert find(kills.NAME, kills.Kills) is None
