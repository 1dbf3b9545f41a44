"""Serve the metrics of a process as Prometheus text on its own loopback port."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram, start_http_server

from streams.settings import read_settings

EVENTS = Counter("citybrain_events", "Events handled, by what became of them", ["topic", "outcome"])
ROWS = Counter("citybrain_rows_written", "Rows written to the store", ["table"])
ERRORS = Counter("citybrain_errors", "Failures of a component that were retried", ["component"])
LAG = Gauge("citybrain_lag_records", "Records not yet read", ["topic"])
AGE = Gauge("citybrain_data_age_seconds", "Age of the newest record handled", ["topic"])
WRITE_SECONDS = Histogram("citybrain_write_seconds", "Time to write one batch", ["table"])


def serve(process: str) -> None:
    """Serve this process's metrics on the port `metrics_<process>`."""
    settings = read_settings()
    name = f"metrics_{process}"
    start_http_server(settings.port(name), addr=settings.host_of(name))
