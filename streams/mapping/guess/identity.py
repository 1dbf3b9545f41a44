"""Choose how events get ids that are the same at every replay and differ between events."""

from __future__ import annotations

from schemas.declare import Family
from streams.mapping.guess.model import Column, Proposal
from streams.mapping.guess.sample import Sample
from streams.mapping.guess.synonyms import IDS
from streams.mapping.guess.words import fits_template, glue, read_name

_ENDS = ("id", "号", "编号", "流水")


def choose_id(family: Family, sample: Sample, proposal: Proposal) -> None:
    """Propose a template of a column that differs in every row, else a hash of key and time."""
    key = _columns(proposal, family.key.name)
    unique = next((one for one in sample.columns.values() if _is_id(one, key)), None)
    if unique is not None and not proposal.unpivot:
        proposal.id = {"template": f"{{{unique.name}}}" + ("-{$event}" if proposal.events else "")}
        if unique.name not in key:
            proposal.doubt("id", f"{unique.name!r} differs in every row of the sample and is named"
                           " like an id", "a hash of key and time", confidence=0.8)
        return
    parts = [name for name in key if fits_template(name)]
    if proposal.unpivot:
        parts = list(dict.fromkeys([*parts, str(proposal.unpivot["name"])]))
    if not parts:
        _by_time_or_line(sample, proposal)
        return
    proposal.id = {"hash": parts}
    _tell_repeats(parts, sample, proposal)


def _by_time_or_line(sample: Sample, proposal: Proposal) -> None:
    """Let the time be the id of a file about one thing, else the line."""
    column = sample.columns.get(str(proposal.time.get("column")))
    if column is not None and len(column.counts) == sample.rows:
        proposal.id = {"template": "{$observed_at}"}
        proposal.doubt("id", "no column tells things apart, and every row has a time of its own",
                       confidence=0.7)
        return
    proposal.id = {"template": "{$line}"}
    proposal.doubt("id", "no column tells things apart, so the line does: the ids change when rows"
                   " are put in", confidence=0.5)


def _columns(proposal: Proposal, name: str) -> list[str]:
    """Give the column of a field, where one gives it."""
    column = proposal.fields.get(name, {}).get("column")
    return [str(column)] if column else []


def _is_id(column: Column, key: list[str]) -> bool:
    """Tell whether a column gives every row an id of its own, and is named as one."""
    if len(column.counts) != len(column.cells) or len(column.cells) < 2 \
            or not fits_template(column.name):
        return False
    words = set(read_name(column.name).words)
    named = bool(words & {glue(one) for one in IDS if one != "name"}) or glue(
        column.name).endswith(_ENDS) or column.name in key
    return named and (column.numeric < 0.5 or column.whole)


def _tell_repeats(parts: list[str], sample: Sample, proposal: Proposal) -> None:
    """Tell how many rows of the sample share key and time."""
    times = [str(proposal.time["column"])] if "column" in proposal.time else []
    names = [name for name in (*parts, *times) if name in sample.columns]
    if proposal.unpivot or len(names) < 2:
        return
    rows = list(zip(*(sample.columns[name].cells for name in names), strict=True))
    again = len(rows) - len(set(rows))
    if again:
        proposal.doubt("id", f"{again} of {len(rows)} rows of the sample have the"
                       f" {' and '.join(names)} of an earlier row and count as its duplicates",
                       "add a column that tells them apart to `hash`", confidence=0.6)
