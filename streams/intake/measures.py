"""Name the metrics of the intake."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("citybrain_intake_requests", "Answers to publishing requests, by status",
                   ["family", "status"])
EVENTS = Counter("citybrain_intake_events", "Events in requests, by what the answer told of them",
                 ["publisher", "family", "status"])
REFUSALS = Counter("citybrain_intake_refusals", "Events refused, by reason", ["family", "reason"])
BYTES = Counter("citybrain_intake_bytes", "Bytes of event bodies, unpacked", ["publisher"])
SECONDS = Histogram("citybrain_intake_seconds", "Time from a whole request to its answer")
IN_FLIGHT = Gauge("citybrain_intake_in_flight", "Publishing requests that are being answered")
QUEUED = Gauge("citybrain_intake_queued_records", "Records that Kafka has not confirmed yet")
