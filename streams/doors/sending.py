"""Send one dropped file as live events, and account for every one of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.errors import ComponentError, Refusal
from schemas.render.kafka import raw_name
from streams.mapping.declare import MapFile
from streams.publisher import Publisher
from streams.rehearsal import judge_message
from streams.replay import MAX_SPEED, Message, Recording, Sent, closing_line, send
from streams.settlement import Settled, Settlement, read_offsets
from streams.store import connect

# lines told of each reason
MOST_LINES = 1_000
# how long the gate may take to come to what was there before, and to move on in what was sent
BEFORE_SECONDS = 5.0
SETTLE_SECONDS = 60.0
OFFSET_SECONDS = 10.0
Check = Callable[[], None]


@dataclass(slots=True)
class Refused:
    """Hold what was refused for one reason: how often, in which lines, and the first of them."""

    first: Refusal
    events: int = 0
    lines: list[int] = field(default_factory=list)

    def tell(self) -> dict[str, Any]:
        """Lay it out for a report."""
        return {"reason": str(self.first.reason), "field": self.first.field,
                "events": self.events, "lines": self.lines,
                "lines_left_off": self.events - len(self.lines),
                "value": self.first.value, "detail": self.first.detail}


class JudgedRecording(Recording):
    """Give the messages of a recording, each judged as the gate will, with its line."""

    def __init__(self, path: Path, declared: MapFile, check: Check) -> None:
        """Take file and map; `check` is called with every message and raises to stop."""
        super().__init__(path, declared, run="")
        self._check = check
        self.refused: dict[tuple[str, str], Refused] = {}

    def numbered(self) -> Iterator[tuple[int, Message]]:
        """Give the messages in the order of the file."""
        for line, message in super().numbered():
            self._check()
            found = judge_message(self.mapper.family, message, time.time_ns() // 1_000_000,
                                  replayed=False)
            if isinstance(found, Refusal):
                self._note(line, found)
            yield line, message

    def _note(self, line: int, refusal: Refusal) -> None:
        """Note a refusal."""
        one = self.refused.setdefault((str(refusal.reason), refusal.field), Refused(refusal))
        one.events += 1
        if len(one.lines) < MOST_LINES:
            one.lines.append(line)


def send_file(recording: JudgedRecording, declared: MapFile) -> dict[str, Any]:
    """Send a file and give its report; raise ComponentError when Kafka does not confirm all.

    Counts are the gate's own where it has judged all and nobody else published as this publisher
    meanwhile; else they are the door's, which judges by the same functions and knows no duplicates.
    """
    publisher, family = declared.publisher, declared.family
    topic = raw_name(publisher, family)
    start = read_offsets(publisher, topic, OFFSET_SECONDS)
    settlement = _await_gate(topic, start)
    with Publisher(publisher, verify=False) as sender:
        sent = send(recording, sender, run="", speed=MAX_SPEED, live=True,
                    progress=lambda *_: None)
    ends = {part: high for part, (_, high) in
            read_offsets(publisher, topic, OFFSET_SECONDS).items()}
    appended = sum(end - start.get(part, (0, 0))[1] for part, end in ends.items())
    settled = _settle(settlement, ends) if appended == sent.events else None
    return _report(recording, declared, sent, settled)


def _await_gate(topic: str, start: dict[int, tuple[int, int]]) -> Settlement | None:
    """Take the gate's counts before sending; None when it or the store is away or far behind."""
    try:
        with closing(connect("reader")) as store:
            return Settlement(store, topic, start, BEFORE_SECONDS)
    except ComponentError:
        return None


def _settle(settlement: Settlement | None, ends: dict[int, int]) -> Settled | None:
    """Wait for the gate's verdicts; None when they cannot be had."""
    if settlement is None:
        return None
    try:
        settled = settlement.settle(ends, lambda _: None, SETTLE_SECONDS)
    except ComponentError:
        return None
    return settled if settled.in_flight == 0 else None


def _report(recording: JudgedRecording, declared: MapFile, sent: Sent, settled: Settled | None
            ) -> dict[str, Any]:
    """Lay out what a report tells."""
    refused = Counter({key: one.events for key, one in recording.refused.items()}).total()
    counts: dict[str, Any] = {
        "accepted": sent.events - refused, "refused": refused, "duplicates": None}
    if settled is not None:
        counts = {"accepted": settled.accepted, "refused": settled.refused + settled.late,
                  "duplicates": settled.duplicates}
    told = {"rows": sent.rows, "events": sent.events, **counts}
    return {
        "publisher": declared.publisher, "family": declared.family, **told,
        "judged_by": "door" if settled is None else "gate",
        "reasons": [one.tell() for one in recording.refused.values()],
        "skipped": dict(sent.skipped), "closing": closing_line(told)}
