"""Keep the Java command that Flink's start script makes, so that a restart need not make it again.

The script starts Java three times to read the configuration and to divide the memory, which takes
seconds in which a killed TaskManager is missed. What it would run is written down the first time,
with the variables that it sets, and run at once as long as nothing that it follows from changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.files import make_private_directory, write_private
from schemas.errors import ComponentError

SCRIPT_SECONDS = 60
# Stands in Java's place while the script runs: what only asks is passed on, the rest is told.
STAND_IN = """#!/bin/sh
case " $* " in
*" org.apache.flink.runtime.util.bash.BashJavaUtils "*|*" -XshowSettings:properties "*)
    exec "$CITYBRAIN_JAVA" "$@";;
esac
exec "$CITYBRAIN_PYTHON" -c 'import json, os, sys
json.dump([sys.argv[1:], dict(os.environ)], open(os.environ["CITYBRAIN_TOLD"], "w"))' "$@"
"""


@dataclass(frozen=True, slots=True)
class Command:
    """Hold what is run, with the variables beyond those of whoever runs it."""

    program: str
    arguments: list[str]
    variables: dict[str, str]

    def run(self) -> None:
        """Become this command."""
        os.execve(self.program, [self.program, *self.arguments], os.environ | self.variables)


def find_command(folder: Path, script: Sequence[str], environment: Mapping[str, str],
                 follows_from: Sequence[Path]) -> Command:
    """Give the command that a script of Flink makes, kept in a folder of its own.

    It is made anew when the script, its environment, or a file or the names in a folder that it
    follows from have changed. Raise ComponentError where it makes none.
    """
    java = _find_java()
    key = hashlib.sha256(repr((java, list(script), sorted(environment.items()), [
        one.read_bytes() if one.is_file() else sorted(one.iterdir())
        for one in (Path(script[0]), *follows_from)])).encode()).hexdigest()
    kept = folder / "command.json"
    if kept.exists():
        known = json.loads(kept.read_text(encoding="utf-8"))
        if known["key"] == key:
            return Command(**known["command"])
    command = _make(folder, script, environment, java)
    write_private(kept, json.dumps({"key": key, "command": asdict(command)}))
    return command


def _find_java() -> str:
    """Find the Java that Flink's scripts would take."""
    home = os.environ.get("JAVA_HOME", "")
    found = shutil.which("java", path=f"{home}/bin" if home else None)
    if found is None:
        raise ComponentError("no Java: install Java 17, or let JAVA_HOME name it")
    return found


def _make(folder: Path, script: Sequence[str], environment: Mapping[str, str],
          java: str) -> Command:
    """Run the script with a stand-in for Java, and take what it would have run."""
    stand_in = make_private_directory(folder / "java" / "bin") / "java"
    stand_in.write_text(STAND_IN, encoding="utf-8")
    stand_in.chmod(0o700)
    told = folder / "told"
    own = os.environ | dict(environment) | {
        "JAVA_HOME": str(folder / "java"), "CITYBRAIN_JAVA": java,
        "CITYBRAIN_PYTHON": sys.executable, "CITYBRAIN_TOLD": str(told)}
    try:
        done = subprocess.run(["/bin/bash", *script], env=own, capture_output=True, text=True,
                              timeout=SCRIPT_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise ComponentError(f"{script[0]}: no command after {SCRIPT_SECONDS} s") from error
    if not told.exists():
        raise ComponentError(f"{script[0]} made no command: {(done.stdout + done.stderr)[-500:]}")
    arguments, variables = json.loads(told.read_text(encoding="utf-8"))
    told.unlink()
    return Command(java, arguments, {
        name: value for name, value in variables.items()
        if name in environment or (own.get(name) != value and str(folder) not in value)})
