"""Run the job: `python -m tests.peers.flink_java`."""

from __future__ import annotations

from pathlib import Path

from tests.peers.flink_table.job import run

ENVIRONMENT = Path(__file__).parent / "environment"

if __name__ == "__main__":
    run(lambda environment: environment.create_java_temporary_system_function(
        "judge", "citybrain.peers.Judge"),
        [ENVIRONMENT / "judge.jar", *(ENVIRONMENT / "jars").glob("*.jar")])
