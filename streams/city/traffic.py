"""Drive SUMO second by second: vehicles come, report where they are, and go; loops count them.

The number of vehicles follows the hour; of these as many carry a reporting device as the wanted
rate asks for. Everything drawn comes from the seed, so the same seed drives the same traffic.
"""

from __future__ import annotations

import contextlib
import io
import random
import subprocess
from collections.abc import Iterable
from typing import Any

import traci
from sumolib.miscutils import getFreeSocketPort
from traci import constants
from traci.exceptions import FatalTraCIError, TraCIException

from geo import roads
from schemas.errors import ComponentError
from streams.city import rhythm
from streams.city.event import CityEvent, Numbered, choose
from streams.city.network import Detector, Network, sumo_program

WARM_UP_SECONDS = 150
MOST_VEHICLES = 4200
_NEW_A_SECOND = 60
_PATIENCE_SECONDS = 120  # a vehicle that finds no gap for so long is given up
_SLICES = 12  # the speeds left by unseen traffic are renewed in so many turns
_TRIES = 300
_KINDS = (("car", 62), ("taxi", 21), ("truck", 7), ("other", 4), ("bus", 6))
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_READ = (constants.VAR_POSITION, constants.VAR_SPEED, constants.VAR_ANGLE, constants.VAR_ROAD_ID)


def _plate(number: int) -> str:
    """Give a number plate of Jinan, none twice within 240,000 vehicles."""
    letter, digits = divmod(number * 7919 % 240_000, 10_000)
    return f"鲁A{_LETTERS[letter]}{digits:04d}"


class _Vehicle:
    """Hold what is known of one vehicle while it drives."""

    __slots__ = ("added", "departed", "destination", "equipped", "kind", "plate")

    def __init__(self, plate: str, kind: str, destination: str, equipped: bool, added: int) -> None:
        self.plate, self.kind, self.destination = plate, kind, destination
        self.equipped, self.added, self.departed = equipped, added, False


class Traffic:
    """Drive the vehicles of the city; close it to end SUMO."""

    def __init__(self, network: Network, *, seed: int, run: str, hour: float, reports: int,
                 warm_up: int = WARM_UP_SECONDS) -> None:
        """Start SUMO and fill the roads; `reports` is the number of reporting vehicles."""
        self.network, self.reports, self.seed = network, reports, seed
        self.speeds: dict[str, list[float]] = {}
        self.arrivals: list[str] = []
        self.positions: list[tuple[float, float]] = []
        self.teleports = 0
        self._chance = random.Random(f"{seed}:traffic")
        self._ids, self._loop_ids = Numbered(run, "v"), Numbered(run, "l")
        self._segments = {one.segment_id: one for one in roads.list_segments()}
        self._trips = [name for name in network.routes if name.startswith("trip")]
        self._lines = [name for name in network.routes if name.startswith("bus")]
        self._vehicles: dict[str, _Vehicle] = {}
        self._number = self._equipped = self._step = 0
        self._limited: dict[str, float] = {}
        self._open(seed)
        self._fill(hour, warm_up)

    def _open(self, seed: int) -> None:
        """Start SUMO and connect; raise ComponentError when it does not come up."""
        path, environment = sumo_program("sumo")
        options = {
            "net-file": self.network.net, "additional-files": self.network.additional,
            "seed": seed, "step-length": 1, "time-to-teleport": 100, "ignore-route-errors": "true",
            "max-depart-delay": _PATIENCE_SECONDS - 20, "collision.action": "none",
            "no-step-log": "true", "no-warnings": "true", "xml-validation": "never",
            "device.rerouting.probability": 0.15, "device.rerouting.period": 120,
            "duration-log.disable": "true",
        }
        port = getFreeSocketPort()
        command = [path, "--remote-port", str(port), *(
            part for name, value in options.items() for part in (f"--{name}", str(value)))]
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # it prints while it waits
                self._sumo: Any = traci.connect(port, _TRIES, "localhost", self._process, .1)
        except (FatalTraCIError, TraCIException, OSError) as error:
            self.close()
            raise ComponentError(f"SUMO does not start: {error}") from error
        self._sumo.simulation.subscribe((
            constants.VAR_DEPARTED_VEHICLES_IDS, constants.VAR_ARRIVED_VEHICLES_IDS,
            constants.VAR_TELEPORT_STARTING_VEHICLES_NUMBER))

    def _fill(self, hour: float, seconds: int) -> None:
        """Put the hour's vehicles on the roads and let them spread before anything is told."""
        for segment in self._segments.values():
            self._slow(segment, hour)
        for _ in range(seconds):
            self.advance(hour, most=400)

    def _slow(self, segment: roads.Segment, hour: float) -> None:
        """Set the speed that unseen traffic and incidents leave on a segment."""
        limit = segment.limit_kmh * rhythm.free_share(segment.segment_id, hour, self.seed)
        limit = min(limit, self._limited.get(segment.segment_id, limit))
        self._sumo.edge.setMaxSpeed(segment.segment_id, max(limit, 3.0) / 3.6)

    def limit(self, segment_ids: Iterable[str], kmh: float | None, hour: float) -> None:
        """Hold segments to a speed, or give them free with None."""
        for segment_id in segment_ids:
            if kmh is None:
                self._limited.pop(segment_id, None)
            else:
                self._limited[segment_id] = kmh
            self._slow(self._segments[segment_id], hour)

    def advance(self, hour: float, most: int = _NEW_A_SECOND) -> None:
        """Drive one second further."""
        wanted = min(rhythm.population(hour, self.reports), MOST_VEHICLES)
        for _ in range(min(most, wanted - len(self._vehicles))):
            self._add()
        self._sumo.simulationStep()
        self._step += 1
        self._follow(self._sumo.simulation.getSubscriptionResults())
        if self._step % 30 == 0:
            self._give_up()
        if self._step % 5 == 0:
            turn = self._step // 5 % _SLICES
            for segment in list(self._segments.values())[turn::_SLICES]:
                self._slow(segment, hour)

    def _add(self) -> None:
        """Send one more vehicle on its way."""
        self._number += 1
        name = f"{self._number}"
        kind = choose(self._chance, _KINDS)
        route = self._chance.choice(self._lines if kind == "bus" else self._trips)
        equipped = self._equipped < self.reports
        self._equipped += equipped
        self._vehicles[name] = _Vehicle(_plate(self._number), kind, self.network.routes[route][-1],
                                        equipped, self._step)
        self._sumo.vehicle.add(name, route, typeID=kind, departLane="random", departPos="random",
                               departSpeed="0")

    def _follow(self, told: dict[int, Any]) -> None:
        """Note who departed and who arrived."""
        for name in told[constants.VAR_DEPARTED_VEHICLES_IDS]:
            vehicle = self._vehicles.get(name)
            if vehicle is not None:
                vehicle.departed = True
                if vehicle.equipped:
                    self._sumo.vehicle.subscribe(name, _READ)
        self.arrivals = []
        for name in told[constants.VAR_ARRIVED_VEHICLES_IDS]:
            if (vehicle := self._vehicles.pop(name, None)) is not None:
                self._equipped -= vehicle.equipped
                self.arrivals.append(vehicle.destination)
        self.teleports += told[constants.VAR_TELEPORT_STARTING_VEHICLES_NUMBER]

    def _give_up(self) -> None:
        """Forget vehicles that SUMO gave up inserting, so that the table stays bounded."""
        for name, vehicle in list(self._vehicles.items()):
            if not vehicle.departed and self._step - vehicle.added > _PATIENCE_SECONDS:
                self._equipped -= vehicle.equipped
                del self._vehicles[name]

    def report(self, now: int) -> list[CityEvent]:
        """List the position of every reporting vehicle; keep places and speeds for others."""
        events: list[CityEvent] = []
        speeds: dict[str, list[float]] = {}
        self.positions = []
        scale_x, scale_y = 1 / roads.METRES_LONGITUDE, 1 / roads.METRES_LATITUDE
        position, speed, angle, road = _READ
        for name, told in self._sumo.vehicle.getAllSubscriptionResults().items():
            segment = self._segments.get(told[road])
            vehicle = self._vehicles.get(name)
            if segment is None or vehicle is None:  # between two places while being moved
                continue
            x, y = told[position]
            self.positions.append((x, y))
            kmh = round(told[speed] * 3.6, 1)
            speeds.setdefault(segment.segment_id, []).append(kmh)
            events.append(CityEvent("vehicle-position", {
                "vehicle_id": vehicle.plate,
                "longitude": round(x * scale_x + roads.CENTRE[0], 6),
                "latitude": round(y * scale_y + roads.CENTRE[1], 6), "speed": kmh,
                "heading": round(told[angle], 1) % 360, "road_id": segment.road_id,
                "segment_id": segment.segment_id, "vehicle_type": vehicle.kind,
            }, vehicle.plate, self._ids.next(), now))
        self.speeds = speeds
        return events

    def measure(self, now: int) -> list[CityEvent]:
        """List what the detectors whose interval ends now have measured."""
        return [self._measured(one, now) for one in self.network.detectors
                if self._step % one.period == 0]

    def _measured(self, one: Detector, now: int) -> CityEvent:
        """Sum a detector's loops over its last interval; without a vehicle there is no speed."""
        loops = self._sumo.inductionloop
        names = [f"{one.sensor_id}_{lane}" for lane in range(one.lanes)]
        counts = [max(0, loops.getLastIntervalVehicleNumber(name)) for name in names]
        taken = [max(0.0, loops.getLastIntervalOccupancy(name)) for name in names]
        payload: dict[str, Any] = {
            "sensor_id": one.sensor_id, "longitude": round(one.longitude, 6),
            "latitude": round(one.latitude, 6),
            "road_id": self._segments[one.segment_id].road_id, "segment_id": one.segment_id,
            "interval_seconds": one.period, "flow": round(sum(counts) * 3600 / one.period, 1),
            "occupancy": round(min(100.0, sum(taken) / len(taken)), 2)}
        if sum(counts):
            metres = sum(count * loops.getLastIntervalMeanSpeed(name)
                         for count, name in zip(counts, names, strict=True) if count)
            payload["speed"] = round(max(0.0, metres / sum(counts)) * 3.6, 1)
        return CityEvent("traffic-flow", payload, one.sensor_id, self._loop_ids.next(), now)

    def close(self) -> None:
        """End SUMO; nothing it holds is worth a farewell, and it hears none while it waits."""
        self._process.kill()
        self._process.wait()
