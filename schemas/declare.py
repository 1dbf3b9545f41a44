"""Give the words in which events and results are declared.

A family is a class deriving from `Event`, a result one deriving from `Result`; the docstring's
first line is its English meaning, the class keywords say the rest, and each attribute is one field
made by `text`, `code`, `integer`, `decimal`, `flag`, `instant` or, in results, `measure` and
`derived`. Declaring the class registers nothing: `schemas.registry` discovers the modules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from schemas.errors import DeclarationError
from schemas.fields import (
    Field,
    Kind,
    Lifetime,
    Personal,
    Text,
    code,
    decimal,
    derived,
    flag,
    instant,
    integer,
    listed,
    measure,
    text,
)

__all__ = [
    "NUMBER_SLOTS", "RESERVED", "TEXT_SLOTS", "Event", "Family", "Field", "Kind", "Lifetime",
    "Personal", "Result", "ResultTable", "Text", "code", "decimal", "derived", "flag", "instant",
    "integer", "kebab", "listed", "measure", "text",
]

NUMBER_SLOTS = 6
TEXT_SLOTS = 5
# names that every stored event carries, or that the payload's envelope uses
RESERVED = frozenset({
    "id", "source", "observed_at", "received_at", "computed_at", "published_at", "area",
    "raw_topic", "raw_partition", "raw_offset", "window_seconds", "window_start"})


def kebab(class_name: str) -> str:
    """Spell a class name as a topic: VehiclePosition → vehicle-position."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", class_name).lower()


def _fields(cls: type, personal: Personal | None) -> tuple[Field, ...]:
    """Collect the fields of a declaration in order, with name and personal-data class filled in."""
    found = []
    for name, value in vars(cls).items():
        if isinstance(value, Field):
            chosen = Personal(value.personal) if value.personal is not None else personal
            if chosen is None:
                raise DeclarationError(f"{cls.__name__}.{name}: no personal-data class declared")
            if value.key and chosen is Personal.CASE_PSEUDONYM:
                raise DeclarationError(f"{cls.__name__}.{name}: the key is what a case is told by")
            if value.public and chosen is not Personal.NONE:
                raise DeclarationError(f"{cls.__name__}.{name}: personal data cannot be public")
            found.append(replace(value, name=name, personal=chosen))
    return tuple(found)


def _meaning(cls: type, chinese: str) -> Text:
    """Take the English meaning from the docstring's first line."""
    if not cls.__doc__:
        raise DeclarationError(f"{cls.__name__}: the docstring must state the meaning")
    return Text(cls.__doc__.strip().split("\n")[0], chinese)


@dataclass(frozen=True)
class Family:
    """Hold a declared event family; see `Event` for the keywords."""

    name: str
    meaning: Text
    domain: str
    owner: str
    version: int
    fields: tuple[Field, ...]
    place: tuple[str, str] | None
    public: bool
    lifetime: Lifetime
    horizon_seconds: int
    grace_seconds: int
    partitions: int
    latest_by: tuple[str, ...] = ()
    steps: bool = False

    def __hash__(self) -> int:
        """Hash the name: what is kept by family is looked up several times for each event."""
        return hash(self.name)

    @property
    def table(self) -> str:
        """Spell the name as tables and columns do."""
        return self.name.replace("-", "_")

    @property
    def last_table(self) -> str:
        """Name the table of last steps, where events are steps."""
        return f"{self.table}_last"

    @property
    def key(self) -> Field:
        """Get the field that keys the topic."""
        return next(one for one in self.fields if one.key)

    @property
    def identity(self) -> tuple[str, ...]:
        """Name the fields of which each combination has a latest event of its own."""
        return (self.key.name, *self.latest_by)

    @property
    def topic(self) -> str:
        """Name the topic of clean events."""
        return f"event-{self.name}"

    @property
    def kept(self) -> tuple[Field, ...]:
        """List the fields that survive the gate."""
        return tuple(one for one in self.fields if one.personal is not Personal.REMOVED)

    @property
    def example(self) -> dict[str, Any]:
        """Give one valid payload."""
        return {one.name: one.example for one in self.fields if one.example is not None}

    def slots(self) -> dict[str, str]:
        """Map each field that streams carry to its column n0… or s0… behind the gate."""
        carried = [one for one in self.kept if one.stream and one.personal is not Personal.MASKED]
        numbers = [one.name for one in carried if one.numeric]
        texts = [one.name for one in carried if not one.numeric]
        if len(numbers) > NUMBER_SLOTS or len(texts) > TEXT_SLOTS:
            raise DeclarationError(
                f"{self.name}: streams carry at most {NUMBER_SLOTS} numbers and {TEXT_SLOTS} texts;"
                " mark the fields that no query needs with stream=False")
        pairs = [(name, f"n{i}") for i, name in enumerate(numbers)]
        return dict(pairs + [(name, f"s{i}") for i, name in enumerate(texts)])


class Event:
    """Be derived from to declare an event family.

    Class keywords: `chinese` (meaning), `domain`, `owner` (the publishing system that answers for
    it), `personal` (default personal-data class of its fields), `version`, `place` (names of the
    longitude and latitude fields), `public` (closed unless declared), `lifetime`,
    `horizon_seconds` (how late an event may come, and how long duplicates are recognised),
    `grace_seconds` (how long after its end a window waits before it may be final), `partitions`,
    `latest_by` (fields that beside the key tell apart what has a latest value of its own), `steps`
    (events are steps in the life of what the key names: the store keeps the last of each apart).
    """

    family: ClassVar[Family]

    def __init_subclass__(cls, *, chinese: str, domain: str, owner: str,
                          personal: str = "", version: int = 1,
                          place: tuple[str, str] | None = None, public: bool = False,
                          lifetime: Lifetime | None = None,
                          horizon_seconds: int = 600, grace_seconds: int = 30,
                          partitions: int = 1, latest_by: tuple[str, ...] = (),
                          steps: bool = False) -> None:
        """Check the declaration and freeze it as `cls.family`."""
        fields = _fields(cls, Personal(personal) if personal else None)
        cls.family = Family(
            name=kebab(cls.__name__), meaning=_meaning(cls, chinese), domain=domain, owner=owner,
            version=version, fields=fields, place=place, public=public,
            lifetime=lifetime or Lifetime(), horizon_seconds=horizon_seconds,
            grace_seconds=grace_seconds, partitions=partitions,
            latest_by=latest_by, steps=steps)
        _check_family(cls.family)


def _check_family(family: Family) -> None:
    """Refuse a family without exactly one key, with unknown names, or without an example."""
    names = {one.name for one in family.fields}
    if sum(one.key for one in family.fields) != 1:
        raise DeclarationError(f"{family.name}: exactly one field must be the key")
    if not {*(family.place or ()), *family.latest_by} <= names:
        raise DeclarationError(f"{family.name}: place or latest_by names fields that do not exist")
    if names & RESERVED:
        raise DeclarationError(
            f"{family.name}: the names {', '.join(sorted(names & RESERVED))} are reserved")
    for one in family.fields:
        if one.required and one.example is None:
            raise DeclarationError(f"{family.name}.{one.name}: a required field needs an example")
        if one.not_above and one.not_above not in names:
            raise DeclarationError(f"{family.name}.{one.name}: not_above names no field")
    family.slots()


@dataclass(frozen=True)
class ResultTable:
    """Hold a declared result; see `Result` for the keywords."""

    name: str
    meaning: Text
    domain: str
    version: int
    fields: tuple[Field, ...]
    windows: tuple[int, ...]
    inputs: tuple[str, ...]
    place: str
    public: bool
    suppress: str
    grace_seconds: int
    lifetime: Lifetime = field(default_factory=Lifetime)

    @property
    def table(self) -> str:
        """Spell the name as tables and columns do."""
        return self.name.replace("-", "_")

    @property
    def topic(self) -> str:
        """Name the upsert topic of the result."""
        return f"result-{self.name}"

    @property
    def keys(self) -> tuple[Field, ...]:
        """List the key columns besides window length and start."""
        return tuple(one for one in self.fields if one.key)

    @property
    def measures(self) -> tuple[Field, ...]:
        """List the aggregate columns, in the order in which the query must give them."""
        return tuple(one for one in self.fields if one.combine)

    @property
    def numbers(self) -> tuple[Field, ...]:
        """List the measures that are numbers."""
        return tuple(one for one in self.measures if one.numeric)

    @property
    def derived(self) -> tuple[Field, ...]:
        """List the columns that views compute."""
        return tuple(one for one in self.fields if one.sql)


class Result:
    """Be derived from to declare a result.

    Class keywords: `chinese`, `domain`, `windows` (lengths in seconds), `inputs` (families),
    `place` (name of the key field that is an area code, or ""), `public`, `suppress` (measure
    below 5 of which a public row shows no figures), `grace_seconds`, `lifetime`, `version`.
    """

    result: ClassVar[ResultTable]

    def __init_subclass__(cls, *, chinese: str, domain: str, inputs: tuple[str, ...],
                          windows: tuple[int, ...] = (60, 300), place: str = "",
                          public: bool = False, suppress: str = "", grace_seconds: int = 30,
                          lifetime: Lifetime | None = None, version: int = 1) -> None:
        """Check the declaration and freeze it as `cls.result`."""
        fields = _fields(cls, Personal.NONE)
        cls.result = ResultTable(
            name=kebab(cls.__name__), meaning=_meaning(cls, chinese), domain=domain,
            version=version, fields=fields, windows=windows, inputs=inputs, place=place,
            public=public, suppress=suppress, grace_seconds=grace_seconds,
            lifetime=lifetime or Lifetime())
        if not cls.result.keys or not cls.result.measures:
            raise DeclarationError(f"{cls.result.name}: a result needs a key and a measure")
