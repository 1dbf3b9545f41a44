"""Run a store with every table, and fill it, for measurements of what reads it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from geo.tree import AreaTree
from infra.bench import cases, stock
from infra.bench.inside import tell
from infra.launch import run_alone
from infra.orphans import stop_marked
from infra.processes import choose
from streams.registrar import ensure_tables
from streams.settings import read_settings
from streams.store import Store, connect


@contextmanager
def standing_store() -> Iterator[Store]:
    """Run the store, with every table, until the end of the block."""
    with ExitStack() as stack:
        stack.callback(stop_marked)
        tell("starting the store")
        stack.enter_context(run_alone(choose("clickhouse")[0]))
        with closing(connect("migrator")) as store:
            ensure_tables(store)
            yield store


def fill(store: Store, number: int, rows: int) -> None:
    """Insert so many cases with their steps, and so many rows of everything else."""
    areas = stock.list_areas(AreaTree.load(read_settings().areas))
    cases.insert_cases(store, areas, number)
    tell(f"{number:,} cases stocked, with their steps")
    cases.insert_rest(store, areas, rows, tell)
