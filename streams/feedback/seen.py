"""Remember of each key what its next event is compared with, in bounded memory."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from streams.feedback.read import Shape
from streams.feedback.windows import HOUR_MS, MINUTE_MS

# so many keys of one publisher and family are followed, and so many of all together (some 50 MB)
MOST_KEYS, MOST_KEYS_OF_ALL = 10_000, 50_000
INTERVALS = 8
# events of one key that come at once were sent together
AT_ONCE_MS = 200
METRES_A_DEGREE = 111_320.0
# positions of cheap receivers are off by so much
SLACK_METRES = 100.0


@dataclass(slots=True)
class Seen:
    """Hold the newest event of a key and what stayed the same until then; moments are epoch ms.

    `same` events in a row were observed at `observed_at`, first received at `same_since`. `low` and
    `low_before` are the smallest delays since `low_since` and in the minute before that. `runs[i]`
    events in a row had the value `values[i]`, the first of them at `run_since[i]`.
    """

    event_id: str
    observed_at: int
    received_at: int
    longitude: float | None
    latitude: float | None
    rounded: bool
    values: tuple[float | None, ...]
    same_since: int
    low: int
    low_since: int
    runs: list[int]
    run_since: list[int]
    low_before: int | None = None
    same: int = 1
    moves: bool = False
    intervals: deque[int] = field(default_factory=lambda: deque(maxlen=INTERVALS))

    @property
    def lowest(self) -> int:
        """Give the smallest delay of the last one to two minutes, ms."""
        return self.low if self.low_before is None else min(self.low, self.low_before)

    @property
    def usual_ms(self) -> float | None:
        """Give the median interval of a key that reported regularly so far, else None.

        Regularly: six intervals at least are known, and the longest is three times the median at
        most. Things that happen once or at random do not.
        """
        if len(self.intervals) < INTERVALS - 2:
            return None
        usual = median(self.intervals)
        return usual if max(self.intervals) <= 3 * usual else None

    def take_clock(self, event: Any) -> None:
        """Note when a further event was observed and received."""
        at, delay = event.received_at, event.received_at - event.observed_at
        if event.observed_at == self.observed_at:
            self.same += 1
        else:
            self.observed_at, self.same, self.same_since = event.observed_at, 1, at
        if at - self.received_at > AT_ONCE_MS:
            self.intervals.append(at - self.received_at)
        if at - self.low_since > MINUTE_MS:
            self.low_before = self.low if at - self.low_since <= 2 * MINUTE_MS else None
            self.low, self.low_since = delay, at
        elif delay < self.low:
            self.low = delay
        self.received_at, self.event_id = at, event.id

    def take_values(self, values: tuple[float | None, ...], at: int) -> None:
        """Note which values stayed the same."""
        if values == self.values:
            for i in range(len(values)):
                self.runs[i] += 1
            return
        for i, (new, old) in enumerate(zip(values, self.values, strict=True)):
            if new == old:
                self.runs[i] += 1
            else:
                self.runs[i], self.run_since[i] = 1, at
        self.values = values

    def take_place(self, event: Any, top_speed: float) -> float | None:
        """Note where it is; give the speed (m/s) of a move that nothing could have made."""
        longitude, latitude = event.longitude, event.latitude
        if longitude is None or latitude is None or (
                longitude == self.longitude and latitude == self.latitude):
            return None
        before = (self.longitude, self.latitude)
        self.longitude, self.latitude = longitude, latitude
        self.rounded = is_rounded(longitude, latitude)
        if before[0] is None or before[1] is None:
            return None
        self.moves = True
        metres: float = distance(before[0], before[1], longitude, latitude) - SLACK_METRES
        # `observed_at` is the earlier one still: places are noted first
        seconds: float = abs(event.observed_at - self.observed_at) / 1000
        if metres <= 0 or metres <= top_speed * seconds:
            return None
        return metres / max(seconds, 0.001)


def distance(longitude: float, latitude: float, to_longitude: float, to_latitude: float) -> float:
    """Give the metres between two places (degrees); within a per cent over a province."""
    east = (to_longitude - longitude) * math.cos(math.radians((latitude + to_latitude) / 2))
    return METRES_A_DEGREE * math.hypot(east, to_latitude - latitude)


def is_rounded(longitude: float | None, latitude: float | None) -> bool:
    """Tell whether both coordinates have two decimals at most, which is a kilometre."""
    return (longitude is not None and latitude is not None
            and round(latitude, 2) == latitude and round(longitude, 2) == longitude)


class Keys:
    """Hold the keys of one publisher and family, the longest silent first."""

    def __init__(self, budget: Budget) -> None:
        """Take what all of them together may hold."""
        self._seen: OrderedDict[str, Seen] = OrderedDict()
        self._budget = budget

    def __len__(self) -> int:
        """Count the keys."""
        return len(self._seen)

    def items(self) -> list[tuple[str, Seen]]:
        """List the keys with what is known of them."""
        return list(self._seen.items())

    def find(self, key: str) -> Seen | None:
        """Find what is known of a key, which is heard just now."""
        seen = self._seen.get(key)
        if seen is not None:
            self._seen.move_to_end(key)
        return seen

    def add(self, key: str, event: Any, shape: Shape, values: tuple[float | None, ...]) -> bool:
        """Begin to follow a key; tell whether there is room, if need be of a key long silent."""
        at = event.received_at
        if len(self._seen) >= MOST_KEYS or not self._budget.left:
            oldest = next(iter(self._seen.values()), None)
            if oldest is None or at - oldest.received_at < MINUTE_MS:
                return False
            self._drop_oldest()
        self._budget.left -= 1
        self._seen[key] = Seen(
            event.id, event.observed_at, at, event.longitude, event.latitude,
            is_rounded(event.longitude, event.latitude), values, at, at - event.observed_at, at,
            [1] * len(shape.checked), [at] * len(shape.checked))
        return True

    def forget(self, now: int) -> None:
        """Forget the keys that were silent for an hour."""
        while self._seen and now - next(iter(self._seen.values())).received_at > HOUR_MS:
            self._drop_oldest()

    def clear(self) -> None:
        """Forget every key."""
        while self._seen:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        """Forget the key that was silent longest."""
        self._seen.popitem(last=False)
        self._budget.left += 1


@dataclass(slots=True)
class Budget:
    """Hold how many further keys may be followed."""

    left: int = MOST_KEYS_OF_ALL
