"""Take events over HTTP: `python -m streams.intake`, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import logging
import os
import signal

import uvicorn

from streams.feedback.reports import Reports
from streams.intake.app import build
from streams.intake.door import Door
from streams.intake.limits import Limits
from streams.intake.sender import Sender
from streams.intake.server import configure
from streams.metrics import serve
from streams.publishers import Registrations
from streams.settings import read_settings
from streams.tls import check_exposure, for_uvicorn
from streams.tokens import Tokens

ACCOUNT = "intake"


def _end() -> None:
    """End this process in good order; the supervisor starts it anew."""
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Serve on the port `intake`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    settings = read_settings()
    check_exposure("the intake")
    serve("intake")
    tokens, publishers = Tokens(ACCOUNT), Registrations(ACCOUNT)
    sender = Sender(ACCOUNT, _end)
    door = Door(tokens, publishers, sender, Limits(settings.intake_bytes),
                settings.intake_events)
    app = build(door, sender.close, Reports(ACCOUNT))
    uvicorn.Server(configure(app, settings.host, settings.port("intake"), **for_uvicorn())).run()


if __name__ == "__main__":
    main()
