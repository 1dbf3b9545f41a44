"""Do what every process does that runs inside the benchmark's own city.

It tells progress on stderr, and ends at a signal with nothing left running.
"""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from infra.bench.start import ENDINGS
from schemas.errors import CityBrainError

BEGUN = time.monotonic()


def tell(line: str) -> None:
    """Show progress, with the time since the start."""
    click.echo(f"{time.monotonic() - BEGUN:6.0f} s  {line}", err=True)


def hear_endings() -> None:
    """End at each signal as at Ctrl-C."""
    for number in ENDINGS:
        signal.signal(number, _end)


def _end(_number: int, _frame: FrameType | None) -> None:
    """Turn a signal into the exception that Ctrl-C raises, once, so that everything is stopped."""
    for number in ENDINGS:
        # not SIG_IGN, which what is started while cleaning up would inherit
        signal.signal(number, _pass_over)
    raise KeyboardInterrupt


def _pass_over(_number: int, _frame: FrameType | None) -> None:
    """Do nothing at a signal: the end has begun."""


@contextmanager
def no_traceback() -> Iterator[None]:
    """End the process with one line where the block ends in an error of ours or is interrupted."""
    logging.getLogger("confluent_kafka").setLevel(logging.ERROR)
    try:
        yield
    except CityBrainError as error:
        sys.exit(f"Error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted; nothing is left running")
