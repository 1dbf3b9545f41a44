"""Build the Faust app of the alert rules: an agent for the rules, one for the results, a timer.

The rules come through Faust's own consumer. Results come by the thousand a second and few concern a
rule: a reader of our own hands them to their agent in batches, over a channel in memory, since one
record costs Faust some 200 µs. Nothing is committed: state follows from the topics at each start.
"""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Any, Protocol

import faust
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from schemas.errors import ComponentError
from streams.agents.history import BATCH, BATCH_SECONDS, Positions
from streams.commands import ACCOUNT, RULES
from streams.publisher import Publisher
from streams.secrets import get_password
from streams.settings import read_settings

APP = "agents-alerts"
log = logging.getLogger(__name__)


class Follower(Protocol):
    """Say what the app needs of the agent that judges."""

    positions: Positions

    def follow_rule(self, key: bytes, body: bytes | None, came_at: int) -> None:
        """Take one record of the rules."""

    def follow(self, messages: list[Message]) -> None:
        """Take records of results."""

    def advance(self) -> bool:
        """Judge what is due now; tell whether anything was published."""


def open_app() -> faust.App:
    """Open an app that creates no topic, serves no page and keeps no table."""
    settings = read_settings()
    data = settings.home / "run" / APP
    data.mkdir(parents=True, exist_ok=True)
    credentials = faust.SASLCredentials(
        username=ACCOUNT, password=get_password("kafka", ACCOUNT), mechanism="SCRAM-SHA-256")
    return faust.App(
        APP, broker=[f"kafka://{one}" for one in settings.bootstrap.split(",")],
        broker_credentials=credentials, broker_client_id=f"citybrain-{ACCOUNT}",
        consumer_auto_offset_reset="earliest", topic_allow_declare=False,
        topic_disable_leader=True, store="memory://", web_enabled=False, autodiscover=False,
        datadir=data, broker_commit_interval=2.0, stream_wait_empty=False,
        origin="streams.agents", processing_guarantee="at_least_once")


def read_batch(consumer: Consumer) -> list[Message]:
    """Wait a moment for records; what the client says of the connection is logged."""
    records = []
    for message in consumer.consume(BATCH, BATCH_SECONDS):
        error = message.error()
        if error is None:
            records.append(message)
        elif error.code() != KafkaError._PARTITION_EOF:
            log.warning("reading results: %s", error.str())
    return records


def build_app(agent: Follower, consumer: Consumer, publisher: Publisher) -> faust.App:
    """Build the app; `consumer` goes on with the results where `agent.positions` ends."""
    app = open_app()
    _follow_rules(app, agent)
    _follow_results(app, agent, consumer)

    @app.timer(1.0)
    async def judge() -> None:
        """Judge what is due, and have it confirmed."""
        try:
            if agent.advance():
                await asyncio.get_running_loop().run_in_executor(None, publisher.flush)
        except ComponentError:
            log.exception("alerts were not confirmed: ending, to judge them again")
            os._exit(1)

    return app


def _follow_rules(app: faust.App, agent: Follower) -> None:
    """Give the app the agent that takes rules as they are put or removed."""
    topic = app.topic(RULES, key_type=bytes, value_type=bytes, key_serializer="raw",
                      value_serializer="raw", internal=False)

    @app.agent(topic, concurrency=1, name="rules")
    async def rules(stream: Any) -> None:
        """Take each rule once: those read back at start come again."""
        async for event in stream.events():
            message = event.message
            place = (message.topic, message.partition)
            if message.offset >= agent.positions.get(place, 0):
                _take_rule(agent, message)
                agent.positions[place] = message.offset + 1


def _take_rule(agent: Follower, message: Any) -> None:
    """Take one rule; end where the results it judges cannot be read again, to do so at start."""
    try:
        agent.follow_rule(message.key or b"", message.value, int(message.timestamp * 1000))
    except ComponentError:
        log.exception("a rule's windows could not be read again: ending, to do so at the start")
        os._exit(1)


def _follow_results(app: faust.App, agent: Follower, consumer: Consumer) -> None:
    """Give the app the agent that takes rows of results, and the reader that hands them to it."""
    channel: Any = app.channel(maxsize=2)
    consumer.assign([TopicPartition(*place, end) for place, end in agent.positions.items()
                     if place[0] != RULES])

    @app.agent(channel, concurrency=1, name="results")
    async def results(stream: Any) -> None:
        """Take the rows of one batch after another."""
        async for batch in stream:
            agent.follow(batch)

    @app.task
    async def read() -> None:
        """Read in a thread, as fast as the agent takes what is read."""
        loop = asyncio.get_running_loop()
        while not app.should_stop:
            if batch := await loop.run_in_executor(None, read_batch, consumer):
                await channel.put(batch)
