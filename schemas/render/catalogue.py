"""Render the catalogue: every family and result with all that is declared of it.

`entries` gives the data, `to_markdown` a page for readers of text; `catalogue_html` makes the
page for browsers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from schemas.declare import Family, Field, Kind, ResultTable
from schemas.fields import Personal
from schemas.render.addresses import feed_addresses, schema_address

Entry = dict[str, Any]

DOMAINS: dict[str, tuple[str, str]] = {
    "traffic": ("Traffic", "交通"), "governance": ("Grid governance", "网格治理"),
    "service": ("Public services", "公共服务"), "environment": ("Environment", "生态环境"),
    "city": ("The whole city", "全市"),
}
KINDS: dict[Kind, tuple[str, str]] = {
    Kind.TEXT: ("text", "文本"), Kind.CODE: ("code", "代码"), Kind.INTEGER: ("integer", "整数"),
    Kind.DECIMAL: ("number", "数值"), Kind.FLAG: ("yes/no", "是/否"),
    Kind.INSTANT: ("instant", "时刻"),
}
PERSONAL: dict[Personal, tuple[str, str]] = {
    Personal.NONE: ("not personal", "非个人信息"),
    Personal.PSEUDONYM: ("pseudonym", "去标识化"),
    Personal.CASE_PSEUDONYM: ("pseudonym per case", "按件去标识化"),
    Personal.MASKED: ("masked", "脱敏"),
    Personal.REMOVED: ("removed", "删除"),
}
HEADINGS = ("字段 Field", "含义 Meaning", "类型 Kind", "单位 Unit", "范围 Bounds", "必填 Required",
            "个人信息 Personal", "发布 Publication", "示例 Example")
PUBLIC: dict[bool, tuple[str, str]] = {True: ("public", "开放"), False: ("closed", "不开放")}


def _pair(words: tuple[str, str]) -> dict[str, str]:
    """Give a word in both languages."""
    return {"en": words[0], "zh": words[1]}


def _number(value: float) -> str:
    """Write a bound without needless digits."""
    return f"{value:g}" if abs(value) < 1e6 else f"{value:.0f}"


def bounds(field: Field) -> str:
    """Say in one short text what values a field may take."""
    match field.kind:
        case Kind.CODE:
            return ", ".join(value for value, _ in field.values)
        case Kind.TEXT:
            return f"1–{field.max_length} 字 characters"
        case Kind.INTEGER | Kind.DECIMAL if field.ge is not None and field.le is not None:
            limit = f", ≤ {field.not_above}" if field.not_above else ""
            return f"{_number(field.ge)} – {_number(field.le)}{limit}"
        case _:
            return ""


def _field(field: Field) -> Entry:
    """Describe one field."""
    return {
        "name": field.name, "title": {"en": field.title.en, "zh": field.title.zh},
        "kind": _pair(KINDS[field.kind]), "unit": field.unit, "bounds": bounds(field),
        "max_length": field.max_length if field.kind is Kind.TEXT and not field.combine else None,
        "values": {value: {"en": t.en, "zh": t.zh} for value, t in field.values},
        "required": field.required, "key": field.key,
        "personal": _pair(PERSONAL[field.personal or Personal.NONE]),
        "public": field.public, "publication": _pair(PUBLIC[field.public]),
        "example": field.example,
        "combine": field.combine, "formula": field.sql,
    }


def _shared(declared: Family | ResultTable) -> Entry:
    """Describe what families and results have in common."""
    return {
        "name": declared.name, "version": declared.version,
        "meaning": {"en": declared.meaning.en, "zh": declared.meaning.zh},
        "domain": declared.domain,
        "domain_title": _pair(DOMAINS.get(declared.domain, (declared.domain, declared.domain))),
        "public": declared.public, "publication": _pair(PUBLIC[declared.public]),
        "lifetime_days": declared.lifetime.store_days, "view": f"city.{declared.table}",
        "feeds": list(feed_addresses(declared)), "schema": schema_address(declared.name),
        "fields": [_field(one) for one in declared.fields],
    }


def family_entry(family: Family) -> Entry:
    """Describe an event family."""
    return _shared(family) | {
        "sort": "family", "owner": family.owner,
        "topics": [f"raw-<publisher>--{family.name}", family.topic],
        "topic_hours": family.lifetime.topic_hours, "raw_hours": family.lifetime.raw_hours,
        "horizon_seconds": family.horizon_seconds, "grace_seconds": family.grace_seconds,
        "example": family.example,
    }


def result_entry(result: ResultTable) -> Entry:
    """Describe a result; its owner is the platform."""
    return _shared(result) | {
        "sort": "result", "owner": "city-brain", "topics": [result.topic],
        "windows": list(result.windows), "inputs": list(result.inputs),
        "suppress": result.suppress, "grace_seconds": result.grace_seconds,
    }


def entries(families: Iterable[Family], results: Iterable[ResultTable]) -> list[Entry]:
    """Describe everything declared, families first, each group by domain and name."""
    order = {name: place for place, name in enumerate(DOMAINS)}

    def rank(entry: Entry) -> tuple[int, str]:
        """Rank by domain, then by name."""
        return order.get(entry["domain"], len(order)), entry["name"]

    return (sorted(map(family_entry, families), key=rank)
            + sorted(map(result_entry, results), key=rank))


def _both(words: dict[str, str]) -> str:
    """Write a word in both languages."""
    return f"{words['zh']} {words['en']}" if words["zh"] != words["en"] else words["en"]


def _cell(text: object) -> str:
    """Write a table cell of Markdown."""
    return str(text).replace("|", "\\|").replace("\n", " ")


def _row(field: Entry) -> str:
    """Write one field as a row of its table."""
    example = "" if field["example"] is None else json.dumps(field["example"], ensure_ascii=False)
    marks = "🔑" if field["key"] else ("●" if field["required"] else "")
    limits = field["bounds"] or (f"`{field['formula']}`" if field["formula"] else field["combine"])
    cells = [f"`{field['name']}`", _both(field["title"]), _both(field["kind"]), field["unit"],
             limits, marks, _both(field["personal"]), _both(field["publication"]), example]
    return "| " + " | ".join(_cell(one) for one in cells) + " |"


def _section(entry: Entry) -> list[str]:
    """Write one family or result."""
    facts = [
        ("所有者 Owner", entry["owner"]), ("发布 Publication", _both(entry["publication"])),
        ("主题 Topics", ", ".join(f"`{one}`" for one in entry["topics"])),
        ("视图 View", f"`{entry['view']}`"),
        ("保存 Lifetime", f"{entry['lifetime_days']} d"),
        ("接口 Feeds", ", ".join(f"`{one}`" for one in entry["feeds"]) or "–")]
    if entry["sort"] == "result":
        facts += [("窗口 Windows", ", ".join(f"{one} s" for one in entry["windows"])),
                  ("输入 Inputs", ", ".join(f"`{one}`" for one in entry["inputs"]))]
        if entry["suppress"]:
            facts += [("抑制 Suppressed", f"`{entry['suppress']}` < 5")]
    lines = [f"### `{entry['name']}` · {entry['meaning']['zh']}", "", entry["meaning"]["en"], ""]
    lines += [f"- {name}: {value}" for name, value in facts]
    lines += ["", "| " + " | ".join(HEADINGS) + " |", "|" + " --- |" * len(HEADINGS)]
    lines += [_row(field) for field in entry["fields"]]
    if entry["sort"] == "family":
        lines += ["", "```json", json.dumps(entry["example"], ensure_ascii=False), "```"]
    return [*lines, ""]


def to_markdown(listed: list[Entry]) -> str:
    """Write the catalogue as Markdown."""
    lines = ["# 数据目录 · Catalogue", "",
             "由声明生成，请勿手改。Rendered from the declarations; do not edit.", "",
             "🔑 主键 key · ● 必填 required", ""]
    titles = {"family": "## 事件 · Events", "result": "## 结果 · Results"}
    for sort, title in titles.items():
        lines += [title, ""]
        for entry in (one for one in listed if one["sort"] == sort):
            lines += _section(entry)
    return "\n".join(lines)
