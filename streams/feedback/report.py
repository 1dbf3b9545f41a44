"""Give the form of a report: what a publisher is told of one of its families."""

from __future__ import annotations

from typing import Literal

import msgspec

TOPIC = "feedback"
Sure = Literal["certain", "likely", "possible"]


class Delay(msgspec.Struct, frozen=True):
    """Hold arrival minus observation, ms, each off by 1/32 at most; negative: a clock ahead."""

    min: int
    p50: int
    p95: int
    max: int


class Window(msgspec.Struct, frozen=True):
    """Hold what came in a window and what the gate made of it; counts are exact.

    `delay` is of the events accepted, without those of a replay; null where there are none.
    """

    received: int
    accepted: int
    refused: int
    late: int
    duplicates: int
    delay: Delay | None


class Sample(msgspec.Struct, frozen=True):
    """Hold one refused event: the value as masked by the gate, and where the original lies."""

    value: str
    detail: str
    event_id: str
    raw_topic: str
    raw_partition: int
    raw_offset: int
    received_at: int


class Refused(msgspec.Struct, frozen=True):
    """Hold what was refused, or too late, for one reason in one field, and the newest of it."""

    reason: str
    field: str
    en: str
    zh: str
    minute: int
    hour: int
    samples: list[Sample]


class Clock(msgspec.Struct, frozen=True):
    """Hold how far the publisher's clocks seem ahead (negative: behind), in ms.

    A clock cannot be read, only bounded by what is delayed least (the sample of least delay is the
    most exact: RFC 5905, section 10): of each key the smallest delay of the last one to two
    minutes, the median of those over the keys, against that of the other publishers of the family
    (`against` is `others`), or against no delay at all (`zero`) where there are none.
    """

    ahead_ms: int | None
    against: Literal["others", "zero"]
    keys: int


class Finding(msgspec.Struct, frozen=True):
    """Hold one thing that looks wrong, in words; counts are of the last hour and minute.

    `sure` tells how surely: `certain` is counted or follows from the declaration, `likely` has
    hardly another cause, `possible` has some. `last_at` is epoch ms.
    """

    code: str
    field: str
    sure: Sure
    count: int
    minute: int
    last_at: int | None
    en: str
    zh: str
    samples: list[str]


class Report(msgspec.Struct, frozen=True):
    """Hold what one publisher is told of one family; moments are epoch ms.

    Events were watched from `watched_since` on, the counts are of the whole hour. Delays, clocks,
    gaps and values are judged for `keys_followed` keys; `events_unfollowed` came of further ones.
    """

    publisher: str
    family: str
    made_at: int
    watched_since: int
    last_received_at: int | None
    last_observed_at: int | None
    minute: Window
    hour: Window
    refused: list[Refused]
    clock: Clock
    keys_followed: int
    events_unfollowed: int
    findings: list[Finding]


def key_of(publisher: str, family: str) -> str:
    """Give the key of a report in its topic."""
    return f"{publisher}/{family}"
