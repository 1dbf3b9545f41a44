"""List the processes of a city in one table: what runs, after what, and when it is ready.

A process starts when those it depends on are ready, and stops when those that depend on it have
stopped.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from infra import clickhouse, flink, kafka, readiness
from schemas.errors import SettingsError
from streams.settings import read_settings
from streams.tls import for_streamlit


@dataclass(frozen=True, slots=True)
class Process:
    """Describe one supervised process; `ports` are names in `streams.settings.PORTS`."""

    name: str
    title: str
    command: tuple[str, ...]
    ready: Callable[[], bool]
    ports: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    environment: Callable[[], dict[str, str]] = field(default=dict)
    stop_seconds: int = 10
    stop_children: bool = False


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    """Give the command that runs a module with this Python."""
    return (sys.executable, "-m", name, *arguments)


def _ours(name: str, title: str, module: str, *depends: str, stop_seconds: int = 10) -> Process:
    """Describe a process of ours that serves metrics on its own port."""
    port = f"metrics_{name}"
    return Process(name, title, _module(module), readiness.port_answers(port), (port,), depends,
                   stop_seconds=stop_seconds)


def _page(name: str, title: str, script: str) -> Process:
    """Describe a Streamlit page served by `dashboards/<script>.py`."""
    settings = read_settings()
    command = _module(
        "streamlit", "run", f"dashboards/{script}.py", "--server.port", str(settings.port(name)),
        "--server.address", settings.host, "--server.headless", "true",
        "--server.fileWatcherType", "none", "--browser.gatherUsageStats", "false",
        "--client.toolbarMode", "minimal", "--client.showErrorDetails", "none",
        *for_streamlit())
    return Process(name, title, command, readiness.port_answers(name), (name,),
                   ("clickhouse", "registrar"))


def _chosen_by_setting() -> Iterator[Process]:
    """Give the processes that run only where a setting names what they need."""
    if read_settings().mqtt:
        yield _ours("mqtt", "Events over MQTT", "streams.doors.mqtt", "registrar",
                    stop_seconds=20)


def list_processes() -> tuple[Process, ...]:
    """List every process of the city."""
    return (
        Process("kafka", "Kafka broker", _module("infra.kafka"), kafka.is_ready,
                ("kafka", "kafka_controller"), stop_seconds=30),
        Process("clickhouse", "ClickHouse", _module("infra.clickhouse"), clickhouse.is_ready,
                ("clickhouse", "clickhouse_http"), stop_seconds=20),
        Process("jobmanager", "Flink JobManager", _module("infra.flink", "jobmanager"),
                flink.jobmanager_is_ready, ("flink_rest", "flink_rpc"),
                environment=flink.environment),
        Process("taskmanager", "Flink TaskManager", _module("infra.flink", "taskmanager"),
                flink.taskmanager_is_ready, environment=flink.environment, stop_children=True),
        Process("registrar", "Topics, ACLs and tables from the declarations",
                _module("streams.registrar"), readiness.declarations_are_registered,
                ("metrics_registrar",), ("kafka", "clickhouse")),
        Process("job", "Keeper of the Flink jobs", _module("jobs.keeper"), readiness.jobs_run,
                ("metrics_job",), ("registrar", "jobmanager", "taskmanager"),
                flink.environment,
                stop_seconds=60),
        _ours("sink", "Topics into ClickHouse", "streams.sink", "registrar"),
        Process("feed", "Open feeds", _module("streams.feeds"), readiness.port_answers("feed"),
                ("feed",), ("registrar",)),
        Process("intake", "Event intake over HTTP", _module("streams.intake"),
                readiness.port_answers("intake"), ("intake", "metrics_intake"), ("registrar",),
                stop_seconds=20),
        _ours("folder", "Files dropped below inbox", "streams.doors.folder", "registrar"),
        *_chosen_by_setting(),
        _page("wall", "Data-hall wall", "wall"),
        _page("console", "Staff console", "entrance"),
        # last: before the jobs run these have nothing new to do, and would take their start's time
        _ours("finals", "Windows that are final", "streams.finals", "job"),
        _ours("ledger", "Ledger of every event", "streams.ledger", "job"),
        _ours("alerts", "Alert rules (Faust)", "streams.agents.alerts", "job"),
        _ours("feedback", "Feedback to publishers", "streams.feedback", "job"),
        _ours("city", "The living city (SUMO)", "streams.city", "job", stop_seconds=20),
    )


def choose(only: str = "", without: str = "") -> tuple[Process, ...]:
    """Choose processes by comma-separated names; raise SettingsError naming an unknown one."""
    table = list_processes()
    known = {process.name for process in table}
    wanted, unwanted = (
        {name.strip() for name in text.split(",") if name.strip()} for text in (only, without))
    if unknown := (wanted | unwanted) - known:
        raise SettingsError(
            f"no component {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    return tuple(process for process in table
                 if process.name not in unwanted and (not wanted or process.name in wanted))
