"""Write what the platform is made of, and ask whether any of it is known to be vulnerable.

`python -m infra.sbom` writes two CycloneDX documents to `<home>/sbom`: the Python packages of the
lock, and every jar with its checksum. `python -m infra.sbom audit` asks a vulnerability service
about the lock; where none can be reached it says "not checked" and is no failure.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from infra.components import flink_libraries, kafka_libraries, pyflink_home
from infra.files import make_private_directory
from schemas.errors import CityBrainError, ComponentError
from streams.settings import CHECKOUT, read_settings

LOCK = CHECKOUT / "requirements.lock"
AUDIT_SECONDS = 300
_JAR = re.compile(r"(?P<name>.+?)-(?P<version>\d[\w.+-]*)\.jar")


def write_python(folder: Path, lock: Path = LOCK) -> Path:
    """Write the document of the locked Python packages; give its path."""
    path = folder / "python.cdx.json"
    done = subprocess.run(
        [sys.executable, "-m", "cyclonedx_py", "requirements", str(lock), "--output-format", "JSON",
         "--output-reproducible", "--output-file", str(path)],
        capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no message"]
        raise ComponentError(f"cyclonedx-py failed: {said[-1]}")
    return path


def describe_jar(path: Path) -> dict[str, Any]:
    """Describe a jar as a CycloneDX component, its version read off the file's name."""
    found = _JAR.fullmatch(path.name)
    component: dict[str, Any] = {
        "type": "library", "name": found["name"] if found else path.stem,
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}],
        "properties": [{"name": "file", "value": path.name}]}
    return component | ({"version": found["version"]} if found else {})


def list_jars() -> list[Path]:
    """List the jars of broker, Flink and its connector."""
    flink = pyflink_home()
    return sorted({*kafka_libraries().glob("*.jar"), *flink_libraries().glob("*.jar"),
                   *flink.glob("lib/*.jar"), *flink.glob("opt/*.jar")})


def write_jars(folder: Path, jars: list[Path]) -> Path:
    """Write the document of jars; give its path."""
    path = folder / "jars.cdx.json"
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
                "components": [describe_jar(jar) for jar in jars]}
    path.write_text(json.dumps(document, indent=2) + "\n")
    return path


def audit(lock: Path = LOCK) -> tuple[int | None, str]:
    """Ask about known vulnerabilities; give how many packages have some, None if not checked.

    With it comes one line a package that has some, or was not checked, or why nothing was.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--disable-pip",
             "--require-hashes", "--format", "json", "--progress-spinner", "off"],
            capture_output=True, text=True, timeout=AUDIT_SECONDS, check=False)
        told = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return None, f"no answer within {AUDIT_SECONDS} s"
    except (ValueError, KeyError):
        return None, (done.stderr.strip().splitlines() or ["no message"])[-1][:200]
    return read_answer(told)


def read_answer(told: list[dict[str, Any]]) -> tuple[int | None, str]:
    """Read what pip-audit says of each package; see `audit`.

    It ends well, and says that nothing is known, also where the service knew none of the packages:
    those it skipped were not checked, and are never counted as clean.
    """
    skipped = [str(one["skip_reason"]) for one in told if "skip_reason" in one]
    if len(skipped) == len(told):
        return None, f"of {len(told)} packages none; {skipped[0] if skipped else 'there are none'}"
    bad = [f"{one['name']} {one['version']}: "
           + ", ".join(found["id"] for found in one["vulns"]) for one in told if one.get("vulns")]
    return len(bad), "\n".join([*bad, *(f"not checked: {reason}" for reason in skipped)])


def main() -> int:
    """Write the documents, or audit; give the exit code."""
    if sys.argv[1:] == ["audit"]:
        bad, said = audit()
        print("not checked: " + said if bad is None else
              f"{bad} packages with known vulnerabilities\n{said}".strip())
        return 1 if bad else 0
    folder = make_private_directory(read_settings().home / "sbom")
    try:
        paths = [write_python(folder), write_jars(folder, list_jars())]
    except CityBrainError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    for path in paths:
        print(f"{path}: {len(json.loads(path.read_text())['components'])} components")
    return 0


if __name__ == "__main__":
    sys.exit(main())
