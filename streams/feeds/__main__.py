"""Serve the feeds: `python -m streams.feeds`, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import logging
from typing import Any

import uvicorn

from streams.feeds.app import build
from streams.feeds.aside import Aside
from streams.feeds.board import Board
from streams.intake.server import HEAD_BYTES, PatientProtocol
from streams.settings import read_settings
from streams.tls import check_exposure, for_uvicorn

MAX_CONNECTIONS = 1000


def main() -> None:
    """Serve on the port `feed`, and have another process renew what is served."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    settings = read_settings()
    check_exposure("the feed")
    tls: dict[str, Any] = dict(for_uvicorn())
    uvicorn.run(build(Board(), Aside().tick), host=settings.host,
                port=settings.port("feed"), log_level="warning", access_log=False,
                server_header=False, http=PatientProtocol, ws="none",
                h11_max_incomplete_event_size=HEAD_BYTES, limit_concurrency=MAX_CONNECTIONS,
                timeout_keep_alive=15, timeout_graceful_shutdown=3, **tls)


if __name__ == "__main__":
    main()
