"""Tell whether a component does its work already, by asking it."""

from __future__ import annotations

import socket
from collections.abc import Callable

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from jobs.cluster import Cluster
from schemas import registry
from schemas.errors import ComponentError
from streams.broker import client_config
from streams.settings import read_settings

ASK_SECONDS = 2.0
PLATFORM_TOPICS = {"dead-letters", "gate-ledger", "publisher-progress", "window-final", "feedback",
                   "publishers", "rules", "intake-tokens", "repaired", "audit", "audit-heads",
                   "vault"}


def port_answers(name: str) -> Callable[[], bool]:
    """Give a probe that tells whether a port of `streams.settings.PORTS` takes connections."""
    def probe() -> bool:
        """Try to connect once."""
        settings = read_settings()
        try:
            with socket.create_connection(
                    (settings.host_of(name), settings.port(name)), timeout=1):
                return True
        except OSError:
            return False
    return probe


def list_topics() -> set[str]:
    """List the topics that the broker has; none when it is away."""
    try:
        client = AdminClient({**client_config("admin"), "log_level": 0})
        return set(client.list_topics(timeout=3).topics)
    except KafkaException:
        return set()


def declarations_are_registered() -> bool:
    """Tell whether every declared family and result has its topic and table, by the registrar."""
    registry.refresh()
    wanted = PLATFORM_TOPICS | {f"event-{name}" for name in registry.families()}
    wanted |= {f"result-{name}" for name in registry.results()}
    made = read_settings().home / "run" / "registrar.ready"
    return port_answers("metrics_registrar")() and made.exists() and wanted <= list_topics()


def jobs_run() -> bool:
    """Tell whether as many Flink jobs run, with all their tasks, as there are statement sets."""
    settings = read_settings()
    try:
        jobs = Cluster(ASK_SECONDS).list_jobs()
    except (ComponentError, KeyError):
        return False
    running = [job for job in jobs if job["state"] == "RUNNING"
               and job["tasks"]["running"] == job["tasks"]["total"]]
    return len(running) >= settings.statement_sets
