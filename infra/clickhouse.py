"""Start ClickHouse: the engine of a shared library, served on loopback as a normal server would.

`python -m infra.clickhouse` writes configuration and accounts, loads the library and serves until
SIGTERM. Only this launcher knows that the engine is embedded: statements, accounts and clients are
those of any ClickHouse server.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import signal
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from geo.tree import AreaTree
from infra.components import clickhouse_library
from infra.engine import load_engine
from infra.files import make_private_directory, render, write_private
from infra.profiles import sizes
from schemas.errors import CityBrainError
from streams.secrets import derive_password, get_password
from streams.settings import read_settings
from streams.staff import KINDS, store_account

ACCOUNTS = ("migrator", "sink", "reader")
MEBIBYTE = 1 << 20
# the last statement never ends: the engine serves as long as it runs
SERVE = (
    "CREATE DATABASE IF NOT EXISTS store ENGINE = Atomic;"
    "CREATE DATABASE IF NOT EXISTS city ENGINE = Atomic;"
    "SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP;"
    "SELECT sleepEachRow(3) FROM system.numbers SETTINGS"
    " function_sleep_max_microseconds_per_block=0, max_block_size=1, max_execution_time=0,"
    " max_rows_to_read=0 FORMAT Null")


def hash_password(password: str) -> str:
    """Give the form in which the configuration holds a password."""
    return hashlib.sha256(password.encode()).hexdigest()


def staff_accounts() -> list[str]:
    """List an account of each kind for each area that staff may be bound to.

    The engine cannot make accounts while it runs: those of all areas down to the townships are
    there from the start.
    """
    settings = read_settings()
    city = settings.city[:4]
    areas = ["", city[:2], city]
    if (settings.areas / "meta.json").exists():
        tree = AreaTree.load(settings.areas)
        counties = tree.list_children(city)
        areas += [*counties, *(one for county in counties for one in tree.list_children(county))]
    return [store_account(kind, area) for kind in KINDS for area in areas
            if store_account(kind, area) not in ACCOUNTS]


def render_accounts() -> str:
    """Render the accounts of the store, as any server of ClickHouse reads them."""
    hashes = {account: hash_password(get_password("clickhouse", account)) for account in ACCOUNTS}
    staff = "".join(
        render("staff-account.xml", account=account,
               hash=hash_password(derive_password("clickhouse", account)))
        for account in staff_accounts())
    return render("users.xml", memory=sizes().clickhouse * MEBIBYTE, staff=staff,
                  query_memory=sizes().clickhouse_query * MEBIBYTE,
                  quorum="auto" if read_settings().store_replicated else "0",
                  statements=SERVE.count(";") + 1, **hashes)


def write_config() -> Path:
    """Write the server's and the accounts' configuration; give the former's path."""
    settings = read_settings()
    home = make_private_directory(settings.home / "clickhouse")
    logs = settings.home / "logs"
    logs.mkdir(exist_ok=True)
    users = write_private(home / "users.xml", render_accounts())
    return write_private(home / "config.xml", render(
        "clickhouse.xml", users=users, data=home / "data", logs=logs,
        host=settings.host_of("clickhouse"),
        memory=sizes().clickhouse * MEBIBYTE, marks=sizes().clickhouse_marks * MEBIBYTE))


def _arguments(config: Path) -> list[str]:
    """Give the engine's arguments."""
    settings = read_settings()
    return [
        "clickhouse", "--output-format=CSV", f"--config-file={config}",
        f"--path={config.parent / 'data'}", f"--listen_host={settings.host_of('clickhouse')}",
        f"--tcp_port={settings.port('clickhouse')}",
        f"--http_port={settings.port('clickhouse_http')}", "--log-level=warning",
        "--multiquery", f"--query={SERVE}"]


def _run(arguments: list[str]) -> None:
    """Run the engine in this thread; end the process when it ends."""
    library = load_engine(clickhouse_library())
    library.query_stable_v2.restype = ctypes.c_void_p
    values = [argument.encode() for argument in arguments]
    library.query_stable_v2(len(values), (ctypes.c_char_p * len(values))(*values))
    sys.stderr.write("clickhouse: the engine stopped by itself\n")
    os._exit(1)


def is_ready() -> bool:
    """Tell whether the server answers."""
    settings = read_settings()
    port = "clickhouse_http"
    address = f"http://{settings.host_of(port)}:{settings.port(port)}/ping"
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def serve(write: Callable[[], Path]) -> None:
    """Serve by the configuration that is written until SIGTERM or SIGINT.

    Parts are written whole, so leaving at once loses nothing.
    """
    try:
        given = _arguments(write())
        clickhouse_library()
    except CityBrainError as error:
        sys.exit(f"clickhouse: {error}")
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    threading.Thread(target=_run, args=(given,), daemon=True).start()
    signal.sigwait(signals)
    os._exit(0)


def main() -> None:
    """Serve the city's store.

    `python -m infra.clickhouse accounts FILE` writes the accounts for a server of another's, and
    serves nothing.
    """
    if sys.argv[1:2] == ["accounts"] and len(sys.argv) == 3:
        # of its folder others must be able to read: the server runs as somebody else
        Path(sys.argv[2]).write_text(render_accounts())
        return
    serve(write_config)


if __name__ == "__main__":
    main()
