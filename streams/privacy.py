"""Take personal data out of events: keyed pseudonyms for identifiers, masks for free text.

A pseudonym is the first 128 bits of HMAC-SHA-256 under a key of the day, so that a vehicle can be
counted within a day and not followed across days (GB/T 35273-2020 6.2). Masks replace what looks
like a telephone, identity card, number plate, bank card, e-mail address or a name after a cue word.
"""

from __future__ import annotations

import hmac
import re
from functools import lru_cache

DAY_MS = 86_400_000
CHINA_OFFSET_MS = 8 * 3_600_000
_PLATE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"
_HAN = "[\u4e00-\u9fa5]"
_NAME_END = r"(?=[,，。;；、\s]|先生|女士|$)"
# what stands after a cue word is a name even where the sentence goes on without a stop
_CUE = r"((?:联系人)?姓名|联系人|我叫)([是:： ]{0,3})(?!电话|手机|方式|[了他她你不])"
_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"), "[邮箱]"),
    (re.compile(r"(?<!\d)\d{6}[ -]?\d{8}[ -]?\d{3}[\dXx](?!\d)"), "[身份证]"),
    (re.compile(r"(?<!\d)\d{15,19}(?!\d)"), "[卡号]"),
    (re.compile(r"(?<!\d)\d{4}(?:[ -]\d{4}){3}(?:[ -]?\d{1,3})?(?!\d)"), "[卡号]"),
    (re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"), "[电话]"),
    (re.compile(r"(?<!\d)0\d{2,3}[- ]?\d{7,8}(?!\d)"), "[电话]"),
    (re.compile(rf"[{_PLATE}][A-Za-z][·• -]?(?=[A-Za-z]{{0,5}}\d)[A-Za-z0-9]{{4,5}}"
                r"[A-Za-z0-9挂学警港澳](?![A-Za-z0-9])"), "[车牌]"),
    (re.compile(rf"{_CUE}(?:{_HAN}{{2,4}}?{_NAME_END}|{_HAN}{{2,3}})"), r"\1\2[姓名]"),
    (re.compile(rf"(我是){_HAN}{{2,4}}?{_NAME_END}"), r"\1[姓名]"),
    (re.compile(rf"{_HAN}{{1,2}}(?=先生|女士)"), "[姓名]"),
)
_FULL_WIDTH = {0xFF01 + i: 0x21 + i for i in range(94)} | {0x3000: 0x20} | {
    ord(c): None for c in "\u200b\u200c\u200d\u2060\ufeff"}


def mask_text(text: str) -> str:
    """Replace personal data in free text by typed tokens; full-width characters are folded."""
    folded = text.translate(_FULL_WIDTH)
    for pattern, token in _MASKS:
        folded = pattern.sub(token, folded)
    return folded


class Pseudonyms:
    """Turn identifiers into pseudonyms under a key of the day (Asia/Shanghai)."""

    def __init__(self, master: bytes) -> None:
        """Hold the master key; a day's key is derived from it."""
        self._master = master
        self.of = lru_cache(maxsize=100_000)(self._of)
        self._day_key = lru_cache(maxsize=8)(self._derive)

    def _derive(self, day: int) -> bytes:
        """Derive the key of one day since 1970."""
        return hmac.digest(self._master, b"day:%d" % day, "sha256")

    def _of(self, label: str, value: str, day: int) -> str:
        """Give the pseudonym of a value, 32 hexadecimal digits."""
        message = f"{label}\x1f{value.strip().upper()}".encode()
        return hmac.digest(self._day_key(day), message, "sha256")[:16].hex()

    @staticmethod
    def day(milliseconds: int) -> int:
        """Give the day since 1970, in China, of an instant in epoch milliseconds."""
        return (milliseconds + CHINA_OFFSET_MS) // DAY_MS
