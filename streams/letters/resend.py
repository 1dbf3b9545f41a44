"""Send dead letters to their raw topics again, each event counted once however often that is done.

Three things keep it so: the topic `repaired` names by coordinates what was sent again, the store is
asked for the event's id, and within the family's horizon the gate itself recognises a copy.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import msgspec
from confluent_kafka import KafkaError, KafkaException, Message

from schemas import registry
from schemas.errors import ComponentError
from streams.broker import open_producer
from streams.gate import Verdict
from streams.kept import read_kept, write_kept
from streams.letters.judge import Judge, Sending
from streams.letters.letter import Letter, read_letters
from streams.letters.settle import Sent, Settled, settle
from streams.publishers import read_registrations
from streams.queries.letters import list_known
from streams.queries.reader import Store

ACCOUNT, LEDGER = "repair", "repaired"
BATCH = 1_000
CONFIRM_SECONDS = 30.0
ALREADY, STORED = "already sent again", "an event of this id is stored already"
Progress = Callable[[int, str], None]


@dataclass(slots=True)
class Outcome:
    """Hold what became of a file: `unsent` and `reasons` tell why, with how many letters."""

    letters: int = 0
    closed: int = 0
    settled: Settled = field(default_factory=Settled)
    unsent: Counter[str] = field(default_factory=Counter)
    interrupted: bool = False


def may_replay() -> Callable[[str], bool]:
    """Read whose header `replay` excuses lateness."""
    known = read_registrations(ACCOUNT)
    return lambda publisher: publisher in known and known[publisher].replay


def resend(path: Path, store: Store, *, run: str, progress: Progress,
           seconds: float = 60.0) -> Outcome:
    """Send the letters of a file again, a batch at a time, each settled before the next."""
    outcome, judge = Outcome(), Judge(may_replay(), run)
    done = set(read_kept(ACCOUNT, LEDGER))
    letters = read_letters(path)
    try:
        while batch := list(islice(letters, BATCH)):
            chosen = list(_choose(batch, judge, done, outcome))
            sent = send(_unknown(chosen, store, outcome))
            note(sent, run)
            outcome.settled.add(settle(
                sent, store, lambda left: progress(outcome.letters, f"{left:,} in flight"),
                seconds))
            outcome.letters += len(batch)
            progress(outcome.letters, "")
    except KeyboardInterrupt:
        outcome.interrupted = True
    return outcome


def _choose(letters: Sequence[Letter], judge: Judge, done: set[str], outcome: Outcome
            ) -> Iterator[Sending]:
    """Choose what is sent: there, not sent before, and good by the gate's own function."""
    for letter in letters:
        if letter.gone:
            outcome.unsent[f"the original is gone: {letter.gone}"] += 1
        elif letter.coordinates in done:
            outcome.unsent[ALREADY] += 1
        else:
            sending, judged = judge.decide(letter)
            if judged.verdict in (Verdict.REFUSED, Verdict.LATE):
                outcome.unsent[f"would be refused: {judged.reason} ({judged.field})"] += 1
                continue
            done.add(letter.coordinates)
            outcome.closed += judged.closed
            yield sending


def _unknown(chosen: Sequence[Sending], store: Store, outcome: Outcome) -> list[Sending]:
    """Leave out what the store has under the same publisher and id."""
    known: set[tuple[str, str]] = set()
    for topic in {one.topic for one in chosen}:
        same = [one for one in chosen if one.topic == topic]
        family = registry.families().get(topic.rpartition("--")[2])
        if family is not None:
            ids = list_known(store, family.table, same[0].publisher,
                             [one.event_id for one in same])
            known |= {(topic, one) for one in ids}
    left = [one for one in chosen if (one.topic, one.event_id) not in known]
    if len(left) < len(chosen):
        outcome.unsent[STORED] += len(chosen) - len(left)
    return left


def send(chosen: Sequence[Sending]) -> list[Sent]:
    """Send records and give where each came to lie; raise ComponentError on what was refused."""
    sent: list[Sent] = []
    failures: list[str] = []

    def delivered(one: Sending) -> Callable[[KafkaError | None, Message], None]:
        """Note where a record lies, or why it does not."""
        def note_it(error: KafkaError | None, message: Message) -> None:
            """Note one record."""
            if error is not None:
                failures.append(f"{one.topic}: {error.str()}")
            else:
                sent.append(Sent(one.topic, message.partition() or 0, message.offset() or 0,
                                 one.publisher, one.event_id, one.letter.coordinates))
        return note_it

    producer = open_producer(ACCOUNT)
    try:
        for one in chosen:
            producer.produce(one.topic, value=one.body, key=one.key,
                             headers=list(one.headers.items()), on_delivery=delivered(one))
        left = producer.flush(CONFIRM_SECONDS)
    except KafkaException as error:
        raise ComponentError(f"account {ACCOUNT}: {error}") from error
    if failures or left:
        note(sent, "")
        why = failures[0] if failures else f"not confirmed after {CONFIRM_SECONDS:g} s"
        raise ComponentError(f"{len(chosen) - len(sent):,} dead letters were not sent: {why}")
    return sent


def note(sent: Sequence[Sent], run: str) -> None:
    """Note in the ledger what was sent again, and where it lies now."""
    if sent:
        at = time.time_ns() // 1_000_000
        write_kept(ACCOUNT, LEDGER, {one.original: msgspec.json.encode({
            "run": run, "at": at, "event_id": one.event_id,
            "sent_as": f"{one.topic}/{one.partition}/{one.offset}"}) for one in sent})
