"""Print what the parts of a measured city used."""

from __future__ import annotations

from collections.abc import Mapping

import click

MEBIBYTE = 1 << 20


def show_cores(cores: Mapping[str, float], memory: Mapping[str, int]) -> None:
    """Print processor, in cores, and most memory by part."""
    for part, used in cores.items():
        click.echo(f"  {part:8} {used * 100:6.1f} % of a core {memory[part] / MEBIBYTE:8,.0f} MiB")


def show_cost(cpu: Mapping[str, float], memory: Mapping[str, int], events: int) -> None:
    """Print processor (CPU seconds over all events) an event, and most memory by part."""
    for part, seconds in cpu.items():
        click.echo(f"  {part:8}{seconds / events * 1e6:8.2f} us of processor an event"
                   f"{memory[part] / MEBIBYTE:8,.0f} MiB at most")
