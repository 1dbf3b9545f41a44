"""Test what is asked of the JobManager and what is made of its answers, without one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from jobs.cluster import Cluster
from schemas.errors import ComponentError

DONE = {"status": {"id": "COMPLETED"}}
BUSY = {"status": {"id": "IN_PROGRESS"}}


class Manager:
    """Play the JobManager: answer by method and path, the last answer for ever."""

    def __init__(self, answers: dict[str, list[Any]]) -> None:
        """Hold the answers; an exception is raised, a number is a status."""
        self.answers = answers
        self.asked: list[tuple[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        line = f"{request.method} {request.url.raw_path.decode()}"
        self.asked.append((line, json.loads(request.content) if request.content else None))
        left = self.answers[line]
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            return httpx.Response(answer)
        return httpx.Response(200, content=answer if isinstance(answer, bytes) else
                              json.dumps(answer).encode())


def cluster(**answers: Any) -> tuple[Cluster, Manager]:
    """Give a cluster whose answers are known by method and path."""
    manager = Manager({name: value if isinstance(value, list) else [value]
                       for name, value in answers.items()})
    one = Cluster()
    one._http = httpx.Client(base_url=one.address, transport=httpx.MockTransport(manager))
    return one, manager


def test_slots_are_counted_and_none_while_the_manager_is_away() -> None:
    assert cluster(**{"GET /overview": {"slots-total": 4}})[0].slots() == 4
    for answer in (httpx.ConnectError("refused"), 503, b"<html>"):
        assert cluster(**{"GET /overview": answer})[0].slots() == 0


def test_only_a_live_job_of_that_name_is_found() -> None:
    jobs = [{"jid": str(i), "name": name, "state": state} for i, (name, state) in enumerate([
        ("a", "FAILED"), ("b", "RUNNING"), ("a", "CANCELED"), ("a", "RESTARTING")])]
    one, _ = cluster(**{"GET /jobs/overview": {"jobs": jobs}})
    found = one.find_job("a")
    assert found is not None
    assert found["jid"] == "3"
    assert one.find_job("c") is None


def test_why_a_job_failed_is_told_and_nothing_where_nothing_is_known() -> None:
    path = "GET /jobs/j/exceptions"
    told = {"exceptionHistory": {"entries": [{"stacktrace": "x" * 5000}, {"stacktrace": "y"}]}}
    assert cluster(**{path: told})[0].exception("j") == "x" * 2000
    assert cluster(**{path: {"exceptionHistory": {"entries": []}}})[0].exception("j") == ""


@pytest.mark.parametrize("answer", [httpx.ReadTimeout("slow"), 500, b"{"])
def test_a_manager_that_does_not_answer_is_one_line_with_its_address(answer: Any) -> None:
    one, _ = cluster(**{"GET /jobs/j/checkpoints": answer})
    with pytest.raises(ComponentError, match=f"Flink at {one.address}/jobs/j/checkpoints"):
        one.checkpoints("j")


def test_a_job_is_stopped_with_a_savepoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.cluster.time.sleep", lambda _: None)
    one, manager = cluster(**{
        "POST /jobs/j/stop": {"request-id": "r"},
        "GET /jobs/j/savepoints/r": [BUSY, BUSY, {**DONE, "operation": {"location": "file:/s"}}]})
    assert one.stop("j", tmp_path) == "file:/s"
    assert manager.asked[0] == ("POST /jobs/j/stop", {
        "targetDirectory": tmp_path.as_uri(), "drain": False})
    assert len(manager.asked) == 4


def test_a_savepoint_that_failed_or_takes_too_long_is_told(tmp_path: Path) -> None:
    path = "GET /jobs/j/savepoints/r"
    failed = {**DONE, "operation": {"failure-cause": {"stack-trace": "disk full"}}}
    for answer, seconds, word in [(failed, 5.0, "failed: disk full"), (BUSY, 0.1, "not done after"),
                                  (DONE, 5.0, "failed: unknown")]:
        one, _ = cluster(**{"POST /jobs/j/stop": {"request-id": "r"}, path: answer})
        with pytest.raises(ComponentError, match=f"savepoint of j {word}"):
            one.stop("j", tmp_path, seconds)


def test_a_job_is_cancelled() -> None:
    one, manager = cluster(**{"PATCH /jobs/j?mode=cancel": b""})
    one.cancel("j")
    assert manager.asked == [("PATCH /jobs/j?mode=cancel", None)]
