"""Make dirty files from a seed, and take them through guess and dry run."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from geo.tree import AreaTree
from schemas import registry
from streams.mapping.declare import MapFile
from streams.mapping.guess.model import Proposal
from streams.mapping.guess.propose import propose
from streams.mapping.guess.write import write_map
from streams.mapping.read import parse_map
from streams.rehearsal import rehearse
from streams.replay import Recording

Row = dict[str, Any]
START = datetime(2026, 3, 14, 8, 0, 0)  # noqa: DTZ001 (files tell local times without zone)


@dataclass
class Onboarded:
    """Hold what guess and dry run said of a file."""

    proposal: Proposal
    text: str
    declared: MapFile
    counts: dict[str, Any]

    @property
    def accepted(self) -> int:
        """Give the number of events accepted."""
        return int(self.counts["accepted"])

    @property
    def reasons(self) -> dict[tuple[str, str], int]:
        """Give the number of refusals by reason and field."""
        return {(row["reason"], row["field"]): row["events"] for row in self.counts["reasons"]}

    def column(self, field: str) -> str:
        """Give the column of a field."""
        return self.declared.fields[field].column

    def unsure(self, key: str, *words: str) -> bool:
        """Tell whether a doubt of a key says all these words, and stands in the file as well."""
        told = [str(one) for one in self.proposal.doubts if one.key == key]
        flat = " ".join(self.text.replace("\n#  ", "").split())
        return any(all(word in one for word in words) and " ".join(one.split()) in flat
                   for one in told)


def onboard(path: Path, family: str, tree: AreaTree | None = None) -> Onboarded:
    """Guess a mapping file and rehearse the whole file by it."""
    declared = registry.get_family(family)
    proposal = propose(path, declared, tree=tree)
    text = write_map(proposal, declared, path.name)
    found = parse_map(text)
    _, counts = rehearse(Recording(path, found, run="test"), lambda *_: None, tree)
    return Onboarded(proposal, text, found, counts)


def drive(count: int = 300, seed: int = 7) -> list[Row]:
    """Make positions of taxis in Jinan, in time order, each its own."""
    drawn = random.Random(seed)
    return [{
        "plate": f"鲁A{drawn.randrange(10_000, 99_999)}", "time": START + timedelta(seconds=10 * i),
        "lon": round(drawn.uniform(116.9, 117.15), 6), "lat": round(drawn.uniform(36.6, 36.7), 6),
        "speed": round(drawn.uniform(1, 80), 1)} for i in range(count)]


def park(count: int = 200, seed: int = 7) -> list[Row]:
    """Make readings of car parks in Jinan."""
    drawn = random.Random(seed)
    return [{
        "car_park_id": f"P{i % 5}", "time": START + timedelta(minutes=i // 5),
        "longitude": 117.0 + i % 5 / 100 + 0.00123, "latitude": 36.65 + 0.00321,
        "capacity": 100 + 10 * (i % 5), "occupied": drawn.randrange(100),
        "status": drawn.choice(["open", "closed"])} for i in range(count)]


def write_csv(path: Path, rows: Sequence[Row], *, encoding: str = "utf-8", delimiter: str = ",",
              names: Sequence[str] | None = None, header: bool = True,
              cell: Callable[[Any], str] = str) -> Path:
    """Write rows as CSV; `names` rename the columns, `cell` writes a value."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    if header:
        writer.writerow(names or list(rows[0]))
    writer.writerows([cell(value) for value in row.values()] for row in rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path
