"""Build what SUMO needs from the road network: net, signals, detectors and a pool of routes.

Built once per drawing into `<home>/city/<digest>/`; SUMO's plane is the local plane of `geo.roads`,
so positions turn into degrees by one vectorised formula.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import sumo

from geo import interchanges, junctions, layout, roads
from geo.layout import Junction, Piece
from schemas.errors import ComponentError

ROUTES = 3000
SHORTEST_TRIP_M = 2500.0
DETECTOR_PERIODS = (20, 30, 40, 60)  # seconds; which one is a matter of the detector's number
_PRIORITY = {"expressway": 9, "arterial": 7, "ramp": 5, "secondary": 4, "branch": 2}
_TIMEOUT = 180.0
_CENTRE_PULL_M = 3500.0  # the nearer the centre, the more trips begin and end there


@dataclass(frozen=True, slots=True)
class Detector:
    """Describe one detector: a loop on each lane of a segment; `period` in seconds."""

    sensor_id: str
    segment_id: str
    lanes: int
    period: int
    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class Network:
    """Hold the files SUMO starts from, and what was put into them."""

    folder: Path
    detectors: tuple[Detector, ...]
    routes: dict[str, tuple[str, ...]]

    @property
    def net(self) -> Path:
        """Give the file of lanes, junctions and signals."""
        return self.folder / "city.net.xml"

    @property
    def additional(self) -> Path:
        """Give the file of detectors, vehicle types and routes."""
        return self.folder / "city.add.xml"


def sumo_program(name: str) -> tuple[str, dict[str, str]]:
    """Give the path of a SUMO program and the environment it runs in."""
    return (str(Path(sumo.SUMO_HOME) / "bin" / name),
            {**os.environ, "SUMO_HOME": str(sumo.SUMO_HOME)})


def _digest() -> str:
    """Name the state of the drawing and of the code that turns it into a net."""
    code = (interchanges, junctions, layout, roads)
    parts = [roads.FOLDER / "jinan.geojson", Path(__file__),
             *(Path(str(one.__file__)) for one in code)]
    return hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()[:12]


def read_network(home: Path) -> Network:
    """Read the network, building it first where needed; raise ComponentError when SUMO cannot."""
    folder = home / "city" / _digest()
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=folder.parent))
        try:
            _build(draft)
            if not folder.is_dir():
                draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    tree = ET.parse(folder / "city.add.xml")  # noqa: S314 (written by us)
    routes = {one.attrib["id"]: tuple(one.attrib["edges"].split()) for one in tree.iter("route")}
    return Network(folder, list_detectors(), routes)


def list_detectors() -> tuple[Detector, ...]:
    """List the detectors: on arterials and expressways, at every place in one direction."""
    wanted = [one for one in roads.list_segments()
              if one.road_class in ("arterial", "expressway") and one.length_m > 200]
    wanted = [one for number, one in enumerate(wanted) if number % 4 in (0, 3)]
    return tuple(
        Detector(f"loop-{number:04d}", one.segment_id, one.lanes,
                 DETECTOR_PERIODS[number % len(DETECTOR_PERIODS)], *one.middle)
        for number, one in enumerate(wanted, start=1))


def _build(folder: Path) -> None:
    """Write nodes and edges, let netconvert join them, then route trips over the net."""
    network = roads.read_layout()
    _write(folder / "city.nod.xml", "nodes", [
        ("node", {"id": one.id, "x": f"{one.x:.2f}", "y": f"{one.y:.2f}", "type": _kind(one)})
        for one in network.junctions.values()])
    _write(folder / "city.edg.xml", "edges", [("edge", _edge(one)) for one in network.pieces])
    _run(folder, "netconvert", "--node-files", "city.nod.xml", "--edge-files", "city.edg.xml",
         "--output-file", "city.net.xml", "--no-turnarounds", "true", "--no-internal-links",
         "true", "--tls.default-type", "actuated", "--tls.cycle.time", "80",
         "--offset.disable-normalization", "true", "--junctions.corner-detail", "0",
         "--no-warnings", "true")
    _write(folder / "city.trips.xml", "routes", [
        ("trip", {"id": name, "depart": "0", "from": a, "to": b})
        for name, a, b in (*_draw_trips(network.pieces), *_bus_lines(network.pieces))])
    _run(folder, "duarouter", "--net-file", "city.net.xml", "--route-files", "city.trips.xml",
         "--output-file", "city.rou.xml", "--ignore-errors", "true", "--no-warnings", "true",
         "--weights.random-factor", "1.7", "--seed", "1", "--no-step-log", "true")
    tree = ET.parse(folder / "city.rou.xml")  # noqa: S314 (written by SUMO)
    found = [(one.attrib["id"], one[0].attrib["edges"]) for one in tree.iter("vehicle")]
    _write(folder / "city.add.xml", "additional", [
        *_vehicle_types(), *_loops(),
        *(("route", {"id": name, "edges": edges}) for name, edges in found)])


def _write(path: Path, root: str, rows: list[tuple[str, dict[str, str]]]) -> None:
    """Write one XML file of flat elements."""
    top = ET.Element(root)
    for tag, attributes in rows:
        ET.SubElement(top, tag, attributes)
    ET.indent(top)
    ET.ElementTree(top).write(path, encoding="utf-8", xml_declaration=True)


def _run(folder: Path, program: str, *arguments: str) -> None:
    """Run a SUMO tool in a folder; raise ComponentError with its first complaint."""
    path, environment = sumo_program(program)
    done = subprocess.run([path, *arguments], cwd=folder, env=environment, text=True,
                          capture_output=True, timeout=_TIMEOUT, check=False)
    if done.returncode:
        raise ComponentError(f"{program}: {(done.stderr or done.stdout).strip()[:300]}")


def _kind(junction: Junction) -> str:
    """Choose signals where an arterial is met, priority elsewhere and on expressways."""
    ground = junction.classes - {"ramp"}
    if "expressway" in ground:
        return "priority"
    busy = "arterial" in ground and junction.arms >= 6
    return "traffic_light" if busy or junction.arms >= 8 else "priority"


def _edge(piece: Piece) -> dict[str, str]:
    """Describe a segment as a SUMO edge."""
    road_class = "ramp" if piece.ramp else piece.road.road_class
    beside = "center" if piece.ramp or piece.road.elevated else "right"
    return {"id": piece.id, "from": piece.start, "to": piece.end, "numLanes": str(piece.lanes),
            "speed": f"{piece.limit_kmh / 3.6:.2f}", "priority": str(_PRIORITY[road_class]),
            "spreadType": beside,
            "shape": " ".join(f"{x:.2f},{y:.2f}" for x, y in piece.line.coords)}


def _bus_lines(pieces: list[Piece]) -> list[tuple[str, str, str]]:
    """Let buses run the whole length of each longer arterial, both ways."""
    ways: dict[tuple[str, str], list[str]] = {}
    for piece in pieces:
        if piece.road.road_class == "arterial":
            ways.setdefault((piece.road.id, piece.id.rpartition("-")[2]), []).append(piece.id)
    runs = [(ids if way in "en" else ids[::-1]) for (_, way), ids in ways.items() if len(ids) > 4]
    return [(f"bus{number}", run[0], run[-1]) for number, run in enumerate(runs)]


def _draw_trips(pieces: list[Piece]) -> list[tuple[str, str, str]]:
    """Draw where trips begin and end: more in the centre, and at the edge of the network."""
    chance = random.Random("routes")
    places = [piece for piece in pieces if not piece.ramp and not piece.road.elevated]
    middles = [piece.line.interpolate(0.5, normalized=True) for piece in places]
    weights = [piece.line.length * piece.lanes
               * (0.25 + 1 / (1 + (point.x**2 + point.y**2) / _CENTRE_PULL_M**2))
               for piece, point in zip(places, middles, strict=True)]
    outer = [p for p in pieces if p.start.endswith("start") or "viaduct-0" in p.start
             or p.end.endswith("end")]
    trips: list[tuple[str, str, str]] = []
    while len(trips) < ROUTES:
        (a, b), (p, q) = zip(*chance.choices(list(zip(places, middles, strict=True)), weights, k=2),
                             strict=True)
        if outer and chance.random() < 0.15:
            a = chance.choice(outer)
        if p.distance(q) > SHORTEST_TRIP_M:
            trips.append((f"trip{len(trips)}", a.id, b.id))
    return trips


def _loops() -> list[tuple[str, dict[str, str]]]:
    """Place one induction loop on each lane of each detector."""
    return [("inductionLoop", {
        "id": f"{one.sensor_id}_{lane}", "lane": f"{one.segment_id}_{lane}", "pos": "-60",
        "friendlyPos": "true", "period": str(one.period), "file": os.devnull})
        for one in list_detectors() for lane in range(one.lanes)]


def _vehicle_types() -> list[tuple[str, dict[str, str]]]:
    """Describe how each kind of vehicle drives."""
    kinds: dict[str, dict[str, Any]] = {
        "car": {"maxSpeed": 36, "length": 4.8, "vClass": "passenger", "speedDev": 0.1},
        "taxi": {"maxSpeed": 36, "length": 4.8, "vClass": "taxi", "speedDev": 0.12},
        "bus": {"maxSpeed": 16, "length": 11.5, "vClass": "bus", "accel": 1.2},
        "truck": {"maxSpeed": 22, "length": 8.5, "vClass": "truck", "accel": 1.3},
        "other": {"maxSpeed": 22, "length": 5.5, "vClass": "delivery", "speedDev": 0.1},
    }
    return [("vType", {"id": kind, **{name: str(value) for name, value in how.items()}})
            for kind, how in kinds.items()]


def count_gaps(routes: Iterable[tuple[str, ...]]) -> int:
    """Count the neighbouring pairs on routes that no junction joins; 0 in a sound network."""
    known = {piece.id: piece for piece in roads.read_layout().pieces}
    return sum(known[a].end != known[b].start for route in routes for a, b in pairwise(route))
