"""Install what is missing: `python -m infra.install [--tests]`, by the standard library alone.

Each step carries a stamp, the hash of what it pins; a step whose stamp is unchanged is skipped.
Python packages go to `.venv` of the checkout by a lock with hashes, Java archives by Maven and the
ClickHouse engine and area codes by npm to `<home>/components`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.preflight import InstallError, check_machine, find_browser
from streams.settings import CHECKOUT, read_settings

INFRA, GEO = CHECKOUT / "infra", CHECKOUT / "geo"
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK, TEST_LOCK = CHECKOUT / "requirements.lock", CHECKOUT / "requirements-dev.lock"
STEP_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Step:
    """Describe one step: the files that pin it, the stamp it leaves, and what it does."""

    title: str
    pins: tuple[Path, ...]
    stamp: Path
    run: Callable[[], None]

    def digest(self) -> str:
        """Give the hash of the pins and of the Python that installs."""
        content = b"".join(pin.read_bytes() for pin in self.pins)
        return hashlib.sha256(content + sys.version.encode()).hexdigest()

    def is_done(self) -> bool:
        """Tell whether the step was done with these very pins."""
        return self.stamp.exists() and self.stamp.read_text() == self.digest()


def _components() -> Path:
    """Give the folder of components, made when missing."""
    path = read_settings().home / "components"
    path.mkdir(parents=True, exist_ok=True)
    return path


def _call(what: str, command: list[str | Path], cwd: Path = CHECKOUT) -> None:
    """Run a tool with its output in a log; raise InstallError with the line that tells most."""
    logs = read_settings().home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"install-{what}.log"
    with log.open("w") as stream:
        done = subprocess.run([str(part) for part in command], cwd=cwd, stdout=stream,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              timeout=STEP_SECONDS, check=False)
    if done.returncode:
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
        telling = [line for line in lines if "error" in line.lower()] or lines or ["no message"]
        raise InstallError(f"{what} could not be installed: {telling[0][:300]}\n"
                           f"    (is there a network? everything it said: {log})")


def _install_python(lock: Path) -> None:
    """Make the environment and install exactly what the lock names, then ourselves."""
    if not PYTHON.exists():
        _call("environment", [sys.executable, "-m", "venv", VENV])
    pip: list[str | Path] = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check",
                             "--progress-bar", "off"]
    _call("packages", [*pip, "--require-hashes", "-r", lock])
    _call("citybrain", [*pip, "--no-deps", "-e", CHECKOUT])


def _install_jars(profile: str) -> None:
    """Copy a Maven profile's jars to `<components>/<profile>-libs`."""
    target = _components() / f"{profile}-libs"
    draft = target.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    _call(profile, ["mvn", "-B", "-ntp", "-f", INFRA / "pom.xml", f"-P{profile}",
                    "dependency:copy-dependencies", f"-DoutputDirectory={draft}"])
    shutil.rmtree(target, ignore_errors=True)
    draft.replace(target)


def _install_node_packages() -> None:
    """Install the packages of the npm lock; none of their scripts runs."""
    folder = _components() / "npm"
    folder.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(INFRA / name, folder / name)
    _call("npm", ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)


def _install_browser() -> None:
    """Install Chromium and a Chinese font for the browser tests, where the machine has none."""
    if find_browser():
        return
    for command in (["apt-get", "update"],
                    ["apt-get", "install", "-y", "chromium", "fonts-noto-cjk"]):
        try:
            _call("browser", ["env", "DEBIAN_FRONTEND=noninteractive", *command])
        except InstallError as error:
            raise InstallError("the browser tests need Chromium and a Chinese font, and there is "
                               "no right to install them here: as root, run `apt-get install "
                               f"chromium fonts-noto-cjk` ({error})") from error


def _install_mqtt_broker() -> None:
    """Install Eclipse Mosquitto for the tests of the MQTT door, where the machine has none."""
    if shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"):
        return
    for command in (["apt-get", "update"],
                    ["apt-get", "install", "-y", "--no-install-recommends", "mosquitto"]):
        try:
            _call("mqtt-broker", ["env", "DEBIAN_FRONTEND=noninteractive", *command])
        except InstallError as error:
            raise InstallError("the tests of the MQTT door need Eclipse Mosquitto, and there is no"
                               " right to install it here: as root, run `apt-get install"
                               f" mosquitto` ({error})") from error


def list_steps(*, tests: bool) -> list[Step]:
    """List the steps; those of the tests include what a run needs."""
    components = _components()
    project = CHECKOUT / "pyproject.toml"
    run = Step("Python packages", (LOCK, project), VENV / "installed",
               lambda: _install_python(LOCK))
    test = Step("Python packages, those of the tests too", (TEST_LOCK, project),
                VENV / "installed-tests", lambda: _install_python(TEST_LOCK))
    steps = [test if tests or test.is_done() else run]
    steps += [
        Step("Kafka broker (Maven)", (INFRA / "pom.xml",), components / "kafka.installed",
             lambda: _install_jars("kafka")),
        Step("Flink's Kafka connector (Maven)", (INFRA / "pom.xml",),
             components / "flink.installed", lambda: _install_jars("flink")),
        Step("ClickHouse engine, area codes (npm)", (INFRA / "package-lock.json",),
             components / "npm.installed", _install_node_packages),
        Step("Area tree of the city", (INFRA / "package-lock.json", *sorted(GEO.glob("*.py"))),
             components / "areas.installed",
             lambda: _call("areas", [PYTHON, "-m", "infra.prepare"])),
    ]
    if tests:
        steps.append(Step("Chromium and a Chinese font", (INFRA / "preflight.py",),
                          components / "browser.installed", _install_browser))
        steps.append(Step("MQTT broker of the tests", (INFRA / "preflight.py",),
                          components / "mqtt-broker.installed", _install_mqtt_broker))
    return steps


def main() -> None:
    """Install every step that is missing, telling each; exit 1 with one clear line on failure."""
    tests = "--tests" in sys.argv[1:]
    try:
        missing = [step for step in list_steps(tests=tests) if not step.is_done()]
        if missing:
            check_machine(read_settings().home)
        for number, step in enumerate(missing, start=1):
            begun = time.monotonic()
            sys.stdout.write(f"[{number}/{len(missing)}] {step.title} ... ")
            sys.stdout.flush()
            step.run()
            step.stamp.write_text(step.digest())
            sys.stdout.write(f"{time.monotonic() - begun:.0f} s\n")
    except (InstallError, OSError, subprocess.SubprocessError) as error:
        sys.exit(f"\nError: {error}")


if __name__ == "__main__":
    main()
