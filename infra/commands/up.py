"""Start the city and, in the foreground, stop it again at Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from types import FrameType

import click
import psutil

from infra.launch import Start, check_ports, last_lines, stop_all
from infra.orphans import stop_marked
from infra.prepare import prepare
from infra.processes import Process, choose
from infra.profiles import advise
from infra.supervision import Supervisor, start_daemon
from schemas.errors import CityBrainError
from streams.secrets import passwords_file
from streams.settings import read_settings
from streams.tls import address

ADDRESSES = {"wall": "wall", "console": "console", "feed": "open feeds",
             "intake": "event intake (HTTP)",
             "jobmanager": "Flink (loopback only)"}
PORT_OF = {"jobmanager": "flink_rest"}
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Turn a signal into the exception that Ctrl-C raises."""
    raise KeyboardInterrupt


def _tell_addresses(processes: tuple[Process, ...]) -> None:
    """Print where to look, and where the passwords lie."""
    settings = read_settings()
    for process in processes:
        if process.name in ADDRESSES:
            where = address(PORT_OF.get(process.name, process.name))
            click.echo(f"  {ADDRESSES[process.name]:<22} {where}")
    click.echo(f"  {'Kafka, ClickHouse':<22} {settings.bootstrap}, "
               f"{':'.join(map(str, settings.store_address))}")
    click.echo(f"  {'passwords (yours only)':<22} {passwords_file()}"
               " (console: admin, console:admin)")


def _watch(daemon: subprocess.Popen[bytes]) -> None:
    """Tell of every restart until interrupted; raise when the supervisor itself ends."""
    supervisor = Supervisor()
    known: dict[str, int] = {}
    while daemon.poll() is None:
        for name, row in supervisor.states().items():
            if row["statename"] == "RUNNING" and known.setdefault(name, row["pid"]) != row["pid"]:
                click.echo(f"{name} had ended and was started again", err=True)
                known[name] = row["pid"]
        time.sleep(1.0)
    raise click.ClickException(f"the supervisor ended:{last_lines('supervisor')}")


def _bring_up(processes: tuple[Process, ...]) -> subprocess.Popen[bytes] | None:
    """Start what does not run yet; give the supervisor if it was started here."""
    supervisor = Supervisor()
    running = {name for name, row in supervisor.states().items()
               if row["statename"] in {"RUNNING", "STARTING"}}
    daemon = None
    if not supervisor.is_up():
        if left := stop_marked():
            click.echo(f"ended {left} left-over processes of an earlier run")
        check_ports(processes)
        daemon = start_daemon()
    else:
        check_ports(one for one in processes if one.name not in running)
    try:
        prepare(processes)
        Start(processes, click.echo).run()
    except BaseException:
        if daemon is not None:
            stop_all(click.echo)
        raise
    return daemon


@click.command()
@click.option("--foreground", is_flag=True, help="Stay, and stop all at Ctrl-C.")
@click.option("--only", default="", metavar="NAMES", help="Start these only, comma-separated.")
@click.option("--without", default="", metavar="NAMES", help="Leave these out.")
@click.option("--rate", type=click.IntRange(min=1), help="Events a second of the living city.")
def command(foreground: bool, only: str, without: str, rate: int | None) -> None:
    """Start the city's components, supervised, and wait until they are ready."""
    if rate is not None:
        os.environ["CITYBRAIN_RATE"] = str(rate)
    # a shell starts its background commands deaf to Ctrl-C: hear it all the same
    for number in ENDINGS:
        signal.signal(number, _interrupt)
    if advice := advise(psutil.virtual_memory().total):
        click.echo(advice, err=True)
    begun, daemon = time.monotonic(), None
    try:
        processes = choose(only, without)
        daemon = _bring_up(processes)
        click.echo(f"ready after {time.monotonic() - begun:.0f} s")
        _tell_addresses(processes)
        if not foreground:
            return
        if daemon is None:
            raise click.ClickException("the city runs already: `citybrain down` stops it")
        click.echo("Ctrl-C stops all of it")
        _watch(daemon)
    except KeyboardInterrupt:
        for number in ENDINGS:
            signal.signal(number, signal.SIG_IGN)
        stop_all(click.echo)
        click.echo("stopped; nothing is left running, all data is kept")
    except CityBrainError as error:
        raise click.ClickException(str(error)) from error
