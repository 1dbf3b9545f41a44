"""Watch what one publisher sends of one family, and report on it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

from streams.feedback.read import LedgerRow, Letter, Shape
from streams.feedback.report import Refused, Sample, Window
from streams.feedback.seen import Budget, Keys
from streams.feedback.windows import HOUR_MS, Counts, read_delay, to_bin
from streams.feedback.words import reason_words

SAMPLES = 5
# pairs of reason and field that are told apart; fields are declared, so more are a flood
MOST_REASONS = 64
AHEAD_MS = 1_000
# keys whose clocks are compared were heard within so long of the newest event
LATELY_MS = 300_000
TERMS = ("records", "accepted", "refused", "late", "duplicates")
Pair = tuple[str, str]
_LETTERS = -1
_PAUSE_MS = 1_000


@dataclass(slots=True)
class Noted:
    """Hold when something was last noted (epoch ms), and the newest few examples of it."""

    last_at: int = 0
    samples: deque[str] = field(default_factory=lambda: deque(maxlen=SAMPLES))


class Watch:
    """Hold what is known of one publisher and family; every method takes moments as epoch ms."""

    def __init__(self, publisher: str, family: str, shape: Shape | None, budget: Budget,
                 since: int) -> None:
        """Take who sends what; without a shape, as of no declared family, events are not read."""
        self.publisher, self.family, self.shape, self.since = publisher, family, shape, since
        self.keys = Keys(budget)
        # by term of the ledger; by reason and field; by code and field
        self.ledger: Counts[str] = Counts()
        self.letters: Counts[Pair] = Counts()
        self.tallies: Counts[Pair] = Counts()
        # delays of events, and pauses between them, by bin (ms)
        self.delays: Counts[int] = Counts()
        self.pauses: Counts[int] = Counts()
        self.noted: dict[Pair, Noted] = {}
        self.samples: dict[Pair, deque[Sample]] = {}
        self.received_at: int | None = None
        self.observed_at: int | None = None
        self.same, self.same_since = 0, 0
        self._rows: dict[tuple[int, int], LedgerRow] = {}
        self._reached: dict[tuple[int, int], int] = {}

    def reshape(self, shape: Shape | None, budget: Budget) -> None:
        """Follow a changed declaration: counts stay, and the keys are met anew."""
        self.keys.clear()
        self.shape, self.keys = shape, Keys(budget)

    def _is_new(self, partition: int, record: Any) -> bool:
        """Tell whether a record was not read before: what the gate writes again has its offset."""
        place = (partition, record.raw_partition)
        if record.raw_offset <= self._reached.get(place, -1):
            return False
        self._reached[place] = record.raw_offset
        return True

    def note(self, code: str, field: str, at: int, sample: str) -> None:
        """Count something that looks wrong, with an example."""
        self.tallies.add((code, field), at)
        noted = self.noted.setdefault((code, field), Noted())
        noted.last_at = max(noted.last_at, at)
        if sample not in noted.samples:
            noted.samples.append(sample)

    def take_row(self, row: LedgerRow, at: int) -> None:
        """Take what the gate has counted so far of a raw partition and minute, told at `at`."""
        before = self._rows.get((row.raw_partition, row.minute))
        if before is not None and before.version >= row.version:
            return
        self._rows[row.raw_partition, row.minute] = row
        for term in TERMS:
            number = getattr(row, term) - (getattr(before, term) if before else 0)
            if number:
                self.ledger.add(term, at, number)

    def take_letter(self, letter: Letter) -> None:
        """Take a refused or late event."""
        if not self._is_new(_LETTERS, letter):
            return
        pair, at = (letter.reason, letter.field[:64]), letter.received_at
        if pair not in self.samples and len(self.samples) >= MOST_REASONS:
            pair = ("other", "")
        self.letters.add(pair, at)
        self.samples.setdefault(pair, deque(maxlen=SAMPLES)).append(Sample(
            letter.value[:64], letter.detail[:200], letter.event_id[:64], letter.raw_topic,
            letter.raw_partition, letter.raw_offset, at))
        if letter.observed_at is not None:
            self._compare_time(letter, letter.observed_at)

    def _compare_time(self, letter: Letter, observed_at: int) -> None:
        """Note which mistake explains a time that is far off: seconds for ms, or another zone."""
        at = letter.received_at
        if abs(observed_at * 1000 - at) < 24 * HOUR_MS:
            self.note("time-unit", "observed_at", at, f"{observed_at}")
            return
        self.tallies.add(("untimely", ""), at)
        halves = round((at - observed_at) / (HOUR_MS / 2))
        if halves and abs(halves) <= 28 and abs(at - observed_at - halves * HOUR_MS / 2) < 120_000:
            self.note("time-zone", "observed_at", at, f"{-halves / 2:+g} h")

    def take_event(self, event: Any, partition: int) -> None:
        """Take an accepted event, read from a partition of the clean topic."""
        shape = self.shape
        if shape is None or not self._is_new(partition, event):
            return
        at, delay = event.received_at, event.received_at - event.observed_at
        if delay > shape.horizon_ms:  # only a replay passes the gate so late
            self._take_values(event, shape.values(event), str(event.key))
            return
        self.delays.add(to_bin(delay), at)
        self._take_stream(event, at)
        key, values = shape.identify(event), shape.values(event)
        if delay < -AHEAD_MS:
            self.note("clock-ahead", "observed_at", at, f"{key}: {-delay / 1000:+.1f} s")
        seen = self.keys.find(key)
        if seen is None:
            if not self.keys.add(key, event, shape, values):
                self.tallies.add(("unfollowed", ""), at)
        else:
            if event.id == seen.event_id:
                self.note("repeated-id", "id", at, f"{key}: {event.id[:64]}")
            speed = seen.take_place(event, shape.top_speed)
            if speed is not None:
                self.note("jump", "longitude", at, f"{key}: {speed * 3.6:,.0f} km/h")
            seen.take_values(values, at)
            seen.take_clock(event)
        self._take_values(event, values, key)

    def _take_stream(self, event: Any, at: int) -> None:
        """Note how long nothing came, and how long everything was observed at one moment."""
        if self.received_at is not None and at - self.received_at >= _PAUSE_MS:
            self.pauses.add(to_bin(at - self.received_at), at)
        if event.observed_at == self.observed_at:
            self.same += 1
        else:
            self.observed_at, self.same, self.same_since = event.observed_at, 1, at
        self.received_at = at if self.received_at is None else max(at, self.received_at)

    def _take_values(self, event: Any, values: tuple[float | None, ...], key: str) -> None:
        """Note what is odd in one event by itself."""
        shape, at = self.shape, event.received_at
        if shape is None:
            return
        for checked, value in zip(shape.checked, values, strict=True):
            if value is not None and (value == checked.highest or value == checked.lowest):
                self.note("at-bound", checked.name, at, f"{key}: {value:g}")
        if event.longitude is None or event.latitude is None:
            return
        place = f"{key}: {event.longitude:g}, {event.latitude:g}"
        if not event.area:
            self.note("outside-areas", "longitude", at, place)
        if round(event.latitude, 2) == event.latitude and (
                round(event.longitude, 2) == event.longitude):
            self.note("rounded-place", "longitude", at, place)

    def roll(self, now: int) -> None:
        """Let every window end now, and forget what lies before."""
        for named in (self.letters, self.tallies):
            named.roll(now)
        for binned in (self.delays, self.pauses):
            binned.roll(now)
        self.ledger.roll(now)
        self.keys.forget(now)
        for pair in [pair for pair in self.samples if not self.letters.hour[pair]]:
            del self.samples[pair]
        for what in [what for what in self.noted if not self.tallies.hour[what]]:
            del self.noted[what]
        for place in [one for one in self._rows if one[1] < now - 2 * HOUR_MS]:
            del self._rows[place]

    def lowest(self) -> list[int]:
        """List the smallest delays (ms) of the keys that were heard lately."""
        since = (self.received_at or 0) - LATELY_MS
        return [seen.lowest for _, seen in self.keys.items() if seen.received_at >= since]

    def window(self, name: Literal["minute", "hour"]) -> Window:
        """Give the counts of a window."""
        counts, delays = ((self.ledger.minute, self.delays.minute) if name == "minute" else
                          (self.ledger.hour, self.delays.hour))
        received, accepted, refused, late, doubles = (max(0, counts[term]) for term in TERMS)
        return Window(received, accepted, refused, late, doubles, read_delay(delays))

    def list_refused(self) -> list[Refused]:
        """List what was refused in the last hour, the most frequent first."""
        return [Refused(pair[0], pair[1], *reason_words(pair[0]), self.letters.minute[pair], number,
                        list(reversed(self.samples[pair])))
                for pair, number in self.letters.hour.most_common() if pair in self.samples]
