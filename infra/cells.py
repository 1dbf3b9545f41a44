"""Hold one right as declared and as found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cell:
    """Hold one right as declared and as found; `found` is "" where nobody could be asked."""

    kind: str
    who: str
    what: str
    declared: str
    found: str

    @property
    def differs(self) -> bool:
        """Tell whether what was found is not what is declared."""
        return self.found not in ("", self.declared)
