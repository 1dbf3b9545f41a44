"""Invent people: names, telephones, identity numbers of nobody, for the gate to mask."""

from __future__ import annotations

import random

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚玉兰建华志红春梅海燕"


def draw_name(chance: random.Random) -> str:
    """Draw a name of two or three characters."""
    return chance.choice(_SURNAMES) + "".join(chance.choices(_GIVEN, k=chance.choice((1, 2, 2))))


def draw_phone(chance: random.Random) -> str:
    """Draw a mobile number of the range 1400, which is given to things and not to people."""
    return f"1400{chance.randrange(10**7):07d}"


def draw_identity(chance: random.Random) -> str:
    """Draw eighteen digits in the shape of an identity number, its check digit wrong."""
    year, month, day = (chance.randrange(*span) for span in ((1950, 2005), (1, 13), (1, 29)))
    body = f"370100{year}{month:02d}{day:02d}{chance.randrange(1000):03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    check = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11
    return body + "10X98765432"[(check + 1) % 11]  # one beside the right one
