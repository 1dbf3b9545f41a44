"""Invent people whose data must not come through the gate, spelt in the many ways people write.

Nobody is meant: telephones are of the range 1400, which is given to things; identity numbers of an
area where nobody is registered; cards and mail addresses of nobody.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

# by how frequent they are; the last ones are rare, and some of them words of everyday speech
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗",
    "梁郑谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈",
    "钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫雷龙黎史陶贺毛郝顾龚邵万",
    "单查冷边解练原位昝亓逄")
_WEIGHTS = (52, 28, 18, 2)
_GIVEN = ("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚玉兰建华志红春梅海燕"
          "晨浩宇轩梓涵欣怡俊凯琳雪峰鹏飞")
_FULL_WIDTH = {0x21 + i: 0xFF01 + i for i in range(94)}
_SPOKEN = str.maketrans("0123456789", "零幺二三四五六七八九")
_WRITTEN = str.maketrans("0123456789", "〇一二三四五六七八九")
_CIRCLED = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")
_IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
Spelling = Callable[[str], str]


def _groups(*lengths: int, by: str) -> Spelling:
    """Give a spelling in groups; what is left over joins the last."""
    def spell(text: str) -> str:
        """Write a text in these groups."""
        parts, at = [], 0
        for length in lengths:
            parts.append(text[at:at + length])
            at += length
        return by.join([*parts, text[at:]] if at < len(text) else parts)
    return spell


_ANY: tuple[Spelling, ...] = (
    str, str, str, lambda text: text.translate(_FULL_WIDTH), "\u200b".join, "\u2060".join)
SPELLINGS: dict[str, tuple[Spelling, ...]] = {
    "phone": (*_ANY, _groups(3, 4, 4, by=" "), _groups(3, 4, 4, by="-"), _groups(3, 4, 4, by="."),
              "+86 {}".format, "86{}".format, " ".join, lambda text: text.translate(_SPOKEN),
              lambda text: text.translate(_WRITTEN), lambda text: text.translate(_CIRCLED)),
    "landline": (*_ANY[:4], _groups(4, 8, by="-"), _groups(4, 4, 4, by=" "),
                 lambda text: f"({text[:4]}){text[4:]}",
                 lambda text: f"（{text[:4]}）{text[4:]}转802"),
    "identity": (*_ANY, str.lower, _groups(6, 8, 4, by=" "), _groups(6, 8, 4, by="-"),
                 lambda text: text.translate(_WRITTEN)),
    "card": (*_ANY, _groups(4, 4, 4, 4, by=" "), _groups(4, 4, 4, 4, by="-")),
    "plate": (*_ANY, str.lower, lambda text: f"{text[:2]}·{text[2:]}",
              lambda text: f"{text[:2]} {text[2:]}", " ".join),
    "mail": (*_ANY[:4], str.upper, lambda text: text.replace("@", "＠")),
    "address": (*_ANY[:4], lambda text: text.translate(_WRITTEN)),
}
# what stands around a name; all but the last have a cue, or the name in a field of its own
NAMED = (
    "我叫{}，", "我叫{}住在历下区，", "联系人{}，", "联系人：{}；", "姓名：{}，", "我是{}，",
    "{}先生反映，", "{}女士来电说，", "业主{}反映，", "邻居{}经常扰民，", "{}，男，42岁，",
    "申请人{}要求处理，", "找{}师傅修过，")
UNCUED = "听说{}也遇到过，"


@dataclass(frozen=True, slots=True)
class Person:
    """Hold one invented person."""

    name: str
    phone: str
    landline: str
    identity: str
    card: str
    plate: str
    mail: str
    address: str

    @property
    def identifiers(self) -> dict[str, str]:
        """Give what tells a person apart beside the name, by kind."""
        return {kind: getattr(self, kind) for kind in SPELLINGS}


def _identity(chance: random.Random) -> str:
    """Draw eighteen characters with the check digit of GB 11643."""
    year, month, day = (chance.randrange(*span) for span in ((1940, 2012), (1, 13), (1, 29)))
    body = f"370100{year}{month:02d}{day:02d}{chance.randrange(1000):03d}"
    total = sum(int(d) * weight for d, weight in zip(body, _IDENTITY_WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def _card(chance: random.Random) -> str:
    """Draw sixteen or nineteen digits with their Luhn check digit."""
    body = "620000" + "".join(chance.choices("0123456789", k=chance.choice((9, 12))))
    doubled = [int(d) * (2 - i % 2) for i, d in enumerate(reversed(body))]
    return body + str(-sum(d // 10 + d % 10 for d in doubled) % 10)


def draw_person(chance: random.Random, number: int) -> Person:
    """Draw one person."""
    surname = chance.choice(chance.choices(_SURNAMES, weights=_WEIGHTS)[0])
    name = surname + "".join(chance.sample(_GIVEN, chance.choice((1, 2, 2, 2))))
    rest = f"{chance.randrange(10**5):05d}"
    house, entrance, flat = (chance.randrange(*span) for span in ((1, 40), (1, 7), (101, 2905)))
    return Person(
        name, f"1400{chance.randrange(10**7):07d}", f"0531{chance.randrange(2, 9)}"
        f"{chance.randrange(10**7):07d}", _identity(chance), _card(chance),
        chance.choice((f"鲁A{rest}", f"鲁AD{rest}")), f"nobody.{number}@example.com",
        f"{house}号楼{entrance}单元{flat}室")
