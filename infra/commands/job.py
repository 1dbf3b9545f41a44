"""List, start, stop and look at the Flink jobs."""

from __future__ import annotations

import json
import time
from typing import Any

import click

from infra.audit import audited
from infra.supervision import start_program, stop_program
from jobs.cluster import Cluster
from jobs.keeper import Keeper
from jobs.plan import JOB_PREFIX, list_queries, spread
from streams.settings import read_settings


@click.group()
def command() -> None:
    """List, start and stop the Flink jobs; see how they are."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List the jobs and the results that each computes."""
    settings = read_settings()
    parts = spread(list(list_queries()), settings.statement_sets)
    rows = [{"job": f"{JOB_PREFIX}-{i}", "results": names} for i, names in enumerate(parts)]
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        click.echo(f"{row['job']}  {', '.join(row['results'])}")


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Show state, uptime, generation and checkpoints of each job."""
    settings = read_settings()
    cluster, keeper = Cluster(), Keeper(settings)
    rows = [_row(cluster, keeper, part) for part in range(settings.statement_sets)]
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        click.echo("  ".join(f"{name}={value}" for name, value in row.items()))


def _row(cluster: Cluster, keeper: Keeper, part: int) -> dict[str, Any]:
    """Describe one job."""
    name, progress = f"{JOB_PREFIX}-{part}", keeper.read(part)
    job = cluster.find_job(name)
    row: dict[str, Any] = {"job": name, "state": job["state"] if job else "ABSENT",
                           "generation": progress.generation}
    if job:
        counts = cluster.checkpoints(job["jid"])["counts"]
        row |= {"id": job["jid"], "uptime_seconds": int(time.time() - job["start-time"] / 1000),
                "checkpoints": counts["completed"], "checkpoints_failed": counts["failed"],
                "restored": counts["restored"]}
    return row


@command.command()
def start() -> None:
    """Start the jobs from their newest savepoint or checkpoint."""
    with audited("job.start", "job"):
        start_program("job")
    click.echo("job keeper started; see: citybrain job status")


@command.command()
def stop() -> None:
    """Stop the jobs with a savepoint; publishers go on, records wait in Kafka."""
    with audited("job.stop", "job"):
        stop_program("job")
    click.echo("jobs stopped with a savepoint")
