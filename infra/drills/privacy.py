"""Send invented people through every door, and search for them wherever they must not be.

Originals stand in raw topics and in the vault, and nowhere else: not in another topic, a table, a
feed, a page, a log, a checkpoint, the audit trail. Identifiers must not be found at all; of names
in free text, which no program knows for certain, at most one in twenty may be, and each is listed.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import httpx

from infra.drills import places
from infra.drills.hunt import Found, Hunt
from infra.drills.people import NAMED, SPELLINGS, UNCUED, Person, draw_person
from schemas import registry
from schemas.errors import ComponentError
from streams.publisher import Publisher
from streams.store import connect
from streams.tls import address, trust
from streams.tokens import issue, list_tokens, revoke

NAMES_MASKED = 0.95
PATIENCE_SECONDS = 300.0
_BATCH = 100
_HOTLINE, _GRID, _VEHICLE = "hotline-call", "grid-case", "vehicle-position"
_OWNER = {_HOTLINE: "city-hotline", _GRID: "city-grid", _VEHICLE: "city-traffic"}
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sent:
    """Hold one event of the drill; `named` tells that its text holds the person's name."""

    event_id: str
    family: str
    payload: dict[str, Any]
    person: Person
    named: bool
    good: bool = True


@dataclass
class Outcome:
    """Hold what the drill found: where, which kinds, how many of each; names by event."""

    people: int = 0
    events: int = 0
    searched: dict[str, int] = field(default_factory=dict)
    found: dict[str, dict[str, int]] = field(default_factory=dict)
    names: int = 0
    missed: list[str] = field(default_factory=list)
    vaulted: int = 0

    @property
    def identifiers(self) -> int:
        """Count identifiers found anywhere."""
        return sum(n for kinds in self.found.values() for kind, n in kinds.items()
                   if kind != "name")

    @property
    def names_masked(self) -> float:
        """Give the share of names in free text that were masked."""
        return 1 - len(self.missed) / self.names if self.names else 1.0

    @property
    def passed(self) -> bool:
        """Tell whether nothing but a few names came through."""
        return not self.identifiers and self.names_masked >= NAMES_MASKED and self.vaulted > 0

    def take(self, place: str, found: set[Found], searched: int) -> None:
        """Take what was found in one place of which so many texts were searched."""
        self.searched[place] = self.searched.get(place, 0) + searched
        if found:
            kinds = Counter(kind for kind, _ in found)
            self.found[place] = dict(Counter(self.found.get(place, {})) + kinds)


def _text(person: Person, chance: random.Random, *, cued: bool) -> str:
    """Write what a person says, with some of what tells the person apart."""
    said = chance.choice(NAMED if cued else (UNCUED,)).format(person.name) + "小区停水多时"
    for kind in chance.sample(sorted(SPELLINGS), chance.randint(1, 4)):
        said += "，" + chance.choice(("", "请记 ", "是")) + chance.choice(SPELLINGS[kind])(
            person.identifiers[kind])
    return said + "，希望尽快处理"


def write_events(people: list[Person], run: str, chance: random.Random, now_ms: int) -> list[Sent]:
    """Write the events: a call and a case of each person, a vehicle, and bad ones of some."""
    events = []
    for number, person in enumerate(people):
        # one name in fifty has neither a cue nor a field of its own
        cued = number % 50 != 0
        place = {"longitude": 117.02, "latitude": 36.66}
        call = {**registry.get_family(_HOTLINE).example, **place, "call_id": f"{run}-{number}",
                "caller_phone": chance.choice(SPELLINGS["phone"])(person.phone)[:32],
                "content": _text(person, chance, cued=cued)}
        call.pop("caller_name")
        if cued and number % 2:
            call["caller_name"] = person.name
        case = {**registry.get_family(_GRID).example, **place, "case_id": f"{run}-{number}",
                "description": _text(person, chance, cued=True)}
        drive = {**registry.get_family(_VEHICLE).example, **place, "vehicle_id": person.plate}
        some = [(_HOTLINE, call, True, True), (_GRID, case, True, True),
                (_VEHICLE, drive, False, True)]
        if number % 5 == 0:
            some += [(_GRID, {**case, "step": person.phone}, False, False),
                     (_HOTLINE, {**call, "topic": 5, "answered": person.identity}, False, False),
                     (_GRID, {**case, "observed_at": now_ms - 7_200_000}, False, False)]
        events += [Sent(f"{run}-{number}-{i}", family, payload, person, named, good)
                   for i, (family, payload, named, good) in enumerate(some)]
    return events


def send(events: list[Sent], now_ms: int) -> int:
    """Send half of the events by Kafka and half over HTTP, bad ones by Kafka; give how many."""
    known = {token.id for token in list_tokens()}
    try:
        for family, owner in _OWNER.items():
            mine = [one for one in events if one.family == family]
            by_kafka = [one for i, one in enumerate(mine) if i % 2 or not one.good]
            with Publisher(owner, verify=False) as publisher:
                for one in by_kafka:
                    publisher.send(family, _payload(one, now_ms), event_id=one.event_id)
            _post(family, issue(owner), [one for one in mine if one not in by_kafka], now_ms)
    finally:
        for token in list_tokens():
            if token.id not in known and token.publisher in _OWNER.values():
                revoke(token.id)
    return len(events)


def _payload(one: Sent, now_ms: int) -> dict[str, Any]:
    """Give an event's payload, its time and id within."""
    return {"id": one.event_id, "observed_at": now_ms, **one.payload}


def _post(family: str, token: str, events: list[Sent], now_ms: int) -> None:
    """Publish events over HTTP, in batches; wait where the intake asks to, or has to learn us."""
    where = f"{address('intake')}/v1/events/{family}"
    until = time.monotonic() + PATIENCE_SECONDS
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=60.0,
                      trust_env=False, verify=trust()) as client:
        for at in range(0, len(events), _BATCH):
            body = [_payload(one, now_ms) for one in events[at:at + _BATCH]]
            while (answer := client.post(where, json=body)).status_code in (401, 429, 503):
                if time.monotonic() > until:
                    raise ComponentError(f"the intake answers {answer.status_code}")
                time.sleep(0.5)
            if answer.status_code != 200 or answer.json()["refused"]:
                raise ComponentError(f"the intake answers {answer.status_code}, refused or not")


def _await_events(events: list[Sent], run: str, tell: Tell) -> dict[str, str]:
    """Wait until all events are in the store; give the texts of the good ones by event id."""
    wanted = Counter(one.family if one.good else "dead_letters" for one in events)
    until = time.monotonic() + PATIENCE_SECONDS
    with closing(connect("migrator")) as store:
        while True:
            there = {name: store.query(
                f"SELECT uniqExact({column}) AS n FROM store.{name.replace('-', '_')}"
                f" WHERE startsWith({column}, %(run)s)", {"run": run})[0]["n"]
                for name, column in ((_HOTLINE, "id"), (_GRID, "id"), (_VEHICLE, "id"),
                                     ("dead_letters", "event_id"))}
            tell(f"{sum(there.values())} of {len(events)} events in the store")
            # a bad event without readable id is counted by its reason, not by the id
            if all(there[name] >= wanted[name] for name in (_HOTLINE, _GRID, _VEHICLE)):
                break
            if time.monotonic() > until:
                raise ComponentError(f"after {PATIENCE_SECONDS:g} s only {there} of {dict(wanted)}")
            time.sleep(2.0)
        rows = [row for family, column in ((_HOTLINE, "content"), (_GRID, "description"))
                for row in store.query(
                    f"SELECT id, {column} AS said FROM store.{family.replace('-', '_')}"
                    " WHERE startsWith(id, %(run)s)", {"run": run})]
    return {row["id"]: row["said"] or "" for row in rows}


def drill(people: int, seed: int, tell: Tell) -> Outcome:
    """Send so many people and search for them; raise ComponentError where a component is away."""
    chance = random.Random(seed)
    crowd = [draw_person(chance, number) for number in range(people)]
    now_ms = time.time_ns() // 1_000_000
    run = f"privacy-{now_ms}"
    events = write_events(crowd, run, chance, now_ms)
    outcome = Outcome(people, send(events, now_ms))
    tell(f"sent {len(events)} events of {people} people")
    texts = _await_events(events, run, tell)
    for one in events:
        if one.named:
            outcome.names += 1
            if one.person.name in texts[one.event_id]:
                outcome.missed.append(f"{one.person.name}: {texts[one.event_id][:40]}")
    hunt = Hunt(crowd)
    for place, search in places.PLACES.items():
        tell(f"searching {place}")
        for name, found, searched in search(hunt, now_ms):
            outcome.take(f"{place} {name}".strip(), found, searched)
    outcome.vaulted = places.count_vault(run, now_ms)
    return outcome
