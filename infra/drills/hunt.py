"""Search texts and files for invented people, however their data is written there.

The reading of spellings is NFKC and the Unicode categories, on purpose not the gate's own folding:
what the gate overlooks must not be overlooked here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from infra.drills.people import Person

_NUMERALS = str.maketrans("〇零幺一二三四五六七八九", "001123456789")
_BETWEEN = re.compile(r"(?<=\d)[\s\-.·()]{1,3}(?=[\dXx])")
_RUN = re.compile(r"\d{7,}X?")
_PLATE = re.compile(r"鲁[·\s-]*[A-Z][A-Z0-9·\s-]{5,14}")
_MAIL = re.compile(r"[A-Z0-9.]+@[A-Z0-9.]+")
_ADDRESS = re.compile(r"\d+号楼\d+单元\d+室")
_HAN = re.compile("[\u4e00-\u9fff]{2,}")
_CHUNK, _OVERLAP = 1 << 20, 256
Found = tuple[str, str]


def _unseen() -> re.Pattern[str]:
    """Give a pattern of the characters that nobody sees: controls and formats, but no spaces."""
    found = [chr(n) for n in range(0x10000) if unicodedata.category(chr(n)) in ("Cc", "Cf")]
    return re.compile(f"[{re.escape(''.join(c for c in found if not c.isspace()))}]")


_UNSEEN = _unseen()


def normalise(text: str) -> str:
    """Write all digits and letters plainly, without characters that nobody sees."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return _UNSEEN.sub("", plain).upper()


class Hunt:
    """Know what to look for; `find` gives (kind, value) of what a text holds."""

    def __init__(self, people: Iterable[Person]) -> None:
        """Take the people."""
        crowd = list(people)
        self._numbers = {value: kind for one in crowd for kind, value in one.identifiers.items()
                         if kind in ("phone", "landline", "identity", "card")}
        self._lengths = sorted({len(value) for value in self._numbers})
        self._others = {value.upper(): kind for one in crowd
                        for kind, value in one.identifiers.items() if value not in self._numbers}
        self._names = {one.name for one in crowd}

    def find(self, text: str, *, short_names: bool = False) -> set[Found]:
        """Find people in a text; names of two characters, which may be words, only when asked."""
        plain = normalise(text)
        spoken = plain.translate(_NUMERALS)
        found = {*self._find_numbers(_BETWEEN.sub("", spoken)), *self._find_numbers(spoken)}
        for pattern, heap in ((_PLATE, plain), (_MAIL, plain), (_ADDRESS, spoken)):
            for one in pattern.findall(heap):
                found |= set(self._find_other(re.sub(r"[·\s-]", "", one)))
        found |= {("name", name) for name in self._find_names(plain)
                  if short_names or len(name) > 2}
        return found

    def _find_numbers(self, text: str) -> Iterator[Found]:
        """Find numbers anywhere within runs of digits."""
        for run in _RUN.findall(text):
            for length in self._lengths:
                for at in range(len(run) - length + 1):
                    kind = self._numbers.get(run[at:at + length])
                    if kind:
                        yield kind, run[at:at + length]

    def _find_other(self, text: str) -> Iterator[Found]:
        """Find a plate, mail or address that a text begins with."""
        for end in range(7, len(text) + 1):
            kind = self._others.get(text[:end])
            if kind:
                yield kind, text[:end]

    def _find_names(self, text: str) -> Iterator[str]:
        """Find names among the Chinese characters."""
        for run in _HAN.findall(text):
            for length in (2, 3):
                for at in range(len(run) - length + 1):
                    if run[at:at + length] in self._names:
                        yield run[at:at + length]

    def find_in_file(self, path: Path) -> set[Found]:
        """Find people in a file of any kind, its bytes read as UTF-8 where they are."""
        found: set[Found] = set()
        before = b""
        try:
            with path.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    found |= self.find((before + chunk).decode(errors="ignore"))
                    before = chunk[-_OVERLAP:]
        except FileNotFoundError:  # a checkpoint that was dropped meanwhile
            return found
        return found
