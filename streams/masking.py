"""Mask personal data in free text: telephones, identity numbers, cards, plates, addresses, names.

One compiled pass finds all kinds; what stands there is replaced by a typed token such as [电话]. A
text without digits, cue words and hidden characters is given back untouched after one search.
Identity numbers follow GB 11643-1999 (18 digits, ISO 7064 MOD 11-2; 15 digits before 1999), cards
ISO/IEC 7812 (Luhn). Where in doubt a digit run that could name a person is masked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime

from schemas.declare import Family
from schemas.errors import Refusal

_NUMBER = re.compile(r"-?[0-9.eE+-]{1,40}")
_HIDDEN = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0f\ufeff"
_NUMERALS = {
    **dict.fromkeys("〇零○", "0"), **dict.fromkeys("一幺壹", "1"),
    **dict.fromkeys("二两贰", "2"), **dict(zip("三四五六七八九", "3456789", strict=True)),
    **dict(zip("叁肆伍陆柒捌玖", "3456789", strict=True))}
_DIGIT = f"[0-9{''.join(_NUMERALS)}]"
_ZERO, _ONE, _THREE_UP = "[0零〇○]", "[1一幺壹]", "[3-9三四五六七八九叁肆伍陆柒捌玖]"
_GAP = r"[\s\-‐–—·._]{0,2}"  # what people write between digits
# a numeral may end the name before a number, or begin the house after it: 张三138…, …678三号楼
_NO_DIGIT, _END_DIGIT = "(?<![0-9])", "(?![0-9])"
_HAN = "[\u4e00-\u9fa5]"
# first two digits of an identity number: provinces, Taiwan, Hong Kong, Macau, foreigners
_PROVINCES = frozenset(map(str, (
    *range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66),
    71, 81, 82, 83, 91)))
_PLATE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"
# the usual surnames; words of everyday speech such as 时 or 和 are left out
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡"
    "贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷"
    "钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路"
    "岳齐梅莫庄辛管祝左涂谷祁耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫屈鲍覃霍翁隋植甘景薄"
    "包司柏宁柯阮桂闵柴华车冉房辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫苟褚廉简娄盖符奚木穆党燕郎邸"
    "冀谈姬屠连郜晏栾郁商蒙喻揭窦迟宇敖糜鄢卓花仇艾蓝巩稽井仲虞卞封竺冼衣楚佟栗匡宗台巫鞠僧桑"
    "荆谌扬沙伏岑习胥保和蔺肖闫")
_DOUBLE = ("欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|宇文|长孙|司徒|夏侯|端木|申屠"
           "|澹台|轩辕")
_SURNAME = f"(?:{_DOUBLE}|[{''.join(sorted(set(_SURNAMES)))}])"
_TITLE = ("先生|女士|小姐|师傅|同志|老师|大爷|大妈|大娘|大姐|大哥|阿姨|叔叔|奶奶|爷爷"
          "|经理|主任|老板|医生|书记|警官|科长|队长")
# after a name the sentence stops, or goes on with such a word
_AFTER = ("[,，。;；、!！?？:：()（）\\s\\[]|$|" + _TITLE + "|住|在|的|家|电话|手机|身份"
          "|联系|反映|来电|投诉|举报|说|称|想|要|请|希望|号码|今|昨|因|被|把|是|和|与|及|经常|每天|一直")
_STRONG = ("(?:联系人|户主|业主|投诉人|来电人|申请人|本人)?(?:姓名|名字)"
           "|联系人|我叫|我名叫|名叫|收件人")
_ROLE = ("我是|本人|户主|业主|房东|租客|当事人|投诉人|来电人|申请人|举报人|负责人|经办人"
         "|邻居|司机|患者|法人|死者|伤者|车主|店主|家长")
_HOUSE = r"(?:[A-Za-z]?[0-9一二三四五六七八九十百零〇]{1,5}[A-Za-z]?|[甲乙丙丁东西南北])"
_PART = rf"{_HOUSE}\s?(?:号院|号楼|楼栋|号|弄|栋|幢|座|楼|单元|层|区|组|排)[\s,、之-]?"
# kind, token, pattern; what a group KIND_cue holds stays
_KINDS: tuple[tuple[str, str, str], ...] = (
    ("mail", "邮箱", r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}\s?@\s?"
                   r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}"),
    ("plate", "车牌", rf"[{_PLATE}]{_GAP}[A-Za-z]{_GAP}(?=(?:[A-Za-z]{_GAP}){{0,5}}{_DIGIT})"
                    rf"(?:(?:[A-Za-z]|{_DIGIT}){_GAP}){{4,5}}(?:[A-Za-z挂学警港澳]|{_DIGIT})"
                    rf"(?!{_GAP}(?:[A-Za-z0-9]))"),
    ("person", "身份证", rf"{_NO_DIGIT}{_DIGIT}(?:{_GAP}{_DIGIT}){{16}}{_GAP}(?:[Xx]|{_DIGIT})"
                      rf"{_END_DIGIT}"),
    ("card", "卡号", rf"{_NO_DIGIT}[3-6三四五六](?:{_GAP}{_DIGIT}){{14,18}}{_END_DIGIT}"),
    ("old", "身份证", rf"{_NO_DIGIT}{_DIGIT}(?:{_GAP}{_DIGIT}){{14}}{_END_DIGIT}"),
    ("mobile", "电话", rf"{_NO_DIGIT}(?:(?:\+|00)?86{_GAP}|0)?{_ONE}{_GAP}{_THREE_UP}"
                     rf"(?:{_GAP}{_DIGIT}){{9}}{_END_DIGIT}"),
    ("fixed", "电话", rf"{_NO_DIGIT}[(（]?{_ZERO}{_GAP}[1-9一二三四五六七八九]{_GAP}"
                    rf"{_DIGIT}(?:{_GAP}{_DIGIT})?[)）]?{_GAP}[2-8二三四五六七八]"
                    rf"(?:{_GAP}{_DIGIT}){{6,7}}(?:\s?(?:转|分机)\s?{_DIGIT}{{1,6}})?{_END_DIGIT}"),
    ("local", "电话", r"(?P<local_cue>(?:电话|座机|手机|号码|致电|联系方式)[是为: ]{0,3})"
                    rf"[2-8](?:{_GAP}{_DIGIT}){{6,7}}{_END_DIGIT}"),
    ("account", "账号", r"(?P<account_cue>(?:微信|QQ|qq|支付宝)(?:号码|号|账号)?[是为: ]{0,3})"
                      r"[A-Za-z0-9_-]{5,32}"),
    ("paper", "证件", r"(?P<paper_cue>(?:护照|通行证|居留证|军官证)(?:号码|号)?[是为: ]{0,3})"
                    r"[A-Za-z]{0,3}[0-9]{6,12}"),
    ("door", "地址", rf"(?:{_PART}){{1,5}}{_HOUSE}\s?(?:室|户|号房|房|号)(?![口线路楼院])"
                   rf"|(?:{_PART}){{0,4}}{_HOUSE}\s?(?:号楼|栋|幢|座|单元)[\s,、之-]?[0-9]{{2,4}}(?![0-9路号])"
                   r"|(?<![0-9])[0-9]{3,4}室"),
    ("flat", "地址", r"(?P<flat_cue>小区|花园|公寓|家园|社区|[村院苑园里城府湾])\s?"
                   r"[0-9]{1,3}[-–—][0-9]{1,2}(?:[-–—][0-9]{2,4})?(?![0-9-])"
                   r"|(?P<village_cue>[村屯庄])(?:[0-9一二三四五六七八九十]{1,3}组)?"
                   r"[0-9一二三四五六七八九十百]{1,4}号(?!线|楼|路|口)"),
    ("dotted", "姓名", rf"{_HAN}{{2,6}}[·•]{_HAN}{{2,6}}"),
    ("strong", "姓名", rf"(?P<strong_cue>(?:{_STRONG})[是叫为: ]{{0,3}})"
                     rf"(?!电话|手机|方式|号码|[了他她你不的])(?:{_SURNAME}{_HAN}{{1,2}}?(?={_AFTER})"
                     rf"|{_HAN}{{2,4}}?(?={_AFTER})|{_HAN}{{2,3}}|[A-Z][A-Za-z.'-]{{1,20}}"
                     r"(?: [A-Z][A-Za-z.'-]{1,20}){0,2})"),
    ("role", "姓名", rf"(?P<role_cue>(?:{_ROLE})[是叫为: ]{{0,2}}){_SURNAME}{_HAN}{{1,2}}?"
                   rf"(?={_AFTER})"),
    ("family", "姓名", rf"(?<=姓){_SURNAME}(?:名{_HAN}{{1,2}})?"),
    ("titled", "姓名", rf"{_SURNAME}\s?{_HAN}{{0,2}}(?=\s?(?:{_TITLE}))"),
    ("listed", "姓名", rf"(?<!{_HAN}){_SURNAME}{_HAN}{{1,2}}(?=[,，:：(（\s]{{0,2}}"
                     rf"(?:(?:联系)?电话|手机|身份证|[男女][,，)）0-9]|{_ONE}{_THREE_UP}{_DIGIT}{{9}}))"),
)
_TOKENS = {kind: f"[{token}]" for kind, token, _ in _KINDS}
_ALL = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, _, pattern in _KINDS))
_TELEPHONES = re.compile("|".join(
    f"(?P<{kind}>{pattern})" for kind, _, pattern in _KINDS if kind in ("mobile", "fixed")))
_TRIGGER = re.compile(
    rf"\d|[@＠·•①-⒇⓪➀-➓⁰-₉¹²³{_HIDDEN}]|{_DIGIT}{{4}}|姓|叫|名字|电话|手机|身份证"
    rf"|[〇一二三四五六七八九十百](?:号|栋|幢|单元|室)|{_STRONG}|{_ROLE}|{_TITLE}|微信|QQ|qq|护照")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _folding() -> dict[int, str | None]:
    """Map every decimal digit and full-width sign to ASCII, and hidden characters to nothing."""
    table: dict[int, str | None] = {0x3000: " "}
    table.update({0xFF01 + i: chr(0x21 + i) for i in range(94)})
    for number in range(128, 0x20000):
        value = unicodedata.digit(chr(number), -1)  # circled and mathematical ones, too
        if value >= 0:
            table[number] = str(value)
    table.update({ord(one): None for one in _hidden_characters()})
    return table


def _hidden_characters() -> list[str]:
    """List the characters of `_HIDDEN`, its ranges written out."""
    hidden = re.compile(f"[{_HIDDEN}]")
    return [one for one in map(chr, (*range(0x80, 0x2100), *range(0xFE00, 0xFF00)))
            if hidden.match(one)]


_FOLDING = _folding()
_PLAIN = str.maketrans(_NUMERALS)


def fold(text: str) -> str:
    """Write digits and full-width signs as ASCII and leave hidden characters out."""
    return text.translate(_FOLDING)


def plain_digits(text: str) -> str:
    """Give the digits (and X) of a text alone, Chinese numerals included."""
    return "".join(c for c in text.translate(_PLAIN) if c.isdecimal() or c in "Xx")


def has_identity_check(number: str) -> bool:
    """Tell whether 18 characters end in their check digit (GB 11643, ISO 7064 MOD 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == number[17].upper()


def has_luhn_check(number: str) -> bool:
    """Tell whether the digits end in their Luhn check digit (ISO/IEC 7812-1)."""
    digits = [int(digit) for digit in reversed(number)]
    return sum(digits[::2]) % 10 == -sum(sum(divmod(2 * one, 10)) for one in digits[1::2]) % 10


def _is_date(text: str) -> bool:
    """Tell whether eight digits are a day on which a living person may have been born."""
    try:
        return date(1900, 1, 1) <= date(int(text[:4]), int(text[4:6]), int(text[6:])) <= (
            datetime.now(UTC).date())
    except ValueError:
        return False


def _is_identity(number: str) -> bool:
    """Tell whether a number could be an identity number; a mistyped one still names somebody."""
    if number[:2] not in _PROVINCES:
        return False
    if len(number) == 15:
        return _is_date("19" + number[6:12])
    return _is_date(number[6:14]) or has_identity_check(number)


def _is_card(number: str) -> bool:
    """Tell whether a number could be of a bank card; those of UnionPay begin with 62."""
    return number.isdecimal() and (has_luhn_check(number) or number.startswith("62"))


def _replace(found: re.Match[str]) -> str:
    """Give what stands in place of a match; a digit run that is neither identity nor card stays."""
    kind, text = str(found.lastgroup), found[0]
    if kind in ("person", "card", "old"):
        number = plain_digits(text)
        if len(number) in (15, 18) and _is_identity(number):
            return _TOKENS["person"]
        if number[0] in "3456" and _is_card(number):
            return _TOKENS["card"]
        return _TELEPHONES.sub(_replace, text)
    groups = found.groupdict()
    cue = groups.get(f"{kind}_cue") or (groups["village_cue"] if kind == "flat" else "") or ""
    return cue + _TOKENS[kind]


def _without(text: str, value: str) -> str:
    """Take a value that is known to be personal out of a folded text, spelt with gaps, too."""
    han = re.fullmatch(f"{_HAN}+", value) is not None
    token = _TOKENS["strong"] if han else _TOKENS["mobile"]
    if value not in text and value in "".join(text.split()):
        text = re.sub(r"\s*".join(map(re.escape, value)), token, text)
    text = text.replace(value, token)
    if han and 3 <= len(value) <= 4:
        # the given name alone
        given = value[2:] if re.match(_DOUBLE, value) and len(value) == 4 else value[1:]
        text = text.replace(given, token)
    return text


def mask_text(text: str, known: Iterable[str] = ()) -> str:
    """Replace personal data by typed tokens; `known` are personal values of the same event.

    Where something is replaced, full-width signs become ASCII; else the text stays as it was.
    """
    values = [one for value in known if len(one := fold(value).strip()) >= 2]
    if _TRIGGER.search(text) is None and not any(
            one in text or one[1:] in text for one in values):
        return text
    folded = fold(text)
    masked = folded
    for one in values:
        masked = _without(masked, one)
    masked = _ALL.sub(_replace, masked)
    return text if masked == folded else masked


def mask_refusal(family: Family | None, refusal: Refusal) -> Refusal:
    """Mask value and reason of a refusal: text may hold what belongs in another field."""
    fields = family.fields if family else ()
    numeric = any(one.numeric for one in fields if one.name == refusal.field)
    value = refusal.value if numeric and _NUMBER.fullmatch(refusal.value) else mask_text(
        refusal.value)
    return replace(refusal, value=value, detail=mask_text(refusal.detail))
