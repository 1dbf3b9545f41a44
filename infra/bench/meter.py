"""Measure what a contender's processes cost: processor time and memory, by part.

Processes are told by the mark of their city and by a word of their command line. What a process
that ended had used is kept as it was last seen.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

import psutil

from infra.orphans import list_marked

SAMPLE_SECONDS = 0.5
LOOK_SECONDS = 2.0
# the first part of which a word is in the command line; what is left runs Python
PARTS: dict[str, tuple[str, ...]] = {
    "broker": ("kafka.Kafka",),
    "store": ("infra.clickhouse", "infra.bench.store"),
    "jvm": ("org.apache.flink", "java"),
}
REST = "python"


@dataclass(frozen=True, slots=True)
class Sample:
    """Hold CPU seconds and resident bytes by part at a moment (monotonic seconds)."""

    at: float
    cpu: dict[str, float]
    memory: dict[str, int]


def part_of(command: list[str]) -> str:
    """Say to which part a command line belongs."""
    text = " ".join(command)
    return next((part for part, words in PARTS.items() if any(word in text for word in words)),
                REST)


@dataclass
class Meter:
    """Sample the processes of this city until stopped."""

    samples: list[Sample] = field(default_factory=list)
    _known: dict[tuple[int, float], tuple[str, psutil.Process]] = field(default_factory=dict)
    _used: dict[tuple[int, float], float] = field(default_factory=dict)
    _done: Event = field(default_factory=Event)
    _one_at_a_time: Lock = field(default_factory=Lock)
    _looked_at: float = -LOOK_SECONDS

    def __enter__(self) -> Meter:
        """Start sampling."""
        self.sample()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop sampling."""
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        """Sample at a steady pace."""
        while not self._done.wait(SAMPLE_SECONDS):
            self.sample()

    def sample(self) -> float:
        """Take one sample; give its moment (monotonic seconds)."""
        with self._one_at_a_time:
            return self._sample()

    def _sample(self) -> float:
        """Take one sample, alone."""
        now = time.monotonic()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            for process in list_marked():
                self._enter(process)
        memory: dict[str, int] = dict.fromkeys((*PARTS, REST), 0)
        for key, (part, process) in self._known.items():
            try:
                times = process.cpu_times()
                self._used[key] = times.user + times.system
                memory[part] += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        cpu = dict.fromkeys((*PARTS, REST), 0.0)
        for key, used in self._used.items():
            cpu[self._known[key][0]] += used
        self.samples.append(Sample(now, cpu, memory))
        return now

    def _enter(self, process: psutil.Process) -> None:
        """Take note of a process, unless it is the one that measures."""
        if process.pid == os.getpid():
            return
        try:
            key = (process.pid, process.create_time())
            # a shell that is about to become something else is looked at again
            self._known[key] = (part_of(process.cmdline()), process)
        except psutil.NoSuchProcess:
            return

    def between(self, begin: float, end: float) -> tuple[dict[str, float], dict[str, int]]:
        """Give CPU seconds by part, and the most memory of each part, between two moments."""
        first = max((one for one in self.samples if one.at <= begin), key=lambda one: one.at,
                    default=self.samples[0])
        span = [one for one in self.samples if begin <= one.at <= end] or [first]
        return ({part: span[-1].cpu[part] - first.cpu[part] for part in first.cpu},
                {part: max(one.memory[part] for one in span) for part in first.memory})
