"""Write the benchmark's report: Markdown and a picture for people, JSON for machines."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from infra.bench.contender import Contender
from infra.bench.drain import Run
from infra.bench.picture import draw
from infra.components import clickhouse_library, kafka_libraries

NOT_TO_BE_QUOTED = "Quick run, once each: not to be quoted."
MEGABYTE = 1 << 20
PARTS = ("broker", "jvm", "python", "store")


@dataclass
class Report:
    """Hold everything that the report tells."""

    settings: dict[str, Any]
    contenders: list[dict[str, Any]]
    runs: list[Run]
    machine: dict[str, str] = field(default_factory=dict)
    made_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def of(self, name: str) -> list[Run]:
        """List a contender's runs."""
        return [run for run in self.runs if run.contender == name]

    def to_json(self) -> dict[str, Any]:
        """Give all of it, with the medians."""
        return {
            "made_at": self.made_at, "quotable": not self.settings["quick"],
            "machine": self.machine, "settings": self.settings, "contenders": self.contenders,
            "summary": {one["name"]: summarise(self.of(one["name"])) for one in self.contenders},
            "runs": [asdict(run) for run in self.runs]}


def describe(contender: Contender) -> dict[str, Any]:
    """Tell who a contender is."""
    return {"name": contender.name, "title": contender.title, "share": contender.share,
            "cannot": list(contender.cannot), "does_more": list(contender.does_more),
            "versions": contender.versions()}


def machine() -> dict[str, str]:
    """Tell what the benchmark ran on."""
    model = next((line.partition(":")[2].strip()
                  for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.processor())
    java = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    return {
        "processor": model, "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / (1 << 30):.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "java": (java.stderr or java.stdout).splitlines()[0] if java.stderr or java.stdout else "",
        **_engines(), "others": f"load {os.getloadavg()[0]:.1f} at the end"}


def _engines() -> dict[str, str]:
    """Tell the versions of the engines that all contenders share."""
    broker = next(kafka_libraries().glob("kafka_2.13-*.jar")).stem.partition("-")[2]
    package = json.loads((clickhouse_library().parent / "package.json").read_text())
    return {"kafka": broker, "clickhouse": f"{package['name']} {package['version']}"}


def spread(values: Sequence[float]) -> dict[str, float] | None:
    """Give median, least and most; None where there is none."""
    if not values:
        return None
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def summarise(runs: Sequence[Run]) -> dict[str, Any]:
    """Give the spread of a contender's figures; rates only of runs whose answer was right."""
    right = [run for run in runs if run.rate is not None]

    def over(figure: Callable[[Run], float | None]) -> dict[str, float] | None:
        """Give the spread of one figure."""
        return spread([value for run in right if (value := figure(run)) is not None])

    return {
        "runs": len(runs), "right": len(right), "rate": over(lambda run: run.rate),
        "steady_rate": over(lambda run: run.steady_rate),
        "windows_rate": over(lambda run: run.windows_rate),
        "start_seconds": over(lambda run: run.start_seconds),
        "cpu_microseconds": {
            part: spread([run.cpu[part] / run.events * 1e6 for run in right]) for part in PARTS},
        "cpu_microseconds_all": over(lambda run: sum(run.cpu.values()) / run.events * 1e6),
        "memory_megabytes": {
            part: spread([run.memory[part] / MEGABYTE for run in right]) for part in PARTS}}


def _figure(told: dict[str, float] | None, form: str = ",.0f") -> str:
    """Write median and spread."""
    if told is None:
        return "–"
    median, least, most = (format(told[name], form) for name in ("median", "least", "most"))
    return median if least == most else f"{median} ({least}–{most})"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Write a table."""
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def to_markdown(report: Report) -> str:
    """Write the report for people."""
    told = report.to_json()
    quick = [f"**{NOT_TO_BE_QUOTED}**", ""] if report.settings["quick"] else []
    lines = [
        "# Drain: side by side on one machine", "", *quick,
        f"{report.made_at}. {', '.join(f'{k} {v}' for k, v in report.machine.items())}.", "",
        f"{report.settings['events']:,} records, seed {report.settings['seed']},"
        f" {report.settings['runs']} interleaved runs; median (least–most). Rates count from the"
        " first read to the last row visible in the store; a contender whose table differs from"
        " the batch computation has none.", "",
        *_table(["contender", "right", "records/s", "steady, without the first fifth",
                 "until the last window", "start s"],
                [[name, f"{one['right']} of {one['runs']}", _figure(one["rate"]),
                  _figure(one["steady_rate"]), _figure(one["windows_rate"]),
                  _figure(one["start_seconds"], ".1f")]
                 for name, one in told["summary"].items()]),
        "", "Processor time, µs a record:", "",
        *_table(["contender", *PARTS, "all"],
                [[name, *(_figure(one["cpu_microseconds"][part], ".2f") for part in PARTS),
                  _figure(one["cpu_microseconds_all"], ".2f")]
                 for name, one in told["summary"].items()]),
        "", "Most resident memory, MB:", "",
        *_table(["contender", *PARTS],
                [[name, *(_figure(one["memory_megabytes"][part]) for part in PARTS)]
                 for name, one in told["summary"].items()]), ""]
    for one in report.contenders:
        lines += _about(one, report.of(one["name"]))
    return "\n".join(lines)


def _about(contender: dict[str, Any], runs: Sequence[Run]) -> list[str]:
    """Write who a contender is, what it lacks or adds, and what was wrong with it."""
    versions = ", ".join(f"{name} {number}" for name, number in contender["versions"].items())
    return [f"## {contender['name']}", "", f"{contender['title']}. {versions}".rstrip(". ") + ".",
            "", *([f"- drains {contender['share']:.0%} of the records"]
                  if contender.get("share", 1) != 1 else []),
            *(f"- cannot: {text}" for text in contender["cannot"]),
            *(f"- does more: {text}" for text in contender["does_more"]),
            *(f"- **run {run.number} was wrong**: {text}" for run in runs
              for text in run.failures), ""]


def write(report: Report, folder: Path) -> list[Path]:
    """Write text, data and picture into a folder; give their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"drain-{report.made_at[:19].replace(':', '')}"
    pages = {folder / f"{stem}.md": to_markdown(report),
             folder / f"{stem}.json": json.dumps(report.to_json(), indent=1),
             folder / f"{stem}.svg": draw(report.to_json())}
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
    return list(pages)
