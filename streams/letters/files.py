"""Export dead letters with their originals to a file, and repair a file of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from streams.gate import Verdict
from streams.letters.judge import Judge
from streams.letters.letter import read_letters, writing
from streams.letters.originals import Originals, to_letter
from streams.letters.repairs import Repair, repair
from streams.queries.letters import Asked, list_letters
from streams.queries.reader import Store

Progress = Callable[[int], None]


@dataclass(slots=True)
class Exported:
    """Hold how many letters were written, and of how many the original is gone, and why."""

    letters: int = 0
    gone: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Repaired:
    """Hold how the letters of a file would fare now; reasons with their numbers."""

    letters: int = 0
    accepted: int = 0
    closed: int = 0
    duplicates: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    unrepaired: Counter[str] = field(default_factory=Counter)


def export(store: Store, asked: Asked, path: Path, progress: Progress) -> Exported:
    """Write the letters asked for, each with its original or why there is none any more."""
    found = Exported()
    with writing(path) as write, closing(Originals()) as originals:
        for page in list_letters(store, asked):
            for letter in originals.fill(map(to_letter, page)):
                write(letter)
                found.letters += 1
                if letter.gone:
                    found.gone[letter.gone] += 1
            progress(found.letters)
    return found


def repair_file(path: Path, steps: Sequence[Repair], out: Path, judge: Judge,
                progress: Progress) -> Repaired:
    """Repair each letter of a file into another, and judge each as the gate would now."""
    found = Repaired()
    with writing(out) as write:
        for letter in read_letters(path):
            found.letters += 1
            why = repair(letter, steps)
            if why:
                found.unrepaired[why] += 1
            if not letter.gone:
                _, judged = judge.decide(letter)
                if judged.verdict is Verdict.ACCEPTED:
                    found.accepted += 1
                    found.closed += judged.closed
                elif judged.verdict is Verdict.DUPLICATE:
                    found.duplicates += 1
                else:
                    found.refused[f"{judged.reason} ({judged.field})"] += 1
            write(letter)
            if found.letters % 100 == 0:
                progress(found.letters)
    return found
