"""Run a store with every table, for measurements of what reads it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from infra.bench.inside import tell
from infra.launch import run_alone
from infra.orphans import stop_marked
from infra.processes import choose
from streams.registrar import ensure_tables
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
