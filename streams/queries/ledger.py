"""Read the ledger of the last hour by publisher: a raw topic belongs to exactly one.

Only minutes that ended a minute ago when they were counted are summed: terms are counted one after
another, so that in a minute that goes on, what moves meanwhile stands in two of them.
"""

from __future__ import annotations

from streams.queries.reader import Row, Store

TERMS = ("counted", "late", "refused", "duplicates", "in_flight")
# a minute that ended a minute ago when it was counted: nothing of it moves between the terms
AT_REST = "computed_at >= minute + INTERVAL 2 MINUTE"
# no output is called as a column is: an aggregate's name would stand for the column within others
_BY_PUBLISHER = f"""
SELECT splitByString('--', replaceRegexpOne(raw_topic, '^raw-', ''))[1] AS publisher,
    sum(received) AS all_received, sum(counted) AS all_counted, sum(late) AS all_late,
    sum(refused) AS all_refused, sum(duplicates) AS all_duplicates,
    sum(in_flight) AS all_in_flight,
    sumIf(abs(residual), in_flight = 0) AS all_residual
FROM city.ledger
WHERE minute > now() - INTERVAL 61 MINUTE AND {AT_REST}
GROUP BY publisher ORDER BY all_residual > 0 DESC, all_received DESC, publisher"""


def list_balances(store: Store) -> list[Row]:
    """List publishers with received, all terms and the residual; where one is not 0, first.

    The residual sums the magnitudes over the minutes with nothing in flight, so that a loss and a
    surplus cannot hide each other.
    """
    return [{name.removeprefix("all_"): value for name, value in row.items()}
            for row in store.query(_BY_PUBLISHER, {})]
