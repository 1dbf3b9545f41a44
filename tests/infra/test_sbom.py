"""Test that the bill of materials names what is installed, and that an audit never lies."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from infra import sbom


def test_python_packages_are_those_of_the_lock(tmp_path: Path) -> None:
    document = json.loads(sbom.write_python(tmp_path).read_text())
    named = {(one["name"].lower(), one["version"]) for one in document["components"]}
    locked = [line.split(" ")[0].split("==") for line in sbom.LOCK.read_text().splitlines()
              if "==" in line and not line.startswith((" ", "#"))]
    assert document["bomFormat"] == "CycloneDX"
    assert {(name.split("[")[0].lower(), version) for name, version in locked} <= named


def test_each_jar_stands_with_its_checksum(tmp_path: Path) -> None:
    jars = sbom.list_jars()
    assert any("kafka" in jar.name for jar in jars) and any("flink" in jar.name for jar in jars)
    document = json.loads(sbom.write_jars(tmp_path, jars[:5]).read_text())
    for jar, one in zip(jars[:5], document["components"], strict=True):
        assert one["hashes"][0]["content"] == hashlib.sha256(jar.read_bytes()).hexdigest()
        assert one["properties"][0]["value"] == jar.name


@pytest.mark.parametrize(("name", "told"), [
    ("kafka-clients-4.1.0.jar", ("kafka-clients", "4.1.0")),
    ("flink-sql-connector-kafka-5.0.0-2.2.jar", ("flink-sql-connector-kafka", "5.0.0-2.2")),
    ("plain.jar", ("plain", None))])
def test_a_jars_name_tells_its_version(tmp_path: Path, name: str, told: tuple[str, str]) -> None:
    (tmp_path / name).write_bytes(b"x")
    one = sbom.describe_jar(tmp_path / name)
    assert (one["name"], one.get("version")) == told


CLEAN = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "2", "vulns": [{"id": "CVE-1"}, {"id": "CVE-2"}]}
SKIPPED = {"name": "c", "skip_reason": "c (3) could not be audited"}


@pytest.mark.parametrize(("told", "count", "said"), [
    ([CLEAN], 0, ""), ([CLEAN, BAD], 1, "b 2: CVE-1, CVE-2"),
    ([CLEAN, SKIPPED], 0, "not checked: c (3) could not be audited"),
    ([SKIPPED, SKIPPED], None, "of 2 packages none; c (3) could not be audited"),
    ([], None, "of 0 packages none; there are none")])
def test_a_package_that_was_skipped_is_not_called_clean(
        told: list[dict[str, Any]], count: int | None, said: str) -> None:
    assert sbom.read_answer(told) == (count, said)


def test_what_cannot_be_asked_is_not_called_clean(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("not a requirement at all ===\n")
    bad, said = sbom.audit(lock)
    assert bad is None and said
