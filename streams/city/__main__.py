"""Run the living city as one process of the platform: `python -m streams.city`."""

from __future__ import annotations

import logging
import sys
import time

from traci.exceptions import FatalTraCIError, TraCIException

from schemas.errors import CityBrainError
from streams import metrics
from streams.city.life import City, Plan
from streams.city.outlets import KafkaOutlet
from streams.city.pace import Stopped, live, stop_on_signals
from streams.settings import read_settings

log = logging.getLogger("streams.city")


def name_run(start: int) -> str:
    """Name a run by its start (epoch ms), in base 36: short, and later runs sort later."""
    digits, value = "", start // 1000
    while value:
        value, digit = divmod(value, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def main() -> int:
    """Live until stopped; give 0, or 1 when SUMO or a component fails."""
    logging.basicConfig(level=logging.INFO, stream=sys.stdout,
                        format="%(asctime)s %(levelname)s %(name)s %(message)s")
    stop_on_signals()
    city = None
    try:
        settings = read_settings()
        metrics.serve("city")
        start = time.time_ns() // 1_000_000
        city = City(Plan(settings.home, settings.seed, settings.rate, name_run(start), start))
        log.info("living at %.1f h, %d events/s", city.plan.first_hour, settings.rate)
        outlet = KafkaOutlet()
        try:
            live(city, outlet, None)
        finally:
            outlet.close()
    except Stopped:
        log.info("stopped")
    except (CityBrainError, FatalTraCIError, TraCIException, OSError) as error:
        log.error("the city died: %s", error)
        return 1
    finally:
        if city is not None:
            city.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
