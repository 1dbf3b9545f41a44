"""Judge dead letters anew with the gate's own function, and make of them what is sent."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from schemas import registry
from streams.gate import Gate, Verdict
from streams.letters.letter import Letter, to_bytes
from streams.privacy import Pseudonyms
from streams.record import CLOSED_MS, REPAIRED, Record

# longer ones are refused, in the header as in the payload
MAX_ID_BYTES = 256
MayReplay = Callable[[str], bool]
_RECORD_HEADERS = ("ce_id", "ce_time", "replay", "map_error", "ce_source")


@dataclass(frozen=True, slots=True)
class Sending:
    """Hold a record ready to be sent again."""

    letter: Letter
    topic: str
    key: bytes | None
    body: bytes
    headers: dict[str, bytes]

    @property
    def publisher(self) -> str:
        """Name the publisher whose topic it is."""
        return self.headers["ce_source"].decode()

    @property
    def event_id(self) -> str:
        """Give the event's id as the gate will read it."""
        return self.headers["ce_id"][:256].decode(errors="replace")


@dataclass(frozen=True, slots=True)
class Judgement:
    """Say how the gate judges an event now; `closed`: too old for any window to change."""

    verdict: Verdict
    reason: str = ""
    field: str = ""
    detail: str = ""
    closed: bool = False


def event_id(letter: Letter) -> str:
    """Give the id of the original, else one made of its coordinates: always the same.

    What is no id, or was refused as one, is passed over: cut or mended it might be another's.
    """
    given: list[object] = []
    if letter.field != "ce_id":
        header = to_bytes(letter.headers.get("ce_id", ""))
        given = [letter.event_id, header.decode(errors="replace")]
    for found in (*given, _field(letter.original, "id")):
        if isinstance(found, str) and 0 < len(found.encode(errors="replace")) <= MAX_ID_BYTES:
            return found
    return letter.coordinates


def _field(body: bytes, name: str) -> object:
    """Find a field of a payload, None where there is none."""
    try:
        payload = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return payload.get(name) if isinstance(payload, dict) else None


def prepare(letter: Letter, run: str = "") -> Sending:
    """Make the record that is sent: repaired where it was, under the publisher's own name.

    With `run`, the header `replay` marks it as a repaired one whose lateness is to be excused; the
    header of a recording stays as it was.
    """
    publisher, _, family = letter.raw_topic.removeprefix("raw-").rpartition("--")
    headers = {name: to_bytes(value) for name, value in letter.headers.items()}
    body = letter.original
    if letter.repaired is not None:
        body = to_bytes(letter.repaired)
        headers.pop("map_error", None)
        headers.pop("ce_time", None)
        if letter.repaired_time is not None:
            headers["ce_time"] = letter.repaired_time.encode()
    if run:
        headers.setdefault("replay", REPAIRED + b"-" + run.encode())
    headers |= {"ce_id": event_id(letter).encode(), "ce_source": publisher.encode(),
                "ce_type": family.encode(), "ce_specversion": b"1.0",
                "repaired_from": letter.coordinates.encode()}
    return Sending(letter, letter.raw_topic, _key(letter, family, body), body, headers)


def _key(letter: Letter, family: str, body: bytes) -> bytes | None:
    """Give the original's key, another one only where the field that keys the family changed.

    Copies of an event must meet in one partition.
    """
    declared = registry.families().get(family)
    name = declared.key.name if declared else ""
    new, old = _field(body, name), _field(letter.original, name)
    if new is not None and (new != old or letter.key is None):
        return str(new).encode()
    return None if letter.key is None else to_bytes(letter.key)


class Judge:
    """Judge what would be sent as the gate would, were it received now."""

    def __init__(self, may_replay: MayReplay, run: str,
                 clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        """Take whose header `replay` excuses lateness, the run's name and the clock (epoch ms).

        Places and pseudonyms decide no verdict: they are left out.
        """
        self._clock, self._run, self._may_replay = clock, run, may_replay
        self._number = Counter[str]()
        self._gate = Gate(
            locate=lambda longitudes, _: [""] * len(longitudes),
            to_wgs84=lambda _, longitudes, latitudes: (longitudes, latitudes),
            datum_of=lambda _: "wgs84", may_replay=may_replay, pseudonyms=Pseudonyms(bytes(32)),
            clock=clock)

    def decide(self, letter: Letter) -> tuple[Sending, Judgement]:
        """Make the record to be sent, marked as replayed only where it would else be late."""
        sending = prepare(letter)
        judged = self.judge(sending)
        if judged.verdict is Verdict.LATE and self._may_replay(sending.publisher):
            sending = prepare(letter, self._run)
            judged = self.judge(sending)
        return sending, judged

    def judge(self, sending: Sending) -> Judgement:
        """Judge one record; what was accepted before counts as sent: copies are duplicates."""
        now, topic = self._clock(), sending.topic
        record = Record(topic, 0, self._number[topic], now, sending.body, **{
            name: sending.headers.get(name) for name in _RECORD_HEADERS})
        [judged] = self._gate.judge([record])
        self._number[topic] += 1
        if judged.verdict in (Verdict.ACCEPTED, Verdict.DUPLICATE):
            marked = sending.headers.get("replay", b"").startswith(REPAIRED)
            age = now - (judged.observed_at or now)
            return Judgement(judged.verdict, closed=marked and age > CLOSED_MS)
        told = msgspec.json.decode(judged.body)
        return Judgement(judged.verdict, told["reason"], told["field"], told["detail"])
