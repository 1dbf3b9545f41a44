"""Stock a city with grid cases, each with its steps, and every other page of the console with rows.

Cases begin evenly over ninety days, so that the newest are still on their way; each tenth of the
older ones stays open. The table of last steps follows by the store's own view.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dashboards.views.declared import default_minutes
from infra.bench import stock, stock_system
from schemas import registry
from streams.store import Store

DAYS = 90
STEPS = ("reported", "dispatched", "closed")
HOURS_A_STEP = 6
OPEN = "handled"
# of a city in a day: a rule that raises more would be mended, not listed
MOST_ALERTS = 10_000
FAMILY = "grid-case"


def case_values(villages: list[str], cases: int) -> dict[str, str]:
    """Say how each column of the steps of so many cases is made."""
    family = registry.get_family(FAMILY)
    case, step = f"intDiv(n, {len(STEPS)})", f"n % {len(STEPS)}"
    at = (f"now64(3) - toIntervalMillisecond(toInt64(({cases} - {case})"
          f" * {DAYS * 86_400_000 / cases:.6f}))")
    last = len(STEPS) - 1
    return stock.event_values(family, villages, cases * len(STEPS), DAYS * 1440, case) | {
        "observed_at": f"{at} + toIntervalHour({HOURS_A_STEP} * ({step}))",
        "case_id": f"concat('3701-', toString({case}))",
        "step": f"if({step} = {last} AND {case} % 10 = 0, '{OPEN}',"
                f" {stock.pick(STEPS, 'n')})",
        "due_at": f"{at} + toIntervalDay(2)", "description": "'路口东南角垃圾堆放'"}


def insert_cases(store: Store, areas: Sequence[str], cases: int) -> None:
    """Insert cases with all steps that lie in the past."""
    family = registry.get_family(FAMILY)
    values = case_values(stock.only_villages(areas), cases)
    stock.insert_events(store, family, values, cases * len(STEPS), "observed_at <= now64(3)")
    _merge_ended(store, family.table)


def _merge_ended(store: Store, table: str) -> None:
    """Merge the months before this one, as the store does by itself an hour after they ended."""
    months = store.query(
        "SELECT DISTINCT partition FROM system.parts WHERE active AND database = 'store'"
        " AND table = %(table)s AND partition < toString(toYYYYMM(now()))", {"table": table})
    for month in months:
        store.execute(f"OPTIMIZE TABLE store.{table} PARTITION {int(month['partition'])} FINAL")


def insert_rest(store: Store, areas: Sequence[str], rows: int,
                report: Callable[[str], None]) -> None:
    """Insert rows of every other declaration: so many each, within the time that a page shows."""
    villages = stock.only_villages(areas)
    for family in registry.families().values():
        if family.name != FAMILY:
            number = min(rows, MOST_ALERTS) if family.name == "alert" else rows
            values = stock.event_values(family, villages, number, default_minutes(family))
            stock.insert_events(store, family, values, number)
    report(f"{len(registry.families())} families stocked")
    for result in registry.results().values():
        stock.insert_results(store, result, areas, rows)
    report(f"{len(registry.results())} results stocked")
    stock_system.insert_all(store, rows)
