"""Take files that publishers drop below `<home>/inbox`: `python -m streams.doors.folder`.

A complete file (`streams.doors.inbox` says what that is, and by which map it is read) is sent as
live events under its publisher's account, then moved to `done/` beside it with a report, or to
`failed/` with the reason. It stays where it is until Kafka has confirmed all of it: a crash, or a
broker that is away, starts it again. Ids follow from the content, so the gate counts each once.
"""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from typing import Any, Protocol

from schemas.errors import CityBrainError, ComponentError, DeclarationError, MappingError
from schemas.render.kafka import raw_name
from streams.disk import Guard
from streams.doors.inbox import (
    DONE,
    FAILED,
    Dropped,
    Steadiness,
    find_map_file,
    inbox,
    is_station,
    list_dropped,
    read_dropped_map,
)
from streams.doors.report import put_away
from streams.doors.sending import JudgedRecording, send_file
from streams.mapping.declare import MapFile
from streams.metrics import ERRORS, EVENTS, serve
from streams.publishers import Registration, Registrations

ACCOUNT = "folder"
LOOK_SECONDS = 1.0
AGAIN_SECONDS = 5.0
# what was sent is kept beside the city for as long as the raw topics keep it, and no longer
KEPT_SECONDS = 7 * 86_400
SWEEP_SECONDS = 3_600.0
log = logging.getLogger("folder")


class Known(Protocol):
    """Know what is registered of publishers."""

    def known(self) -> Mapping[str, Registration]:
        """Give the registrations by name."""


class PausedError(Exception):
    """Leave a file before its end: the process ends, or the disk is full."""


class Folder:
    """Look for files and bring each to its end."""

    def __init__(self, folder: Path, publishers: Known, ended: Event, disk: Guard,
                 steadiness: Steadiness) -> None:
        """Take the inbox, who is registered, the signal to stop, and the disk."""
        self._folder, self._publishers, self._ended = folder, publishers, ended
        self._disk, self._steadiness = disk, steadiness
        # sent, but the disk did not let us put them away: they must not be sent each second
        self._unfinished: dict[Dropped, tuple[str, dict[str, Any]]] = {}
        self._told, self._checked_at = "", 0.0

    def step(self) -> None:
        """Make the publishers' folders, and take what is complete, one file after another."""
        if self._disk.is_full():
            return
        self._make_folders()
        dropped = list_dropped(self._folder, self._tell)
        self._unfinished = {one: end for one, end in self._unfinished.items() if one in dropped}
        for one in self._steadiness.choose(dropped):
            if self._ended.is_set() or self._disk.is_full():
                return
            if one in self._unfinished or not is_station(one):
                self._take(one)

    def _make_folders(self) -> None:
        """Make the folder of every registered publisher, for the owner of the city only."""
        try:
            for name, one in self._publishers.known().items():
                if one.removed_at is None:
                    (self._folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            self._tell(error)

    def _take(self, one: Dropped) -> None:
        """Send one file and put it away; raise ComponentError when Kafka is away."""
        name, report = self._unfinished.get(one) or self._send(one)
        if not one.is_unchanged():
            log.info("%s changed while it was sent: it is sent again", one.path)
            return
        self._unfinished[one] = (name, report)
        try:
            target = put_away(one.path, name, report)
        except OSError as error:
            self._tell(error)
            return
        del self._unfinished[one]
        log.info("%s: %s", target, report.get("closing") or report["reason"])

    def _send(self, one: Dropped) -> tuple[str, dict[str, Any]]:
        """Send one file; give the folder it belongs in and its report."""
        told: dict[str, Any] = {"file": one.path.name, "bytes": one.size,
                                "taken_at_ms": time.time_ns() // 1_000_000}
        recording: JudgedRecording | None = None
        try:
            declared, told["map"] = self._declared(one)
            recording = JudgedRecording(one.path, declared, self._check)
            told |= send_file(recording, declared)
        except (MappingError, DeclarationError) as error:
            reason = str(error)
        except (OSError, UnicodeError) as error:
            reason = f"it cannot be read: {getattr(error, 'strerror', None) or error}"
        else:
            topic = raw_name(declared.publisher, declared.family)
            for outcome in ("accepted", "refused"):
                EVENTS.labels(topic, outcome).inc(told[outcome])
            return DONE, told
        # what was sent before is counted once, whenever the mended file sends it again
        sent = recording.made if recording is not None else 0
        return FAILED, {**told, "reason": reason, "events_before": sent}

    def _check(self) -> None:
        """Stop in a file when told to; a disk that fills up stops it, too."""
        if self._ended.is_set():
            raise PausedError
        now = time.monotonic()
        if now - self._checked_at > LOOK_SECONDS:
            self._checked_at = now
            if self._disk.is_full():
                raise PausedError

    def _declared(self, one: Dropped) -> tuple[MapFile, str]:
        """Find the map of a file, and check that its publisher may send this."""
        registered = self._publishers.known().get(one.publisher)
        if not one.publisher:
            raise MappingError("it lies in no publisher's folder: put it into inbox/<publisher>")
        if registered is None or registered.removed_at is not None:
            raise MappingError(f"no publisher {one.publisher!r} is registered; register it by"
                               f" `citybrain publisher add {one.publisher} --family FAMILY`")
        path = find_map_file(one)
        declared = read_dropped_map(path)
        if declared.publisher != one.publisher:
            raise MappingError(f"{path.name} is a map of publisher {declared.publisher!r}, and the"
                               f" folder is that of {one.publisher!r}")
        if declared.family not in registered.families:
            raise MappingError(f"{one.publisher} is not registered for {declared.family}; register"
                               f" it by `citybrain publisher add {one.publisher} --family"
                               f" {declared.family}`")
        return declared, path.name

    def sweep(self, now: float) -> None:
        """Delete what was sent, and its reports, once it is older than raw topics keep it."""
        for path in self._folder.glob(f"**/{DONE}/*"):
            try:
                if path.is_file() and now - path.lstat().st_ctime > KEPT_SECONDS:
                    path.unlink()
            except OSError as error:
                self._tell(error)

    def _tell(self, error: Exception) -> None:
        """Log a trouble once, not with every look."""
        ERRORS.labels("folder").inc()
        if str(error) != self._told:
            log.error("%s", error)
        self._told = str(error)

    def run(self) -> None:
        """Look again and again until told to stop."""
        swept_at = -SWEEP_SECONDS
        while not self._ended.is_set():
            pause = LOOK_SECONDS
            try:
                self.step()
                if time.monotonic() - swept_at > SWEEP_SECONDS:
                    swept_at = time.monotonic()
                    self.sweep(time.time())
            except PausedError:
                pass
            except ComponentError as error:
                self._tell(error)
                pause = AGAIN_SECONDS
            self._ended.wait(pause)


def main() -> None:
    """Take files until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    ended = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    serve("folder")
    publishers = Registrations(ACCOUNT)
    while not ended.is_set() and not publishers.wait(LOOK_SECONDS):
        pass
    try:
        Folder(inbox(), publishers, ended, Guard(), Steadiness()).run()
    except CityBrainError as error:
        log.error("%s", error)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
