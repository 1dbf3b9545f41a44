"""List the recordings that tests replay, with what is expected of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Recorded:
    """Hold one recording: its map, file, oracle, and the counts of its closing line."""

    map: str
    file: str
    oracle: str
    rows: int
    events: int
    refusals: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def refused(self) -> int:
        """Count what is refused."""
        return sum(self.refusals.values())

    def path(self, shared: Path) -> Path:
        """Give the file."""
        return shared / "data" / self.file


RECORDINGS = [
    Recorded("los-angeles-loops", "detectors/los_angeles_loop_speed_days1-5.csv",
             "los_angeles_loops", 1_440, 298_080),
    Recorded("liverpool-bus", "probes/liverpool_bus_route14.csv", "liverpool_bus", 1_533, 1_533),
    Recorded("shenzhen-taxi", "probes/shenzhen_taxi_trips.csv", "shenzhen_taxi", 10_619, 21_238),
    Recorded("nyc-311-animals", "cases/nyc_311_animals.csv", "nyc_311", 4_969, 9_661,
             {("missing-field", "longitude"): 121}),
    Recorded("nyc-311-one-day", "cases/nyc_311_one_day.csv", "nyc_311", 235, 436,
             {("missing-field", "longitude"): 5}),
    Recorded("dresden-altmarkt", "parking/dresden_altmarkt_15min.csv", "dresden",
             40_986, 40_986, {("not-mapped", "time"): 4}),
    Recorded("dresden-centrumgalerie", "parking/dresden_centrumgalerie_15min.csv", "dresden",
             35_040, 35_040, {("above-field", "occupied"): 496, ("below-minimum", "occupied"): 28}),
    Recorded("beijing-dongsi", "environment/beijing_dongsi_hourly.csv", "beijing_dongsi",
             35_064, 343_138),
]
