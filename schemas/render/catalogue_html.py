"""Draw the catalogue as one self-contained page."""

from __future__ import annotations

import json
from html import escape

from schemas.render.catalogue import Entry
from schemas.render.page import both, mark, page

HEADINGS: tuple[tuple[str, str], ...] = (
    ("字段", "Field"), ("含义", "Meaning"), ("类型", "Kind"), ("单位", "Unit"), ("范围", "Bounds"),
    ("个人信息", "Personal data"), ("发布", "Publication"), ("示例", "Example"))


def _codes(names: list[str]) -> str:
    """Write names in the typeface of code."""
    return ", ".join(f"<code>{escape(name)}</code>" for name in names)


def _links(addresses: list[str]) -> str:
    """Write addresses as links."""
    return ", ".join(f'<a href="{escape(one)}"><code>{escape(one)}</code></a>'
                     for one in addresses) or "–"


def _fact(chinese: str, english: str, value: str) -> str:
    """Write one fact; `value` is HTML."""
    return f"<dt>{both(chinese, english)}</dt><dd>{value}</dd>"


def _facts(entry: Entry) -> str:
    """List what is declared of the whole."""
    public = entry["publication"]
    facts = [
        _fact("领域", "Domain", both(entry["domain_title"]["zh"], entry["domain_title"]["en"])),
        _fact("所有者", "Owner", f"<code>{escape(entry['owner'])}</code>"),
        _fact("发布", "Publication",
              mark(public["zh"], public["en"], "good" if entry["public"] else "soft")),
        _fact("主题", "Topics", _codes(entry["topics"])),
        _fact("视图", "View", _codes([entry["view"]])),
        _fact("保存", "Lifetime", both(f"{entry['lifetime_days']} 天",
                                     f"{entry['lifetime_days']} days")),
        _fact("接口", "Feeds", _links(entry["feeds"])),
        _fact("模式", "Schema", _links([entry["schema"]]))]
    if entry["sort"] == "result":
        windows = ", ".join(f"{one} s" for one in entry["windows"])
        facts.append(_fact("窗口", "Windows", windows))
        facts.append(_fact("输入", "Inputs", _codes(entry["inputs"])))
        if entry["suppress"]:
            facts.append(_fact("抑制", "Suppressed", f"<code>{entry['suppress']}</code> &lt; 5"))
    return f"<dl>{''.join(facts)}</dl>"


def _limits(field: Entry) -> str:
    """Say what values a field takes, or how it is computed."""
    if field["values"]:
        return "<br>".join(f"<code>{escape(value)}</code> {both(words['zh'], words['en'])}"
                           for value, words in field["values"].items())
    if field["formula"]:
        return f"<code>{escape(field['formula'])}</code>"
    if field["max_length"]:
        return both(f"1–{field['max_length']} 字", f"1–{field['max_length']} characters")
    return escape(field["bounds"] or field["combine"])


def _row(field: Entry) -> str:
    """Draw one field."""
    name = f"<code>{escape(field['name'])}</code>"
    if field["key"]:
        name += " " + mark("主键", "key", "warn")
    elif field["required"] and not field["formula"]:
        name += " " + mark("必填", "required")
    example = "" if field["example"] is None else json.dumps(field["example"], ensure_ascii=False)
    public = field["publication"]
    cells = [name, both(field["title"]["zh"], field["title"]["en"]),
             both(field["kind"]["zh"], field["kind"]["en"]), escape(field["unit"]),
             _limits(field), both(field["personal"]["zh"], field["personal"]["en"]),
             mark(public["zh"], public["en"], "good" if field["public"] else "soft"),
             f"<code>{escape(example)}</code>" if example else ""]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _section(entry: Entry) -> str:
    """Draw one family or result."""
    heads = "".join(f"<th>{both(*words)}</th>" for words in HEADINGS)
    rows = "\n".join(_row(field) for field in entry["fields"])
    example = ""
    if entry["sort"] == "family":
        shown = json.dumps(entry["example"], ensure_ascii=False, indent=2)
        example = f"<pre>{escape(shown)}</pre>"
    meaning = entry["meaning"]
    return (
        f'<section id="{entry["name"]}"><h3>{both(meaning["zh"], entry["name"])} '
        f'<code class="soft">{entry["name"]} v{entry["version"]}</code></h3>'
        f'<p lang="en">{escape(meaning["en"])}</p>{_facts(entry)}'
        f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        f"</div>{example}</section>")


def to_html(listed: list[Entry]) -> str:
    """Draw the catalogue."""
    parts = []
    for sort, words in {"family": ("事件", "Events"), "result": ("结果", "Results")}.items():
        chosen = [one for one in listed if one["sort"] == sort]
        jumps = "".join(f'<a href="#{one["name"]}">{both(one["meaning"]["zh"], one["name"])}</a>'
                        for one in chosen)
        parts.append(f"<h2>{both(*words)}</h2><nav>{jumps}</nav>"
                     + "\n".join(_section(one) for one in chosen))
    lead = both("每个事件与结果只声明一次，本页由声明生成："
                "含义、单位、范围、个人信息等级、发布、保存期限与接口。",
                "Every event and result is declared once; this page is rendered from the"
                " declarations: meaning, unit, bounds, personal-data class, publication,"
                " lifetime and feeds.")
    return page(("数据目录", "Catalogue"), lead, "\n".join(parts))
