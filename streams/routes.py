"""Read publisher and family off raw topics, and carry a family's fields behind the gate."""

from __future__ import annotations

import contextlib
import re
import time
from operator import attrgetter
from typing import Any

from schemas import registry
from schemas.declare import NUMBER_SLOTS, TEXT_SLOTS, Family, Kind, Personal
from schemas.errors import DeclarationError
from schemas.wire import to_milliseconds
from streams.masking import mask_text
from streams.privacy import Pseudonyms

RAW_TOPIC = re.compile(r"raw-(?P<publisher>[a-z0-9]+(?:-[a-z0-9]+)*)--(?P<family>[a-z0-9-]+)")
_LOOK_AGAIN_SECONDS = 5.0


class Route:
    """Hold what a raw topic's name says, and how its family is carried."""

    def __init__(self, publisher: str, family: Family, pseudonyms: Pseudonyms) -> None:
        """Prepare the family's fields once."""
        self.publisher, self.family, self._pseudonyms = publisher, family, pseudonyms
        self.source = publisher.encode()  # as the header ce_source usually says it
        slots, by_name = family.slots(), {f.name: f for f in family.fields}
        self.key = family.key.name
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
        self._no_numbers = (None,) * (NUMBER_SLOTS - len(self._numbers))
        self._no_texts = (None,) * (TEXT_SLOTS - len(self._texts))

    def _list(self, personal: Personal) -> tuple[str, ...]:
        """List the kept fields of one personal-data class."""
        return tuple(f.name for f in self.family.kept if f.personal is personal)

    def values(self, event: Any, observed_at: int) -> dict[str, Any]:
        """Give the kept fields, personal data taken out and instants as epoch ms."""
        values: dict[str, Any] = dict(zip(self._kept, self._get(event), strict=False))
        day = Pseudonyms.day(observed_at)
        for name in self._pseudonymised:
            if values[name] is not None:
                values[name] = self._pseudonyms.of(name, values[name], day)
        for name in self._by_case:
            if values[name] is not None:
                case = str(getattr(event, self.family.key.name))
                values[name] = self._pseudonyms.of(name, values[name], day, case)
        for name in self._masked:
            if values[name] is not None:
                values[name] = mask_text(values[name], self._known(event))
        for name in self._instants:
            if values[name] is not None:
                values[name] = to_milliseconds(values[name])
        return values

    def _known(self, event: Any) -> list[str]:
        """List the personal values that an event's own fields tell, for its texts to lose them."""
        return [value for name in self._named if (value := getattr(event, name)) is not None]

    def originals(self, event: Any, values: dict[str, Any]) -> dict[str, Any]:
        """Give the personal fields as they came, for the vault; none where nothing was changed."""
        if not self._vaulted:
            return {}
        found = {name: value for name in self._vaulted
                 if (value := getattr(event, name)) is not None}
        return found if any(values.get(name) != value for name, value in found.items()) else {}

    def slots(self, values: dict[str, Any]) -> tuple[tuple[int | None, ...],
                                                     tuple[str | None, ...]]:
        """Give the numbers, scaled to integers (half to even), and the texts that queries need."""
        numbers = [None if (v := values[name]) is None else round(v * scale)
                   for name, scale in self._numbers]
        return ((*numbers, *self._no_numbers),
                (*[values[name] for name in self._texts], *self._no_texts))


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
