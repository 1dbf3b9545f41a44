"""Talk to the Flink cluster over its REST interface."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx

from schemas.errors import ComponentError
from streams.tls import address, trust

ALIVE = {"RUNNING", "CREATED", "RESTARTING", "INITIALIZING", "RECONCILING"}


class Cluster:
    """Ask the JobManager about jobs and have them stopped."""

    def __init__(self, seconds: float = 10.0) -> None:
        """Connect to the REST port on the configured host; `seconds` are waited for an answer."""
        self.address = address("flink_rest")
        self._http = httpx.Client(base_url=self.address, timeout=seconds, trust_env=False,
                                  verify=trust("flink_rest"))

    def get(self, path: str) -> Any:
        """Get one REST resource; raise ComponentError when the JobManager is away."""
        return self._call("GET", path)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        """Call the REST interface once."""
        try:
            answer = self._http.request(method, path, json=body)
            answer.raise_for_status()
            return answer.json() if answer.content else {}
        except (httpx.HTTPError, ValueError) as error:
            raise ComponentError(f"Flink at {self.address}{path}: {error}") from error

    def slots(self) -> int:
        """Count the task slots, 0 when the JobManager is away."""
        try:
            return int(self.get("/overview")["slots-total"])
        except ComponentError:
            return 0

    def list_jobs(self) -> list[dict[str, Any]]:
        """List jobs: jid, name, state, start-time (epoch ms)."""
        jobs: list[dict[str, Any]] = self.get("/jobs/overview")["jobs"]
        return jobs

    def find_job(self, name: str) -> dict[str, Any] | None:
        """Find the live job of a name."""
        return next((job for job in self.list_jobs()
                     if job["name"] == name and job["state"] in ALIVE), None)

    def exception(self, job_id: str) -> str:
        """Give the first lines of why a job failed."""
        entries = self.get(f"/jobs/{job_id}/exceptions")["exceptionHistory"]["entries"]
        return str(entries[0]["stacktrace"])[:2000] if entries else ""

    def checkpoints(self, job_id: str) -> dict[str, Any]:
        """Give counts and the latest checkpoints of a job."""
        answer: dict[str, Any] = self.get(f"/jobs/{job_id}/checkpoints")
        return answer

    def cancel(self, job_id: str) -> None:
        """Cancel a job without a savepoint."""
        self._call("PATCH", f"/jobs/{job_id}?mode=cancel")

    def stop(self, job_id: str, directory: Path, seconds: float = 60.0) -> str:
        """Stop a job with a savepoint in `directory`; give the savepoint's path."""
        trigger = self._call("POST", f"/jobs/{job_id}/stop",
                             {"targetDirectory": directory.as_uri(), "drain": False})
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            status = self.get(f"/jobs/{job_id}/savepoints/{trigger['request-id']}")
            operation = status.get("operation") or {}
            if status["status"]["id"] == "COMPLETED":
                if "location" in operation:
                    return str(operation["location"])
                cause = operation.get("failure-cause", {}).get("stack-trace", "unknown")
                raise ComponentError(f"savepoint of {job_id} failed: {cause[:500]}")
            time.sleep(0.3)
        raise ComponentError(f"savepoint of {job_id} not done after {seconds:g} s")
