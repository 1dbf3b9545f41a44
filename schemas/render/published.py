"""Render every file that is published, and keep published versions from changing.

`schemas/published/<name>/v<version>/` holds what others program against; `checksums.json` remembers
each of those files. Once released, a file of a version may only be added, never changed: raise the
version number of the declaration instead. Catalogue and AsyncAPI follow what is declared today.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from schemas import registry
from schemas.declare import Family, ResultTable
from schemas.errors import DeclarationError
from schemas.render import (
    asyncapi,
    catalogue,
    catalogue_html,
    clickhouse,
    flink,
    json_schema,
    kafka,
)
from schemas.render.json_schema import to_text

FOLDER = Path(__file__).resolve().parent.parent / "published"
CHECKSUMS = "checksums.json"


def _topics(*topics: kafka.Topic) -> str:
    """Write topics with their settings; the raw one stands for every publisher's."""
    return to_text({one.name: {"partitions": one.partitions, "settings": one.settings}
                    for one in topics})


def family_files(family: Family) -> dict[str, str]:
    """Render the files of one version of a family, by their name."""
    return {
        "payload.schema.json": to_text(json_schema.payload_schema(family)),
        "envelope.schema.json": to_text(json_schema.envelope_schema(family)),
        "clean.schema.json": to_text(json_schema.clean_schema(family)),
        "example.json": to_text(family.example),
        "clickhouse.sql": (f"{clickhouse.event_table(family)};\n\n"
                           f"{clickhouse.event_view(family)};\n"),
        "flink.sql": f"{flink.family_view(family)};\n",
        "topics.json": _topics(kafka.raw_topic(family.owner, family), kafka.event_topic(family)),
    }


def result_files(result: ResultTable) -> dict[str, str]:
    """Render the files of one version of a result, by their name."""
    settings = {"connector": "upsert-kafka", "topic": result.topic, "key.format": "json",
                "value.format": "json"}
    return {
        "row.schema.json": to_text(json_schema.row_schema(result)),
        "clickhouse.sql": (f"{clickhouse.result_table(result)};\n\n"
                           f"{clickhouse.result_view(result)};\n"),
        "flink.sql": f"{flink.result_table(result, settings)};\n",
        "topics.json": _topics(kafka.result_topic(result)),
    }


def versioned_files() -> dict[str, str]:
    """Render the files of every declaration of ours, by their path below the folder."""
    found: dict[str, str] = {}
    for family in registry.own_families():
        for name, text in family_files(family).items():
            found[f"{family.name}/v{family.version}/{name}"] = text
    for result in registry.own_results():
        for name, text in result_files(result).items():
            found[f"{result.name}/v{result.version}/{name}"] = text
    return found


def current_files() -> dict[str, str]:
    """Render the files that follow today's declarations."""
    families, results = registry.own_families(), registry.own_results()
    listed = catalogue.entries(families, results)
    return {
        "catalogue.md": catalogue.to_markdown(listed),
        "catalogue.html": catalogue_html.to_html(listed),
        "asyncapi.json": to_text(asyncapi.document(families, results)),
    }


def digest(text: str) -> str:
    """Give the checksum of a file's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_checksums(folder: Path = FOLDER) -> tuple[bool, dict[str, str]]:
    """Read whether versions are released, and the checksum of each versioned file."""
    path = folder / CHECKSUMS
    if not path.exists():
        return False, {}
    kept = json.loads(path.read_text(encoding="utf-8"))
    return bool(kept["released"]), dict(kept["files"])


def changed_versions(folder: Path = FOLDER) -> list[str]:
    """List the files of published versions that would change today."""
    _, known = read_checksums(folder)
    return [path for path, text in versioned_files().items()
            if path in known and known[path] != digest(text)]


def write(folder: Path = FOLDER, *, force: bool = False, release: bool = False) -> list[str]:
    """Write all files; list those that changed.

    Raises DeclarationError when a published version would change, unless `force` is given before
    the first release.
    """
    released, known = read_checksums(folder)
    changed = changed_versions(folder)
    if changed and (released or not force):
        raise DeclarationError(
            f"a published version would change: {', '.join(changed)}; raise its version number"
            + ("" if released else ", or use --force, allowed before the first release"))
    versioned = versioned_files()
    files = {**known, **{path: digest(text) for path, text in versioned.items()}}
    if not released:
        files = {path: files[path] for path in versioned}
    checksums = to_text({"released": released or release, "files": dict(sorted(files.items()))})
    written = []
    for path, text in {**versioned, **current_files(), CHECKSUMS: checksums}.items():
        target = folder / path
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            written.append(path)
    return written
