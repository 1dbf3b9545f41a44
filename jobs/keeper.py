"""Keep the Flink jobs running: `python -m jobs.keeper`.

At start each job resumes from its newest savepoint or checkpoint. State is a cache: where the plan
changed, the state is gone, or it is so old that some of it has expired, the generation is raised
and every window that may still change is computed again from the raw topics. SIGTERM stops the
jobs with a savepoint.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event

from jobs.cluster import Cluster
from jobs.plan import JOB_PREFIX, STATE_TTL_HOURS, fingerprint
from schemas.errors import ComponentError
from streams.metrics import ERRORS, serve
from streams.settings import Settings, read_settings

log = logging.getLogger("job")
POLL_SECONDS = 3.0
SUBMIT_SECONDS = 180
# The client lives for seconds: planning took two thirds of the time without the second compiler.
CLIENT_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
# What may still change a window: the longest window (1 h) and the longest horizon (1 h).
OPEN_MS = 2 * 3_600_000
RESUMABLE_SECONDS = (STATE_TTL_HOURS - 2) * 3600 - 900
RETAINED_MS = 20 * 3_600_000


@dataclass
class Progress:
    """Hold what is remembered of one job between starts; `pending` until its id is known."""

    generation: int = 0
    since_ms: int = 0
    plan: str = ""
    job_ids: tuple[str, ...] = ()
    pending: bool = False


class Keeper:
    """Start, watch and stop the statement sets."""

    def __init__(self, settings: Settings) -> None:
        """Read what is remembered."""
        self._settings, self._cluster = settings, Cluster()
        self._directory = settings.flink_folder
        self._failed_restores: set[str] = set()

    def _file(self, part: int) -> Path:
        """Give the file in which one part's progress is kept."""
        return self._directory / f"progress-{part}.json"

    def read(self, part: int) -> Progress:
        """Read one part's progress."""
        path = self._file(part)
        if not path.exists():
            return Progress()
        kept = json.loads(path.read_text())
        return Progress(**{**kept, "job_ids": tuple(kept["job_ids"])})

    def _write(self, part: int, progress: Progress) -> None:
        """Keep one part's progress, atomically."""
        draft = self._file(part).with_suffix(".new")
        draft.write_text(json.dumps(asdict(progress)))
        draft.replace(self._file(part))

    def find_state(self, part: int) -> Path | None:
        """Find the newest complete savepoint or checkpoint of a part."""
        found = list((self._directory / "savepoints" / str(part)).glob("savepoint-*/_metadata"))
        for job_id in self.read(part).job_ids:
            found += (self._directory / "checkpoints" / job_id).glob("chk-*/_metadata")
        usable = [one for one in found if str(one.parent) not in self._failed_restores]
        return max(usable, key=lambda one: one.stat().st_mtime).parent if usable else None

    def start(self, part: int) -> None:
        """Start one part from its state, or in a new generation."""
        progress, state = self.read(part), self.find_state(part)
        plan = fingerprint(self._settings, part)
        saved_at = (state / "_metadata").stat().st_mtime if state else 0.0
        resumable = (state is not None and plan == progress.plan and not progress.pending
                     and time.time() - saved_at < RESUMABLE_SECONDS)
        if not resumable:
            since = 0
            if progress.job_ids:
                since = int(saved_at * 1000) - OPEN_MS - 120_000 if state else (
                    time.time_ns() // 1_000_000 - RETAINED_MS)
            progress = Progress(progress.generation + 1, since, plan, progress.job_ids, True)
            # remembered first: a generation whose submission nobody saw end is not given twice
            self._write(part, progress)
            log.info("part %d: no usable state, generation %d from %d", part,
                     progress.generation, since)
        job_id = self._submit(part, progress, state if resumable else None)
        self._adopt(part, job_id)
        log.info("part %d runs as %s%s", part, job_id, f" from {state}" if resumable else "")

    def _adopt(self, part: int, job_id: str) -> None:
        """Remember the id of a running job, submitted now or by a keeper that was killed."""
        progress = self.read(part)
        if job_id not in progress.job_ids:
            progress.job_ids, progress.pending = (*progress.job_ids[-4:], job_id), False
            self._write(part, progress)

    def _submit(self, part: int, progress: Progress, state: Path | None) -> str:
        """Submit a part in a process of its own and give the job's id."""
        command = [sys.executable, "-m", "jobs.submit", "--part", str(part), "--generation",
                   str(progress.generation), "--since", str(progress.since_ms)]
        if state is not None:
            command += ["--restore", state.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SUBMIT_SECONDS,
                              check=False, env={**os.environ, "JVM_ARGS": self._client_jvm()})
        job_id = done.stdout.strip().split("\n")[-1]
        if done.returncode or not job_id:
            if state is not None:
                self._failed_restores.add(str(state))
            raise ComponentError(f"submission failed: {done.stderr.strip()[-800:]}")
        return job_id

    @staticmethod
    def _client_jvm() -> str:
        """Give the client's arguments; how much memory it gets, the launcher has said."""
        return f"{CLIENT_JVM} {os.environ.get('JVM_ARGS', '')}".rstrip()

    def watch(self) -> None:
        """Start what is not running; a job that failed to restore starts in a new generation."""
        for part in range(self._settings.statement_sets):
            job = self._cluster.find_job(f"{JOB_PREFIX}-{part}")
            if job is not None:
                self._adopt(part, job["jid"])
                continue
            self._note_failure(part)
            self.start(part)

    def _note_failure(self, part: int) -> None:
        """Log why the last job of a part ended; distrust a state that it could not restore."""
        known = {job["jid"]: job for job in self._cluster.list_jobs()}
        last = self.read(part).job_ids[-1:]
        if last and known.get(last[0], {}).get("state") == "FAILED":
            why = self._cluster.exception(last[0])
            log.error("part %d failed: %s", part, why)
            state = self.find_state(part)
            if state is not None and "restore" in why.lower():
                self._failed_restores.add(str(state))

    def stop(self) -> None:
        """Stop every job with a savepoint; one that cannot is cancelled (its checkpoints stay)."""
        for part in range(self._settings.statement_sets):
            job = self._cluster.find_job(f"{JOB_PREFIX}-{part}")
            if job is None:
                continue
            directory = self._directory / "savepoints" / str(part)
            directory.mkdir(parents=True, exist_ok=True)
            try:
                log.info("savepoint %s", self._cluster.stop(job["jid"], directory, 45.0))
                self._forget_older(directory)
            except ComponentError as error:
                log.error("%s; cancelled, the next start resumes from a checkpoint", error)
                self._cluster.cancel(job["jid"])

    @staticmethod
    def _forget_older(directory: Path) -> None:
        """Delete all but the two newest savepoints."""
        kept = sorted(directory.glob("savepoint-*"), key=lambda one: one.stat().st_mtime)
        for old in kept[:-2]:
            for file in old.iterdir():
                file.unlink()
            old.rmdir()


def main() -> None:
    """Keep the jobs until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    settings, ended = read_settings(), Event()
    settings.flink_folder.mkdir(parents=True, exist_ok=True)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    serve("job")
    keeper, cluster = Keeper(settings), Cluster()
    slots = settings.parallelism * settings.statement_sets
    while not ended.wait(0.5) and cluster.slots() < slots:
        pass
    while not ended.is_set():
        try:
            keeper.watch()
        except (ComponentError, subprocess.TimeoutExpired) as error:
            ERRORS.labels("flink").inc()
            log.error("%s", error)
        ended.wait(POLL_SECONDS)
    try:
        keeper.stop()
    except ComponentError as error:
        log.error("%s", error)


if __name__ == "__main__":
    main()
