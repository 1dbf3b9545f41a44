"""Give the English names of the configured city's counties, which no package carries."""

from __future__ import annotations

ENGLISH: dict[str, str] = {
    "37": "Shandong", "3701": "Jinan", "370102": "Lixia", "370103": "Shizhong",
    "370104": "Huaiyin", "370105": "Tianqiao", "370112": "Licheng", "370113": "Changqing",
    "370114": "Zhangqiu", "370115": "Jiyang", "370116": "Laiwu", "370117": "Gangcheng",
    "370124": "Pingyin", "370126": "Shanghe",
}
