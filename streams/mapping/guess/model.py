"""Hold what a guess is made of: columns of a sample, doubts, and the proposal."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from streams.mapping.getters import to_number

# from this confidence on, nothing needs to be said
SURE = 0.85


@dataclass(frozen=True, slots=True)
class Doubt:
    """Tell what is unsure: the key of the mapping file, why, what else it could be, how sure.

    `confidence` is a judgement between 0 and 1, not a frequency.
    """

    key: str
    because: str
    alternatives: tuple[str, ...] = ()
    confidence: float = 0.5

    def __str__(self) -> str:
        """Say it in one line."""
        other = f"; alternatives: {', '.join(self.alternatives)}" if self.alternatives else ""
        return f"{self.key} ({self.confidence:.0%} sure) because {self.because}{other}"


@dataclass
class Column:
    """Hold one column of the sample; `cells` has an entry a row, None where nothing is given."""

    name: str
    cells: list[Any]
    comma: bool = False
    # what was found out about it, so that nobody looks twice
    found: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def texts(self) -> list[str]:
        """List the given cells as text."""
        return [str(cell) for cell in self.cells if cell is not None]

    @cached_property
    def counts(self) -> Counter[str]:
        """Count the distinct texts."""
        return Counter(self.texts)

    @cached_property
    def numbers(self) -> list[float | None]:
        """Give each row's number, None where there is none."""
        return [_number(cell, self.comma) for cell in self.cells]

    @cached_property
    def given_numbers(self) -> list[float]:
        """List the numbers."""
        return [number for number in self.numbers if number is not None]

    @property
    def numeric(self) -> float:
        """Give the share of the given cells that are numbers."""
        return len(self.given_numbers) / max(1, len(self.texts))

    @cached_property
    def places(self) -> int:
        """Give the greatest number of decimal places."""
        point = "," if self.comma else "."
        return max((len(text.partition(point)[2]) for text, number in
                    zip(self.texts[:1000], (_number(t, self.comma) for t in self.texts[:1000]),
                        strict=True) if number is not None), default=0)

    @property
    def whole(self) -> bool:
        """Tell whether all its numbers are whole."""
        return all(number == int(number) for number in self.given_numbers)

    def without(self, absent: set[float]) -> Column:
        """Give the column with some numbers taken for not given."""
        return Column(self.name, [
            None if number is not None and number in absent else cell
            for cell, number in zip(self.cells, self.numbers, strict=True)], self.comma)


def _number(cell: Any, comma: bool) -> float | None:
    """Read a number as the mapper will."""
    try:
        return to_number(cell, comma)
    except ValueError:
        return None


@dataclass(slots=True)
class Proposal:
    """Hold a proposed mapping file, table by table, and all that is to be said of it.

    `lacking` names required fields that no column gives; the mapper refuses to run until somebody
    fills them in. `unused` are columns that nothing was made of.
    """

    head: dict[str, str]
    source: dict[str, Any] = field(default_factory=dict)
    time: dict[str, Any] = field(default_factory=dict)
    unpivot: dict[str, Any] = field(default_factory=dict)
    skip: list[dict[str, Any]] = field(default_factory=list)
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    id: dict[str, Any] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    rows: int = 0

    def doubt(self, key: str, because: str, *alternatives: str, confidence: float = 0.5) -> None:
        """Add a doubt."""
        self.doubts.append(Doubt(key, because, alternatives, confidence))
