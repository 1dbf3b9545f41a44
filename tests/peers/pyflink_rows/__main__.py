"""Run the job: `python -m tests.peers.pyflink_rows`."""

from __future__ import annotations

import os

from tests.peers.flink_table.job import run
from tests.peers.pyflink_rows.judge import judge

if __name__ == "__main__":
    # workers in processes of their own, as on a cluster, and not as threads of this one
    os.environ["_python_worker_execution_mode"] = "process"  # noqa: SIM112
    run(lambda environment: environment.create_temporary_system_function("judge", judge), [])
