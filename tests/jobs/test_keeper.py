"""Test when a job resumes from its state and when a new generation begins, without a cluster."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from jobs import keeper as module
from jobs.keeper import OPEN_MS, RESUMABLE_SECONDS, RETAINED_MS
from schemas.errors import ComponentError
from tests.jobs.played import City, make_state


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> City:
    """Give a city whose jobs were never started."""
    one = City(tmp_path)
    (tmp_path / "flink").mkdir()
    monkeypatch.setattr(module, "Cluster", lambda: one.flink)
    monkeypatch.setattr(module, "fingerprint", lambda *_: one.plan)
    monkeypatch.setattr("jobs.keeper.subprocess.run", one.flink.run)
    return one


@pytest.fixture
def ran(city: City) -> City:
    """Give a city whose job ran in generation 1, and was killed."""
    city.keeper().watch()
    city.flink.end("job1", "CANCELED")
    return city


def test_the_first_start_reads_everything_in_generation_one(city: City) -> None:
    city.keeper().watch()
    assert city.last() == (1, 0, None)
    assert city.memory() == {"generation": 1, "since_ms": 0, "plan": "plan-1",
                             "job_ids": ["job1"], "pending": False}


def test_a_job_that_runs_is_left_alone(city: City) -> None:
    for _ in range(3):
        city.keeper().watch()
    assert len(city.flink.submitted) == 1


def test_each_part_has_a_job_and_a_memory_of_its_own(city: City) -> None:
    city.keeper(2).watch()
    assert [one["--part"] for one in city.flink.submitted] == ["0", "1"]
    assert sorted(one.name for one in (city.home / "flink").iterdir()) == [
        "progress-0.json", "progress-1.json"]


def test_a_killed_job_resumes_from_its_newest_checkpoint(ran: City) -> None:
    ran.checkpoint("job1", 20, 1)
    newest = ran.checkpoint("job1", 10, 2)
    (ran.home / "flink" / "checkpoints" / "job1" / "chk-3").mkdir()  # begun, not complete
    ran.checkpoint("stranger")
    ran.keeper().watch()
    assert ran.last() == (1, 0, newest)
    assert ran.memory()["job_ids"] == ["job1", "job2"]


def test_a_stopped_job_resumes_from_its_savepoint(city: City) -> None:
    keeper = city.keeper()
    keeper.watch()
    city.checkpoint("job1", 60)
    keeper.stop()
    assert city.flink.find_job("citybrain-0") is None
    city.keeper().watch()
    assert city.last() == (1, 0, city.home / "flink" / "savepoints" / "0" / "savepoint-job1")


def test_a_changed_plan_begins_a_generation_that_covers_every_open_window(ran: City) -> None:
    state = ran.checkpoint("job1", 30)
    ran.plan = "plan-2"
    ran.keeper().watch()
    generation, since, restored = ran.last()
    saved_ms = (state / "_metadata").stat().st_mtime * 1000
    assert (generation, restored) == (2, None)
    assert 0 < since <= saved_ms - OPEN_MS
    assert ran.memory()["plan"] == "plan-2"


@pytest.mark.parametrize(("age", "resumes"), [
    (RESUMABLE_SECONDS - 60, True), (RESUMABLE_SECONDS + 60, False)])
def test_state_of_which_some_has_expired_is_not_resumed(
        ran: City, age: float, resumes: bool) -> None:
    state = ran.checkpoint("job1", age)
    ran.keeper().watch()
    assert ran.last()[0] == (1 if resumes else 2)
    assert ran.last()[2] == (state if resumes else None)


def test_lost_state_begins_a_generation_over_all_that_is_retained(ran: City) -> None:
    before = time.time_ns() // 1_000_000
    ran.keeper().watch()
    generation, since, restored = ran.last()
    assert (generation, restored) == (2, None)
    assert before <= since + RETAINED_MS <= time.time_ns() // 1_000_000


def test_state_that_cannot_be_submitted_is_distrusted(ran: City) -> None:
    older, newer = ran.checkpoint("job1", 20, 1), ran.checkpoint("job1", 10, 2)
    keeper, ran.flink.fails = ran.keeper(), True
    with pytest.raises(ComponentError, match="submission failed: no\ncannot submit"):
        keeper.watch()
    assert ran.last()[2] == newer
    ran.flink.fails = False
    keeper.watch()
    assert ran.last() == (1, 0, older)


def test_a_job_that_failed_to_restore_begins_a_new_generation(ran: City) -> None:
    ran.checkpoint("job1", 10)
    keeper = ran.keeper()
    keeper.watch()
    ran.flink.end("job2", "FAILED", "Could not RESTORE operator state backend")
    keeper.watch()
    generation, since, restored = ran.last()
    assert (generation, restored) == (2, None)
    assert since > 0


def test_a_job_that_failed_of_itself_resumes(ran: City) -> None:
    state = ran.checkpoint("job1", 10)
    keeper = ran.keeper()
    keeper.watch()
    ran.flink.end("job2", "FAILED", "division by zero")
    keeper.watch()
    assert ran.last() == (1, 0, state)


def test_a_failed_submission_gives_no_generation_away_twice(ran: City) -> None:
    keeper, ran.flink.fails = ran.keeper(), True
    with pytest.raises(ComponentError):
        keeper.watch()
    ran.flink.fails = False
    keeper.watch()
    assert [int(one["--generation"]) for one in ran.flink.submitted] == [1, 2, 3]


def test_a_first_submission_that_failed_still_reads_everything(city: City) -> None:
    keeper, city.flink.fails = city.keeper(), True
    with pytest.raises(ComponentError):
        keeper.watch()
    city.flink.fails = False
    keeper.watch()
    assert city.last() == (2, 0, None)


def test_a_keeper_killed_while_it_submits_knows_the_job_again(ran: City) -> None:
    """The job runs in the new generation, and its rows stand in the store."""
    def kill() -> None:
        raise KeyboardInterrupt

    ran.flink.after_submission = kill
    with pytest.raises(KeyboardInterrupt):
        ran.keeper().watch()
    keeper, ran.flink.after_submission = ran.keeper(), lambda: None
    keeper.watch()
    assert len(ran.flink.submitted) == 2
    assert ran.memory()["job_ids"] == ["job1", "job2"]
    keeper.stop()
    ran.keeper().watch()
    generation, _, restored = ran.last()
    assert generation == 2
    assert restored is not None


def test_a_job_that_nobody_saw_start_repeats_no_generation(ran: City) -> None:
    def kill() -> None:
        ran.flink.end("job2", "FAILED")
        make_state(ran.home / "flink" / "savepoints" / "0" / "savepoint-job2")
        raise KeyboardInterrupt

    ran.flink.after_submission = kill
    with pytest.raises(KeyboardInterrupt):
        ran.keeper().watch()
    ran.flink.after_submission = lambda: None
    ran.keeper().watch()
    assert ran.last()[0] == 3
    assert ran.last()[2] is None


def test_a_job_without_savepoint_is_cancelled_and_resumes_from_its_checkpoint(city: City) -> None:
    keeper, city.flink.stop_fails = city.keeper(), True
    keeper.watch()
    state = city.checkpoint("job1", 5)
    keeper.stop()
    assert city.flink.cancelled == ["job1"]
    city.keeper().watch()
    assert city.last() == (1, 0, state)


def test_two_savepoints_are_kept(city: City) -> None:
    folder = city.home / "flink" / "savepoints" / "0"
    for age in (40, 30, 20):
        make_state(folder / f"savepoint-{age}", age)
        os.utime(folder / f"savepoint-{age}", (time.time() - age, time.time() - age))
    keeper = city.keeper()
    keeper.watch()
    keeper.stop()
    assert sorted(one.name for one in folder.iterdir()) == ["savepoint-20", "savepoint-job1"]
