"""Find the files that publishers drop below `<home>/inbox`, and the map by which each is read.

    <home>/inbox/<publisher>/FILE          read by `<FILE's stem>.toml` beside it, else by the only
                                           map (.toml) beside it
    <home>/inbox/<publisher>/<map>/FILE    the same, else by `<publisher>/<map>.toml`, else by the
                                           map of that name that comes along (`streams/maps`)

Nothing deeper is looked at, and nothing through a link: who may drop files must not have others'
files published. Station files, which a map beside them joins, stay where they are.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import MappingError
from streams.mapping.declare import MapFile
from streams.mapping.read import MAPS, read_map
from streams.settings import read_settings

DONE, FAILED, REPORT = "done", "failed", ".report.json"
STEADY_SECONDS = 2.0
# names under which programs write what is not complete yet
_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".new", ".swp", ".crdownload", ".download",
               ".filepart", ".inprogress", ".!ut", "~")
_OURS = (".toml", REPORT)


@dataclass(frozen=True, slots=True)
class Dropped:
    """Hold a file as seen; `publisher` or `map_name` is empty where no folder says it."""

    path: Path
    publisher: str
    map_name: str
    size: int
    modified_ns: int

    def is_unchanged(self) -> bool:
        """Tell whether the file is still as it was seen."""
        try:
            now = self.path.stat(follow_symlinks=False)
        except OSError:
            return False
        return (now.st_size, now.st_mtime_ns) == (self.size, self.modified_ns)


def inbox() -> Path:
    """Give the folder of all publishers' folders."""
    return read_settings().home / "inbox"


def is_passed_over(name: str) -> bool:
    """Tell whether a name is hidden, of a file not complete yet, a map or a report of ours."""
    low = name.lower()
    return low.startswith((".", "~", "#")) or low.endswith((*_UNFINISHED, *_OURS))


def _files(folder: Path, publisher: str, map_name: str) -> Iterator[Dropped]:
    """Give the files of one folder; what vanishes meanwhile is no file."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_passed_over(entry.name) or not entry.is_file(follow_symlinks=False):
                continue
            with suppress(FileNotFoundError):
                found = entry.stat(follow_symlinks=False)
                yield Dropped(Path(entry.path), publisher, map_name, found.st_size,
                              found.st_mtime_ns)


def _folders(folder: Path) -> list[Path]:
    """List the folders in which files may be dropped."""
    with os.scandir(folder) as entries:
        return [Path(entry.path) for entry in entries
                if entry.is_dir(follow_symlinks=False) and entry.name not in (DONE, FAILED)
                and not is_passed_over(entry.name)]


def list_dropped(folder: Path, trouble: Callable[[OSError], None]) -> list[Dropped]:
    """List what lies in all folders, the oldest first; what cannot be looked into is told."""
    found: list[Dropped] = []

    def look(at: Path, publisher: str, map_name: str) -> list[Path]:
        """Take the files of one folder; give the folders in it."""
        try:
            found.extend(_files(at, publisher, map_name))
            return _folders(at)
        except OSError as error:
            trouble(error)
            return []

    for publisher in look(folder, "", ""):
        for named in look(publisher, publisher.name, ""):
            look(named, publisher.name, named.name)
    return sorted(found, key=lambda one: (one.modified_ns, one.path))


def find_map_file(one: Dropped) -> Path:
    """Find the map of a file; raise MappingError saying where it was looked for."""
    folder = one.path.parent
    beside = [path for path in sorted(folder.glob("*.toml"))
              if path.is_file() and not path.is_symlink() and not path.name.startswith(".")]
    own = [path for path in beside if path.stem == one.path.stem]
    if own or len(beside) == 1:
        return (own or beside)[0]
    if one.map_name:
        for path in (folder.parent / f"{one.map_name}.toml", MAPS / f"{one.map_name}.toml"):
            if path.is_file() and not path.is_symlink():
                return path
    several = f"; beside it lie {len(beside)}, none called as it" if beside else ""
    raise MappingError(
        f"no map says how to read it: put {one.path.stem}.toml beside it, or name its folder after"
        f" a map{several}. `citybrain map guess FILE --family F --out MAP.toml` proposes one")


def read_dropped_map(path: Path) -> MapFile:
    """Read a map; one in the inbox may join files beside it only, as nobody checked it."""
    declared = read_map(path)
    for join in declared.join:
        station = path.parent / join.file
        if Path(join.file).name != join.file or station.is_symlink():
            raise MappingError(f"{path}: join {join.name}: file = {join.file!r} must be the name of"
                               " a file beside the map")
    return declared


def is_station(one: Dropped) -> bool:
    """Tell whether a file is joined by a map of its folder, and so is no file of events."""
    maps = [*one.path.parent.glob("*.toml")]
    with suppress(MappingError):
        maps.append(find_map_file(one))
    for path in maps:
        with suppress(MappingError):
            if any(join.file == one.path.name for join in read_map(path).join):
                return True
    return False


class Steadiness:
    """Tell whether a file is complete: its size and time have not changed for two seconds.

    Files moved in whole bear the time at which they were written, and are complete at first sight.
    """

    def __init__(self, seconds: float = STEADY_SECONDS,
                 clock: Callable[[], float] = time.monotonic,
                 now: Callable[[], float] = time.time) -> None:
        """Take how long a file must not change; `clock` and `now` give seconds."""
        self._seconds, self._clock, self._now = seconds, clock, now
        self._seen: dict[Path, tuple[Dropped, float]] = {}

    def choose(self, dropped: list[Dropped]) -> list[Dropped]:
        """Choose those that are complete; forget those that are gone."""
        at = self._clock()
        before, self._seen = self._seen, {}
        for one in dropped:
            known, since = before.get(one.path, (None, at))
            self._seen[one.path] = (one, since if known == one else at)
        return [one for one, since in self._seen.values()
                if at - since >= self._seconds
                or self._now() - one.modified_ns / 1e9 >= self._seconds]
