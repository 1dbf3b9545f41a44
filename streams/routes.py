"""Read publisher and family off raw topics, and carry a family's fields behind the gate."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from operator import attrgetter
from typing import Any

import msgspec

from schemas import registry
from schemas.declare import NUMBER_SLOTS, TEXT_SLOTS, Family, Kind, Personal
from schemas.errors import DeclarationError
from schemas.wire import to_milliseconds, wire_of
from streams.masking import mask_text
from streams.privacy import Pseudonyms

RAW_TOPIC = re.compile(r"raw-(?P<publisher>[a-z0-9]+(?:-[a-z0-9]+)*)--(?P<family>[a-z0-9-]+)")
_LOOK_AGAIN_SECONDS = 5.0
ENVELOPE = ("id", "source", "observed_at", "received_at", "computed_at", "area", "raw_topic",
             "raw_partition", "raw_offset")
_NOTHING = repeat(None)


class Route:
    """Hold what a raw topic's name says, and how its family is carried."""

    def __init__(self, publisher: str, family: Family, pseudonyms: Pseudonyms) -> None:
        """Prepare the family's fields once."""
        self.publisher, self.family, self._pseudonyms = publisher, family, pseudonyms
        self.source = publisher.encode()  # as the header ce_source usually says it
        slots, by_name = family.slots(), {f.name: f for f in family.fields}
        self.key, self.decode = family.key.name, wire_of(family).decode
        self.place = attrgetter(*family.place) if family.place else None
        self._kept = tuple(f.name for f in family.kept)
        # the last name comes twice: of a single one the getter would give no tuple
        self._get = attrgetter(*self._kept, self._kept[-1])
        self._pseudonymised = self._list(Personal.PSEUDONYM)
        self._by_case = self._list(Personal.CASE_PSEUDONYM)
        self._masked = self._list(Personal.MASKED)
        personal = [f for f in family.fields if f.personal is not Personal.NONE]
        self._named = tuple(f.name for f in personal
                            if f.kind is Kind.TEXT and f.personal is not Personal.MASKED)
        # what people say and who they are; of vehicles nothing is kept beside the raw topic
        spoken = any(f.personal in (Personal.MASKED, Personal.REMOVED) for f in personal)
        self._vaulted = tuple(f.name for f in personal) if spoken else ()
        self._instants = tuple(f.name for f in family.kept if f.kind is Kind.INSTANT)
        numbers = [n for n, slot in slots.items() if slot[0] == "n"]
        self._numbers = tuple((n, 10 ** by_name[n].decimals) for n in numbers)
        self._texts = tuple(n for n, slot in slots.items() if slot[0] == "s")
        self.clean = msgspec.defstruct(
            f"{family.table}_clean", [*ENVELOPE, *self._kept], gc=False)

    def _list(self, personal: Personal) -> tuple[str, ...]:
        """List the kept fields of one personal-data class."""
        return tuple(f.name for f in self.family.kept if f.personal is personal)

    def columns(self, events: Sequence[Any], observed: Sequence[int]) -> dict[str, list[Any]]:
        """Give the kept fields of events, personal data taken out and instants as epoch ms."""
        rows = zip(*map(self._get, events), strict=True)
        columns: dict[str, list[Any]] = dict(zip(self._kept, map(list, rows), strict=False))
        if self._pseudonymised or self._by_case:
            days = list(map(Pseudonyms.day, observed))
            for name in self._pseudonymised:
                columns[name] = [value if value is None else self._pseudonyms.of(name, value, day)
                                 for value, day in zip(columns[name], days, strict=True)]
            for name in self._by_case:
                columns[name] = [
                    value if value is None else self._pseudonyms.of(
                        name, value, day, str(getattr(event, self.key)))
                    for value, day, event in zip(columns[name], days, events, strict=True)]
        for name in self._masked:
            columns[name] = [value if value is None else mask_text(value, self._known(event))
                             for value, event in zip(columns[name], events, strict=True)]
        for name in self._instants:
            columns[name] = [value if value is None else to_milliseconds(value)
                             for value in columns[name]]
        return columns

    def _known(self, event: Any) -> list[str]:
        """List the personal values that an event's own fields tell, for its texts to lose them."""
        return [value for name in self._named if (value := getattr(event, name)) is not None]

    def originals(self, events: Sequence[Any], columns: Mapping[str, Sequence[Any]]
                  ) -> Iterator[tuple[int, dict[str, Any]]]:
        """Give the personal fields as they came, for the vault, where anything was changed."""
        for i, event in enumerate(events if self._vaulted else ()):
            found = {name: value for name in self._vaulted
                     if (value := getattr(event, name)) is not None}
            if any(name not in columns or columns[name][i] != value
                   for name, value in found.items()):
                yield i, found

    def slots(self, columns: Mapping[str, Sequence[Any]]
              ) -> tuple[Iterable[tuple[int | None, ...]], Iterable[tuple[str | None, ...]]]:
        """Give rows of numbers, scaled to integers (half to even), and of texts, for queries."""
        numbers = [[value if value is None else round(value * scale) for value in columns[name]]
                   for name, scale in self._numbers]
        texts = [columns[name] for name in self._texts]
        return (zip(*numbers, *repeat(_NOTHING, NUMBER_SLOTS - len(numbers)), strict=False),
                zip(*texts, *repeat(_NOTHING, TEXT_SLOTS - len(texts)), strict=False))


class Routes:
    """Find the route of a raw topic; a family declared while running is found within seconds."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        """Start with no topic known."""
        self._pseudonyms = pseudonyms
        self._known: dict[str, Route | None] = {}
        self._looked_at: dict[str, float] = {}

    def find(self, topic: str) -> Route | None:
        """Find the route of a topic, or None when its family is not declared (yet)."""
        route = self._known.get(topic)
        if route is None and time.monotonic() - self._looked_at.get(topic, -1e9) > (
                _LOOK_AGAIN_SECONDS):
            self._looked_at[topic] = time.monotonic()
            route = self._known[topic] = self._read(topic)
        return route

    def _read(self, topic: str) -> Route | None:
        """Read a topic's name against the declarations as they stand now."""
        match = RAW_TOPIC.fullmatch(topic)
        if match is None:
            return None
        if match["family"] not in registry.families():
            # a broken declaration elsewhere must not stop this topic
            with contextlib.suppress(DeclarationError):
                registry.refresh()
        family = registry.families().get(match["family"])
        return Route(match["publisher"], family, self._pseudonyms) if family else None
