"""Say how much memory each component gets, by profile: the one place for all sizes.

`small` is measured (decision 20); `cluster` gives each process a machine's share and is not.
Figures are MiB unless a name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

from streams.settings import read_settings


@dataclass(frozen=True, slots=True)
class Sizes:
    """Hold the sizes of the engines, in MiB, and what ours are told of memory."""

    kafka_heap: int
    kafka_direct: int
    clickhouse: int
    clickhouse_query: int
    clickhouse_marks: int
    jobmanager: int
    jobmanager_overhead: int
    taskmanager: int
    taskmanager_network: int
    # Flink's managed memory: the Python workers' share, and RocksDB's blocks where it keeps state
    managed_hashmap: int
    managed_rocksdb: int
    # the client that submits a job, for seconds
    client_heap: int
    # glibc gives each thread an arena of its own, which it seldom gives back; 0: as it likes
    arenas: int = 0

    def managed(self, state: str) -> int:
        """Give Flink's managed memory for where it keeps state."""
        return self.managed_rocksdb if state == "rocksdb" else self.managed_hashmap


SIZES: dict[str, Sizes] = {
    "standard": Sizes(kafka_heap=512, kafka_direct=128, clickhouse=1144, clickhouse_query=512,
                      clickhouse_marks=128, jobmanager=768, jobmanager_overhead=64,
                      taskmanager=2600, taskmanager_network=96, managed_hashmap=160,
                      managed_rocksdb=512, client_heap=1024),
    "small": Sizes(kafka_heap=256, kafka_direct=64, clickhouse=640, clickhouse_query=256,
                   clickhouse_marks=32, jobmanager=512, jobmanager_overhead=64,
                   taskmanager=1300, taskmanager_network=64, managed_hashmap=64,
                   managed_rocksdb=256, client_heap=384, arenas=2),
    "cluster": Sizes(kafka_heap=4096, kafka_direct=512, clickhouse=12288, clickhouse_query=4096,
                     clickhouse_marks=1024, jobmanager=2048, jobmanager_overhead=256,
                     taskmanager=8192, taskmanager_network=256, managed_hashmap=512,
                     managed_rocksdb=3072, client_heap=1024),
}


# what the standard profile took after hours, and what a system and a browser's pages want beside
STANDARD_BYTES = 6 << 30


def advise(memory_bytes: int) -> str:
    """Say which profile fits a machine of so much memory better than the one chosen; "" if none."""
    if read_settings().profile != "standard" or memory_bytes >= STANDARD_BYTES:
        return ""
    return (f"this machine has {memory_bytes / (1 << 30):.1f} GiB of memory:"
            " CITYBRAIN_PROFILE=small fits it better")


def sizes() -> Sizes:
    """Give the sizes of the configured profile."""
    return SIZES[read_settings().profile]
