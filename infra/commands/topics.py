"""The topics, their size, and how far the platform has read them."""

from __future__ import annotations

import json
from typing import Any

import click
from confluent_kafka import KafkaException, TopicPartition

from schemas.errors import CityBrainError
from streams.broker import open_consumer
from streams.publishers import read_registrations
from streams.topics import declared_topics

GROUPS = {"raw": "gate", "event": "sink", "result": "sink"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """List topics with partitions, records held, and the lag of who reads them."""
    try:
        rows = read_topics()
    except (CityBrainError, KafkaException) as error:
        raise click.ClickException(f"Kafka does not answer: {error}") from error
    if as_json:
        click.echo(json.dumps(rows))
        return
    click.echo(f"{'topic':48} {'partitions':>10} {'records':>12} {'MiB at most':>11}"
               f" {'lag':>10}  read by")
    for row in rows:
        lag = "" if row["lag"] is None else row["lag"]
        click.echo(f"{row['topic']:48} {row['partitions']:10} {row['records']:12}"
                   f" {row['bytes_at_most'] / 2**20:11.0f} {lag:>10}  {row['read_by']}")
    click.echo(f"at most {sum(row['bytes_at_most'] for row in rows) / 2**20:,.0f} MiB on disk")


def read_ends() -> dict[str, int]:
    """Read how many records each topic has ever taken, by the ends of its partitions."""
    consumer = open_consumer("admin", "gate")
    try:
        topics = consumer.list_topics(timeout=10.0).topics
        return {name: sum(consumer.get_watermark_offsets(
                    TopicPartition(name, number), timeout=10.0)[1] for number in one.partitions)
                for name, one in topics.items() if not name.startswith("_")}
    finally:
        consumer.close()


def read_topics() -> list[dict[str, Any]]:
    """Read, for each topic, partitions, records held and the lag of its reader's group."""
    watching = {group: open_consumer("admin", group) for group in ("gate", "sink")}
    registered = {name: one.families for name, one in read_registrations("admin").items()}
    most = {one.name: one.most_bytes for one in declared_topics(registered)}
    try:
        topics = watching["sink"].list_topics(timeout=10.0).topics
        rows = []
        for name in sorted(one for one in topics if not one.startswith("_")):
            places = [TopicPartition(name, p) for p in topics[name].partitions]
            bounds = [watching["sink"].get_watermark_offsets(p, timeout=10.0) for p in places]
            group = GROUPS.get(name.split("-")[0], "sink" if name in (
                "dead-letters", "gate-ledger", "publisher-progress", "window-final",
                "feedback") else "")
            read = watching[group].committed(places, timeout=10.0) if group else []
            lag = sum(max(0, high - (p.offset if p.offset >= 0 else low))
                      for p, (low, high) in zip(read, bounds, strict=False))
            rows.append({"topic": name, "partitions": len(places), "read_by": group,
                         "records": sum(high - low for low, high in bounds),
                         "bytes_at_most": most.get(name, 0),
                         "lag": lag if group else None})
        return rows
    finally:
        for consumer in watching.values():
            consumer.close()
