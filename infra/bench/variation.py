"""Say in what one city of the benchmark, and what is sent to it, differ from the usual."""

from __future__ import annotations

import msgspec

from infra.bench.stream import DISORDER_MS, VEHICLES

AREAS, PARTITIONS = 1600, 4


class Variation(msgspec.Struct, frozen=True):
    """Hold areas, corners of each (None: some 200), keys, disorder (ms), partitions."""

    areas: int = AREAS
    corners: int | None = None
    vehicles: int = VEHICLES
    disorder_ms: int = DISORDER_MS
    partitions: int = PARTITIONS

    @property
    def folder(self) -> str:
        """Name the folder in which its areas are kept."""
        if (self.areas, self.corners) == (AREAS, None):
            return "areas"
        return f"areas-{self.areas}-{self.corners or 'usual'}"

    def declare(self, text: str) -> str:
        """Give the benchmark's declaration with this number of partitions.

        Raise ValueError where it does not say a number that could be replaced.
        """
        usual = f"partitions={PARTITIONS},"
        if usual not in text:
            raise ValueError(f"the declaration does not say {usual}")
        return text.replace(usual, f"partitions={self.partitions},")

    def write(self) -> str:
        """Write it for a command line."""
        return msgspec.json.encode(self).decode()


def read(text: str) -> Variation:
    """Read what `write` wrote."""
    return msgspec.json.decode(text, type=Variation)
