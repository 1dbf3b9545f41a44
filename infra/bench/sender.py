"""Send a stream at a steady rate, from a process of its own that costs little.

Everything is drawn and written beforehand, to a file of which one chunk at a time is in memory;
what is left is to hand bytes to the client at their time. The pace is an open loop: who is late
catches up, and nothing that is measured slows it down.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import psutil

from infra.bench.contender import PUBLISHER
from infra.bench.preload import FLUSH_SECONDS, produce
from infra.bench.stream import Stream
from schemas.errors import ComponentError
from streams.broker import open_producer

STEP_SECONDS = 0.01
# how long drawing and writing a record may take, if it is to be sent when it was observed
WRITING_SECONDS, STARTING_SECONDS = 15e-6, 3.0
LENGTH_BYTES = 8
Record = tuple[bytes, bytes]


def write_records(stream: Stream, path: Path) -> None:
    """Write keys and bodies of a stream to a file, chunk by chunk."""
    with path.open("wb") as file:
        for chunk in stream.chunks():
            packed = msgspec.msgpack.encode((chunk.keys(), chunk.bodies()))
            file.write(len(packed).to_bytes(LENGTH_BYTES, "little") + packed)


def read_records(path: Path) -> Iterator[Record]:
    """Read what `write_records` wrote, one chunk at a time."""
    with path.open("rb") as file:
        while head := file.read(LENGTH_BYTES):
            packed = file.read(int.from_bytes(head, "little"))
            yield from zip(*msgspec.msgpack.decode(
                packed, type=tuple[list[bytes], list[bytes]]), strict=True)


def pace(records: Iterable[Record], rate: float, send: Callable[[Record], None],
         step: Callable[[int], None], clock: Callable[[], float] = time.monotonic,
         sleep: Callable[[float], None] = time.sleep) -> None:
    """Send so many records a second; `step` is told how many were sent, some 100 times a second."""
    begun, sent, each = clock(), 0, max(1, int(rate * STEP_SECONDS))
    for record in records:
        if sent % each == 0:
            step(sent)
            if (ahead := begun + sent / rate - clock()) > 0:
                sleep(ahead)
        send(record)
        sent += 1
    step(sent)


class Sender:
    """Send a stream within the block, which may end before the stream does.

    `begin` is when sending begins (epoch seconds): the stream's own beginning.
    """

    def __init__(self, stream: Stream, topic: str, folder: Path) -> None:
        """Take what to send where, and a folder for it until then."""
        self.stream = stream
        self._path = folder / f"load-{stream.first}"
        context = get_context("spawn")
        # without a lock, which a child that is ended might hold
        self._sent: Any = context.Value("q", -1, lock=False)
        self._child = context.Process(
            target=_run, args=(stream, topic, self._path, self._sent), daemon=True)

    @property
    def rate(self) -> float:
        """Give how many records a second are to be sent."""
        return self.stream.events * 1000 / self.stream.span_ms

    @property
    def sent(self) -> int:
        """Give how many records were sent until now."""
        return max(0, int(self._sent.value))

    @property
    def is_sending(self) -> bool:
        """Tell whether it is at it."""
        return self._child.is_alive() and self.sent > 0

    def cpu_seconds(self) -> float:
        """Give the processor time that it took until now, drawing included; 0 when it has ended."""
        try:
            times = psutil.Process(self._child.pid).cpu_times()
        except psutil.NoSuchProcess:
            return 0.0
        return float(times.user + times.system)

    def __enter__(self) -> Self:
        """Draw, write, and begin to send at the stream's beginning."""
        self._child.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        """End sending, and delete the file."""
        self._child.terminate()
        self._child.join()
        self._path.unlink(missing_ok=True)

    def wait(self) -> None:
        """Wait until all was sent and confirmed; raise ComponentError where it was not."""
        self._child.join()
        self.check()

    def check(self) -> None:
        """Raise ComponentError where sending broke off."""
        if self._child.exitcode not in (None, 0):
            raise ComponentError(f"the load ended by itself after {self.sent:,} records")


def _run(stream: Stream, topic: str, path: Path, sent: Any) -> None:
    """Write the records, wait for the moment, and send."""
    # a terminal tells parent and child of Ctrl-C; the parent ends this one
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    write_records(stream, path)
    producer = open_producer(PUBLISHER, **{"linger.ms": 20})
    begin = (stream.start_ms - stream.span_ms) / 1000
    time.sleep(max(0.0, begin - time.time()))

    def step(count: int) -> None:
        """Tell how many were sent, and let the client work."""
        sent.value = count
        producer.poll(0)

    pace(read_records(path), stream.events * 1000 / stream.span_ms,
         lambda record: produce(producer, topic, *record), step)
    if producer.flush(FLUSH_SECONDS):
        raise ComponentError("Kafka did not confirm all records")
