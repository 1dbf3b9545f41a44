"""Keep what a drill has found so far in `<home>/drills/`, so that it can go on where it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from infra.files import make_private_directory, write_private
from schemas.errors import CityBrainError
from streams.settings import read_settings

MOST_FAILURES = 100
Kept = TypeVar("Kept", bound=msgspec.Struct)


class KindCount(msgspec.Struct):
    """Hold how many of a kind were sent, and how many fared as declared."""

    expected: int = 0
    found: int = 0


class BadInput(msgspec.Struct):
    """Hold what `drill bad-input` has found; `done` and `events` are numbers of records."""

    seed: int
    events: int
    begun_ms: int
    done: int = 0
    good: KindCount = msgspec.field(default_factory=KindCount)
    kinds: dict[str, KindCount] = {}
    counted_in_results: int = 0
    residual: int = 0
    crashes: list[str] = []
    failures: list[str] = []

    @property
    def bad(self) -> int:
        """Give how many records were of a bad kind."""
        return sum(one.expected for one in self.kinds.values())

    @property
    def is_clean(self) -> bool:
        """Tell whether everything fared as declared."""
        wrong = any(one.expected != one.found for one in (self.good, *self.kinds.values()))
        return not (wrong or self.residual or self.crashes or self.failures)

    def fail(self, what: str) -> None:
        """Note what is wrong; of many the first hundred."""
        if len(self.failures) < MOST_FAILURES:
            self.failures.append(what)


def _path(name: str) -> Path:
    """Give the file of a drill."""
    return make_private_directory(read_settings().home / "drills") / f"{name}.json"


def keep(name: str, state: msgspec.Struct) -> None:
    """Write a drill's state, atomically."""
    write_private(_path(name), msgspec.json.format(msgspec.json.encode(state)).decode())


def find(name: str, kind: type[Kept]) -> Kept | None:
    """Find the state that a drill left, None where it left none."""
    path = _path(name)
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except msgspec.DecodeError as error:
        raise CityBrainError(f"{path} is no state of a drill: {error}; delete it") from error


def forget(name: str) -> None:
    """Forget the state of a drill that is over."""
    _path(name).unlink(missing_ok=True)
