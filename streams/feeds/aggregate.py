"""Gather the metrics of all our processes, so that one address shows them all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from streams.settings import PORTS, read_settings

TIMEOUT_SECONDS = 2.0
_PREFIX = "metrics_"


def list_processes() -> dict[str, str]:
    """List the addresses of the metrics of each process by its name."""
    settings = read_settings()
    return {name.removeprefix(_PREFIX): f"http://{settings.host_of(name)}:{settings.port(name)}/metrics"
            for name in PORTS if name.startswith(_PREFIX)
            # it runs only where a broker is named
            and (settings.mqtt or name != f"{_PREFIX}mqtt")}


async def _scrape(client: httpx.AsyncClient, address: str) -> str | None:
    """Read the metrics of one process; None when it does not answer."""
    try:
        answer = await client.get(address)
        return answer.text if answer.status_code == 200 else None
    except (httpx.HTTPError, UnicodeDecodeError):
        return None


class _Gathered(Collector):
    """Give the metrics of several processes, each sample labelled by its process."""

    def __init__(self, texts: dict[str, str | None]) -> None:
        self._texts = texts

    def collect(self) -> Iterator[Metric]:
        """Merge the families of the same name."""
        up = GaugeMetricFamily("citybrain_up", "1 where a process answers", labels=["process"])
        merged: dict[str, Metric] = {}
        for process, text in self._texts.items():
            families = _parse(text)
            up.add_metric([process], 0 if families is None else 1)
            for family in families or ():
                target = merged.setdefault(
                    family.name, Metric(family.name, family.documentation, family.type))
                target.samples += [one._replace(labels={**one.labels, "process": process})
                                   for one in family.samples]
        yield up
        yield from merged.values()


def _parse(text: str | None) -> list[Metric] | None:
    """Read Prometheus text; None when there is none or it is not readable."""
    if text is None:
        return None
    try:
        return list(text_string_to_metric_families(text))
    except ValueError:
        return None


async def gather() -> bytes:
    """Write the metrics of all processes, ours among them, as one Prometheus text."""
    processes = list_processes()
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
        texts = await asyncio.gather(*(_scrape(client, one) for one in processes.values()))
    found = dict(zip(processes, texts, strict=True))
    found["feed"] = generate_latest(REGISTRY).decode()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Gathered(found))
    return generate_latest(registry)
