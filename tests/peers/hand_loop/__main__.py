"""Start two readers, and keep the windows: `python -m tests.peers.hand_loop`."""

from __future__ import annotations

import sys
from multiprocessing import Process, Queue
from multiprocessing.connection import wait

from tests.peers.hand_loop.reader import READERS, Reader
from tests.peers.hand_loop.sums import Sums, Touched, keep_windows


def read(touched: Touched, number: int) -> None:
    """Be one reader."""
    Reader(Sums(touched), number).run()


def main() -> None:
    """Run until a reader ends, which is a failure, or until killed."""
    between: Touched = Queue()
    readers = [Process(target=read, args=(between, i), daemon=True) for i in range(READERS)]
    keeper = Process(target=keep_windows, args=(between,), daemon=True)
    for process in (*readers, keeper):
        process.start()
    wait([process.sentinel for process in (*readers, keeper)])
    sys.exit("a process of the loop ended")


if __name__ == "__main__":
    main()
