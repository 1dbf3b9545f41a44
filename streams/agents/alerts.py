"""Raise and clear alerts by the rules that staff keep in the topic `rules` (Faust).

    python -m streams.agents.alerts

State lives in memory and is rebuilt from topics at each start: rules from their topic, raised
alerts from `event-alert`, the windows in progress from the last stretch of the results. The Faust
app of `streams.agents.app` then goes on from where the reading back ended. Alerts are published as
the family `alert` by the account `city-alerts`; what becomes of a window or a rule stands in
`streams.agents.evaluation`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import faust
import msgspec
from confluent_kafka import Consumer, KafkaException, Message
from prometheus_client import Gauge

from schemas import registry
from schemas.errors import CityBrainError, ComponentError
from streams.agents.app import APP, build_app
from streams.agents.evaluation import Evaluator
from streams.agents.history import (
    Positions,
    is_untouched,
    list_topics,
    open_reader,
    read_back,
    wait_for_topics,
)
from streams.agents.rules import Rule, RuleRefusedError, to_rule
from streams.agents.transitions import Transition
from streams.agents.watchdog import start_watchdog
from streams.clock import now_ms
from streams.commands import ACCOUNT, RULES, put_rules
from streams.metrics import ERRORS, EVENTS, serve
from streams.publisher import EventRefusedError, Publisher

PUBLISHER = "city-alerts"
FAMILY = "alert"
DEFAULT_RULES = Path(__file__).with_name("default_rules.json")
PATIENCE_SECONDS = 60.0
SLACK_SECONDS = 600
MINUTE_MS = 60_000
OLD_MS = 6 * 3_600_000
OPEN = Gauge("citybrain_alerts_open", "Alerts raised now")
log = logging.getLogger(__name__)
_row = msgspec.json.Decoder(dict[str, Any])


class Window(msgspec.Struct, gc=False):
    """Read window and area of a result's row and nothing else: most rows concern no rule."""

    window_seconds: int
    window_start: int
    area: str | None = None


_window = msgspec.json.Decoder(Window)


def default_rules() -> list[Rule]:
    """List the rules that a new city starts with."""
    return [to_rule(one) for one in msgspec.json.decode(DEFAULT_RULES.read_bytes())]


class Agent:
    """Hold the evaluator, what is handled so far, and the publisher of alerts."""

    def __init__(self, publisher: Publisher) -> None:
        """Start knowing nothing."""
        self.evaluator = Evaluator()
        self.positions: Positions = {}
        self._publisher = publisher
        self._horizon_ms = registry.get_family(FAMILY).horizon_seconds * 1000

    def rebuild(self, consumer: Consumer, topics: dict[str, int]) -> None:
        """Rebuild the state from the topics, up to their present ends."""
        event = registry.get_family(FAMILY).topic
        for message in read_back(consumer, event, topics[event], None, {}):
            self._guarded(event, lambda m=message: self._restore(m.value()))
        for message in read_back(consumer, RULES, topics[RULES], None, self.positions):
            self.take(RULES, message.key(), message.value(), message.timestamp()[1])
        now = now_ms()
        self.publish(self.evaluator.drop_orphans(now))
        span = max((max(r.for_seconds, r.clear_for_seconds) + 2 * r.window_seconds
                    for r in self.evaluator.rules()), default=0) + SLACK_SECONDS
        for topic in sorted(set(topics) - {RULES, event}):
            self.follow(read_back(consumer, topic, topics[topic], now - span * 1000,
                                  self.positions))
        self.advance()

    def follow(self, messages: Iterable[Message]) -> None:
        """Take records of results as they come, and remember how far."""
        for message in messages:
            topic, partition = message.topic() or "", message.partition() or 0
            self.take(topic, message.key(), message.value(), message.timestamp()[1])
            end = (message.offset() or 0) + 1
            self.positions[topic, partition] = max(end, self.positions.get((topic, partition), 0))

    def take(self, topic: str, key: bytes | None, body: bytes | None, came_at: int) -> None:
        """Take one record of `rules` or of a result; a bad one is counted and passed over."""
        if topic == RULES:
            self._guarded(topic, lambda: self._take_rule(key or b"", body, came_at))
        elif body is not None:
            self._guarded(topic, lambda: self._take_row(topic, body, came_at))

    def follow_rule(self, key: bytes, body: bytes | None, came_at: int) -> None:
        """Take a rule while results flow; raise ComponentError where these cannot be read again.

        Rows that came before it concerned no rule: those of windows that it judges are read again.
        """
        self.take(RULES, key, body, came_at)
        rule = self.evaluator.find(key.decode(errors="replace"))
        topic = f"result-{rule.result}" if rule else ""
        if rule is None or not (places := [one for one in self.positions if one[0] == topic]):
            return
        since = came_at - rule.window_seconds * 1000 - MINUTE_MS
        with closing(open_reader(ACCOUNT, APP)) as consumer:
            for message in read_back(consumer, topic, len(places), since, {}):
                self.take(topic, message.key(), message.value(), message.timestamp()[1])

    def _take_row(self, topic: str, body: bytes, came_at: int) -> None:
        """Take one row that some rule watches; a recording of other days alerts nobody."""
        result, window = topic.removeprefix("result-"), _window.decode(body)
        if (came_at - window.window_start - window.window_seconds * 1000 <= OLD_MS
                and self.evaluator.concerns(result, window.window_seconds, window.area)):
            self.evaluator.take(result, _row.decode(body), came_at)

    def _guarded(self, topic: str, work: Any) -> None:
        """Do the work for one record; a record that cannot be used must not stop the others."""
        try:
            work()
            EVENTS.labels(topic, "handled").inc()
        except (CityBrainError, msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
            EVENTS.labels(topic, "unusable").inc()
            log.warning("unusable record on %s: %s: %s", topic, type(error).__name__, error)

    def _restore(self, body: bytes | None) -> None:
        """Take one clean alert event."""
        if body is not None:
            self.evaluator.restore(_row.decode(body))

    def _take_rule(self, key: bytes, body: bytes | None, came_at: int) -> None:
        """Take one record of the rules; one that no longer fits stands as removed."""
        rule_id = key.decode(errors="replace")
        try:
            rule = to_rule(body) if body is not None else None
        except RuleRefusedError:
            self.publish(self.evaluator.remove(rule_id, came_at))
            raise
        changes = self.evaluator.put(rule, came_at) if rule else (
            self.evaluator.remove(rule_id, came_at))
        self.publish(changes)

    def advance(self) -> bool:
        """Judge what is due now; tell whether anything was published."""
        changes = self.evaluator.advance(now_ms())
        self.publish(changes)
        OPEN.set(len(self.evaluator.open_alerts()))
        return bool(changes)

    def publish(self, changes: list[Transition]) -> None:
        """Publish raised and cleared alerts; what is older than the horizon counts as replayed."""
        for one in changes:
            log.info("%s %s at %s, value %g", one.state, one.rule_id, one.place, one.alert.value)
            old = now_ms() - one.at > self._horizon_ms - 60_000
            try:
                self._publisher.send(
                    FAMILY, one.payload, event_id=one.event_id, observed_at_ms=one.at,
                    headers={"replay": b"1"} if old else None)
            except EventRefusedError as error:
                ERRORS.labels("alerts").inc()
                log.error("alert %s does not fit its declaration: %s", one.event_id, error)


def _wanted() -> set[str]:
    """Name the topics of all results."""
    return {result.topic for result in registry.results().values()}


def _prepare(agent: Agent) -> Consumer:
    """Wait for the topics, write the default rules of a new city, rebuild the state."""
    event = registry.get_family(FAMILY).topic
    consumer = open_reader(ACCOUNT, APP)
    topics = wait_for_topics(consumer, {RULES, event}, _wanted(), PATIENCE_SECONDS)
    if is_untouched(consumer, RULES, topics[RULES]):
        put_rules(default_rules())
    agent.rebuild(consumer, topics)
    log.info("%d rules, %d raised alerts, %d topics", len(agent.evaluator.rules()),
             len(agent.evaluator.open_alerts()), len(topics))
    return consumer


def main() -> None:
    """Serve until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    serve("alerts")
    try:
        publisher = Publisher(PUBLISHER)
        agent = Agent(publisher)
        consumer = _prepare(agent)
        publisher.flush()
    except (CityBrainError, KafkaException) as error:
        raise SystemExit(f"alerts: {error}") from error
    known = {topic for topic, _ in agent.positions}
    start_watchdog(consumer, agent.positions, lambda: _grown(consumer, known))
    worker = faust.Worker(build_app(agent, consumer, publisher), loglevel="INFO", quiet=True,
                          redirect_stdouts=False)
    for library in ("faust", "mode", "aiokafka"):
        logging.getLogger(library).setLevel(logging.WARNING)
    worker.execute_from_commandline()


def _grown(consumer: Consumer, known: set[str]) -> bool:
    """Tell whether results are declared by now whose topics exist and are not followed yet."""
    registry.refresh()
    try:
        return bool((_wanted() - known) & set(list_topics(consumer)))
    except ComponentError:
        return False


if __name__ == "__main__":
    main()
