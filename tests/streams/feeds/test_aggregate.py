"""Test that one address shows the metrics of all processes that answer."""

from __future__ import annotations

import asyncio

from prometheus_client import CollectorRegistry, Counter, start_http_server
from prometheus_client.parser import text_string_to_metric_families

from streams.feeds.aggregate import gather, list_processes
from streams.settings import read_settings


def test_metrics_of_all_processes_are_gathered_and_labelled() -> None:
    settings, servers = read_settings(), []
    for process, count in {"sink": 3, "finals": 4}.items():
        registry = CollectorRegistry()
        Counter("citybrain_trial", "A trial", ["topic"], registry=registry).labels("a").inc(count)
        servers.append(start_http_server(settings.port(f"metrics_{process}"), settings.host,
                                         registry=registry))
    text = asyncio.run(gather()).decode()
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()
    samples = {(one.name, one.labels["process"]): one.value
               for family in text_string_to_metric_families(text) for one in family.samples
               if one.name in ("citybrain_up", "citybrain_trial_total")}
    assert samples[("citybrain_trial_total", "sink")] == 3
    assert samples[("citybrain_trial_total", "finals")] == 4
    up = {process for (name, process), value in samples.items()
          if name == "citybrain_up" and value == 1}
    assert up == {"sink", "finals", "feed"}
    assert {process for name, process in samples if name == "citybrain_up"} == {
        *list_processes(), "feed"}
    assert text.count("# TYPE citybrain_trial_total counter") == 1
