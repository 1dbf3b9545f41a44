"""Say what a contender of the benchmark is, whichever engine it stands on."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infra.bench.oracle import COLUMNS
from streams.store import Store

PUBLISHER, FAMILY = "city-probe", "probe-position"


@dataclass(frozen=True, slots=True)
class Course:
    """Hold what all contenders are given: the topic, and the areas by code and as a file."""

    topic: str
    areas: list[str]
    shapes: NDArray[np.object_]
    file: Path


@dataclass(frozen=True, slots=True)
class Expected:
    """Hold how much is to be seen: good records, good ones in areas, dead letters."""

    good: int
    placed: int
    letters: int


class Contender(Protocol):
    """Drain the topic into windows in a store."""

    name: str
    title: str

    @property
    def share(self) -> float:
        """Give the share of the stream that it is to drain: slow ones would take all day."""
        ...

    @property
    def cannot(self) -> Sequence[str]:
        """Say what of our road's promises it does not keep."""
        ...

    @property
    def does_more(self) -> Sequence[str]:
        """Say what it does beyond the job."""
        ...

    def standing(self, course: Course) -> AbstractContextManager[None]:
        """Stand ready, with nothing of an earlier run, until the end of the block."""
        ...

    def draining(self) -> AbstractContextManager[None]:
        """Work until the end of the block."""
        ...

    def is_reading(self) -> bool:
        """Tell whether the first record has been read."""
        ...

    def counted(self) -> int:
        """Count the records that are visible in windows of every length."""
        ...

    def is_all_stored(self, expected: Expected) -> bool:
        """Tell whether everything else that it writes is visible too."""
        ...

    def table(self) -> pd.DataFrame:
        """Read the final table."""
        ...

    def fates(self) -> dict[str, int]:
        """Count late, malformed and duplicate records, as far as it can tell."""
        ...

    def versions(self) -> dict[str, str]:
        """Name the engines and libraries that do the work."""
        ...


def read_table(store: Store, sql: str) -> pd.DataFrame:
    """Read windows by a SELECT that gives the oracle's columns, window starts as epoch seconds."""
    return pd.DataFrame(store.query(sql), columns=COLUMNS)
