"""Play the Flink cluster, and the home in which a keeper works."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from jobs.keeper import Keeper
from schemas.errors import ComponentError
from streams.settings import read_settings


class Flink:
    """Play the cluster and the process that submits to it."""

    def __init__(self) -> None:
        """Start with no job."""
        self.jobs: list[dict[str, Any]] = []
        self.submitted: list[dict[str, str]] = []
        self.why: dict[str, str] = {}
        self.cancelled: list[str] = []
        self.fails = self.stop_fails = False
        self.after_submission: Callable[[], None] = lambda: None

    def run(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        """Take a submission as `python -m jobs.submit` does."""
        options = command[3:]
        told = dict(zip(options[::2], options[1::2], strict=True))
        self.submitted.append(told)
        if self.fails:
            return subprocess.CompletedProcess(command, 1, "", "no\ncannot submit")
        number = f"job{len(self.submitted)}"
        self.jobs.append({"jid": number, "name": f"citybrain-{told['--part']}",
                          "state": "RUNNING"})
        self.after_submission()
        return subprocess.CompletedProcess(command, 0, f"warning\n{number}\n", "")

    def list_jobs(self) -> list[dict[str, Any]]:
        """List every job."""
        return self.jobs

    def find_job(self, name: str) -> dict[str, Any] | None:
        """Find a running job."""
        return next((one for one in self.jobs
                     if one["name"] == name and one["state"] == "RUNNING"), None)

    def exception(self, job_id: str) -> str:
        """Give why a job failed."""
        return self.why[job_id]

    def stop(self, job_id: str, directory: Path, _: float) -> str:
        """Stop a job with a savepoint."""
        if self.stop_fails:
            raise ComponentError("savepoint not done")
        state = directory / f"savepoint-{job_id}"
        make_state(state)
        self.end(job_id, "FINISHED")
        return str(state)

    def cancel(self, job_id: str) -> None:
        """Cancel a job."""
        self.cancelled.append(job_id)
        self.end(job_id, "CANCELED")

    def end(self, job_id: str, state: str, why: str = "") -> None:
        """Let a job end."""
        next(one for one in self.jobs if one["jid"] == job_id)["state"] = state
        self.why[job_id] = why


def make_state(folder: Path, age_seconds: float = 0.0) -> Path:
    """Make a complete savepoint or checkpoint of some age."""
    folder.mkdir(parents=True)
    (folder / "_metadata").touch()
    at = time.time() - age_seconds
    os.utime(folder / "_metadata", (at, at))
    return folder


class City:
    """Hold a keeper's surroundings: home, cluster, plan."""

    def __init__(self, home: Path) -> None:
        """Start in an empty home."""
        self.home, self.flink, self.plan = home, Flink(), "plan-1"

    def keeper(self, sets: int = 1) -> Keeper:
        """Give a keeper, as a new process would."""
        return Keeper(replace(read_settings(), home=self.home, statement_sets=sets))

    def checkpoint(self, job_id: str, age_seconds: float = 0.0, number: int = 1) -> Path:
        """Let a job have made a checkpoint."""
        return make_state(self.home / "flink" / "checkpoints" / job_id / f"chk-{number}",
                          age_seconds)

    def last(self) -> tuple[int, int, Path | None]:
        """Give generation, start (epoch ms) and state of the last submission."""
        told = self.flink.submitted[-1]
        state = told.get("--restore")
        return (int(told["--generation"]), int(told["--since"]),
                Path(state.removeprefix("file://")) if state else None)

    def memory(self) -> dict[str, Any]:
        """Read what the keeper remembers."""
        kept: dict[str, Any] = json.loads((self.home / "flink" / "progress-0.json").read_text())
        return kept
