"""Submit one statement set to the Flink cluster: `python -m jobs.submit`; prints the job id."""

from __future__ import annotations

import os
from pathlib import Path

import click
import yaml

from jobs.plan import build
from streams.settings import read_settings

CLIENT_TLS = ("security.ssl.algorithms", *(
    f"security.ssl.rest.{name}" for name in ("enabled", "verify-hostname", "truststore")))


def _trusted() -> dict[str, str]:
    """Give how the cluster is verified, which this client does not take from its configuration."""
    config = Path(os.environ["FLINK_CONF_DIR"]) / "config.yaml"
    return {name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in yaml.safe_load(config.read_text()).items()
            if name.startswith(CLIENT_TLS)}


@click.command()
@click.option("--part", type=int, default=0, help="Number of the statement set.")
@click.option("--generation", type=int, required=True, help="Generation of the results' versions.")
@click.option("--since", type=int, default=0, help="Append time to read raw topics from, epoch ms.")
@click.option("--restore", default="", help="Savepoint or checkpoint to start from.")
def main(part: int, generation: int, since: int, restore: str) -> None:
    """Submit one statement set to the Flink cluster and print the id of its job."""
    # without this the workers would live in this process, which ends after the submission
    os.environ["_python_worker_execution_mode"] = "process"  # noqa: SIM112
    settings = read_settings()
    remote = {"execution.target": "remote", "rest.address": settings.flink_host,
              "rest.port": str(settings.port("flink_rest")), "execution.attached": "false",
              **_trusted()}
    if restore:
        remote["execution.state-recovery.path"] = restore
    statements = build(settings, generation, since, part, remote)
    client = statements.execute().get_job_client()
    click.echo(str(client.get_job_id()) if client else "")


if __name__ == "__main__":
    main()
