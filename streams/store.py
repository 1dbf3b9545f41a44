"""Talk to ClickHouse: the only module that imports its driver.

One `Store` serves one thread. A connection that met any error is thrown away and opened anew, since
the driver leaves it in an unknown state; the caller decides whether to try again.
"""

from __future__ import annotations

import contextlib
import logging
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from clickhouse_driver import Client
from clickhouse_driver.errors import Error, ErrorCodes, ServerException, TypeMismatchError

from schemas.errors import ComponentError
from streams.secrets import derive_password, get_password
from streams.settings import read_settings
from streams.staff import KINDS
from streams.tls import for_clickhouse

# Said outright, since versions of the server differ in these defaults: an insert is synchronous,
# and blocks that happen to be equal are not taken for duplicates. A block may hold years of events,
# as a replayed recording does, and so more partitions than live events ever would.
INSERT_SETTINGS = {"async_insert": 0, "wait_for_async_insert": 1, "insert_deduplicate": 0,
                   "max_partitions_per_insert_block": 0}
# what lacks a value that its column wants is refused, and not made up
JSON_SETTINGS = INSERT_SETTINGS | {"insert_null_as_default": 0}
AUTHENTICATION_FAILED = 516  # the driver's list of codes is older than this one
# the driver logs a traceback of what it then raises, and what is raised is told here
logging.getLogger("clickhouse_driver").setLevel(logging.ERROR)
_WRONG_LOGIN = {AUTHENTICATION_FAILED, ErrorCodes.WRONG_PASSWORD, ErrorCodes.UNKNOWN_USER}


def _password(account: str) -> str:
    """Give an account's password; those of staff, one an area, are derived."""
    kept = account.partition("_")[0] not in KINDS
    return (get_password if kept else derive_password)("clickhouse", account)


class BadRowError(ValueError):
    """Tell that a value does not fit its column; waiting will not mend it."""


class RefusedError(ComponentError):
    """Tell that the server answered, and did not do what it was asked."""


class Store:
    """Query and fill the store as one account."""

    def __init__(self, account: str) -> None:
        """Remember the account; the connection opens at first use."""
        self.account = account
        self._client: Client | None = None

    def _open(self) -> Client:
        """Give the open connection."""
        if self._client is None:
            host, port = read_settings().store_address
            self._client = Client(
                host, port=port, user=self.account,
                password=_password(self.account), connect_timeout=3,
                send_receive_timeout=60, sync_request_timeout=5, compression="lz4",
                settings_is_important=True, client_name="citybrain", **for_clickhouse())
        return self._client

    def close(self) -> None:
        """Throw the connection away."""
        if self._client is not None:
            with contextlib.suppress(Error, OSError):
                self._client.disconnect()
        self._client = None

    def _run(self, statement: str, parameters: Any = None, **more: Any) -> Any:
        """Run one statement; raise ComponentError in one line, the connection thrown away."""
        try:
            return self._open().execute(statement, parameters, **more)
        except (TypeMismatchError, struct.error, OverflowError, AttributeError) as error:
            self.close()
            raise BadRowError(str(error).splitlines()[0]) from error
        except (Error, OSError, EOFError) as error:
            self.close()
            kind = RefusedError if isinstance(error, ServerException) else ComponentError
            raise kind(self._reason(error)) from error
        except BaseException:
            self.close()
            raise

    def _reason(self, error: Exception) -> str:
        """Say in one line what went wrong."""
        host, port = read_settings().store_address
        where = f"ClickHouse at {host}:{port}"
        if isinstance(error, ServerException):
            if error.code in _WRONG_LOGIN:
                return (f"{where} refuses account {self.account!r}:"
                        " wrong password or no such account")
            said = error.message.splitlines()[0].removesuffix("Stack trace:").rstrip()
            return f"{where}: {said[:300]}"
        return f"{where} does not answer: {str(error).splitlines()[0] if str(error) else error!r}"

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Run a SELECT with parameters written as %(name)s; give a dictionary a row."""
        rows, columns = self._run(sql, dict(params or {}), with_column_types=True)
        names = [name for name, _ in columns]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def execute(self, statement: str) -> None:
        """Run a statement that gives nothing."""
        self._run(statement)

    def insert(self, table: str, columns: Mapping[str, Sequence[Any]]) -> int:
        """Insert columns of equal length into a table of `store`; give the number of rows."""
        names = ", ".join(f"`{name}`" for name in columns)
        rows: int = self._run(f"INSERT INTO store.{table} ({names}) VALUES",
                              list(columns.values()), columnar=True, settings=INSERT_SETTINGS)
        return rows

    def insert_json(self, statement: str, bodies: Sequence[bytes], appended: Sequence[int]) -> int:
        """Insert records as their topic holds them, read by the store; give their number.

        `statement` is of `schemas.render.rows`, `appended` epoch ms. Raise RefusedError where one
        of them does not fit: then none is inserted.
        """
        self._run(statement, [bodies, appended], columnar=True, settings=JSON_SETTINGS)
        return len(bodies)


def connect(account: str) -> Store:
    """Give a store for an account of ClickHouse; see `infra.clickhouse` and `streams.staff`."""
    return Store(account)
