"""Render the AsyncAPI 3.0 document of all topics."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from schemas.declare import Family, ResultTable
from schemas.render.json_schema import (
    clean_schema,
    example_envelope,
    header_schema,
    payload_schema,
    row_schema,
)

Document = dict[str, Any]

SYSTEM_TOPICS: dict[str, str] = {
    "dead-letters": "Refused and late events with reason, field, masked value and the coordinates"
                    " of the original | 被拒与迟到事件",
    "gate-ledger": "What the gate made of each raw partition and minute | 关口台账",
    "publisher-progress": "How far the accepted time of each publisher has come | 发布进度",
    "window-final": "Windows declared final | 已定稿窗口",
    "feedback": "The newest report to each publisher on each of its families | 接入反馈",
    "publishers": "Registration of the publishing systems, datum included | 发布系统登记",
    "rules": "Alert rules | 告警规则",
    "intake-tokens": "Tokens of the HTTP intake: publisher and hash | HTTP 接入令牌",
    "repaired": "Dead letters sent again, by the coordinates of the original | 已补发死信",
    "vault": "What the gate took out of events, readable by one account | 个人信息保险库",
    "audit": "Who did what, each writer's records chained | 审计记录",
    "audit-heads": "How far each writer's chain of audit records has come | 审计链首",
}


def _embedded(schema: Document) -> Document:
    """Take from a schema what names it as a document of its own."""
    return {key: value for key, value in schema.items() if not key.startswith("$")}


def _title(declared: Family | ResultTable) -> str:
    """Give the meaning in both languages."""
    return f"{declared.meaning.en} | {declared.meaning.zh}"


def _raw(family: Family) -> tuple[Document, Document]:
    """Render channel and operation of a family's raw topics."""
    example = example_envelope(family)
    names = ("specversion", "id", "source", "type", "time")
    message = {
        "name": family.name, "title": _title(family), "contentType": "application/json",
        "headers": header_schema(family), "payload": _embedded(payload_schema(family)),
        "examples": [{"headers": {f"ce_{name}": example[name] for name in names},
                      "payload": family.example}]}
    channel = {
        "address": f"raw-{{publisher}}--{family.name}", "title": _title(family),
        "description": f"As published. Key: {family.key.name}. The record time is the broker's.",
        "parameters": {"publisher": {
            "description": "Account of the publishing system", "examples": [family.owner]}},
        "messages": {"event": message}}
    return channel, {"action": "send", "summary": f"Publish {family.name}."}


def _clean(family: Family) -> tuple[Document, Document]:
    """Render channel and operation of a family's clean topic."""
    message = {"name": f"{family.name}-clean", "title": _title(family),
               "contentType": "application/json", "payload": clean_schema(family)}
    channel = {
        "address": family.topic, "title": _title(family),
        "description": "Checked, de-personalised, located, without duplicates.",
        "messages": {"event": message}}
    return channel, {"action": "receive", "summary": f"Read clean {family.name}."}


def _result(result: ResultTable) -> tuple[Document, Document]:
    """Render channel and operation of a result's upsert topic."""
    message = {"name": result.name, "title": _title(result), "contentType": "application/json",
               "payload": _embedded(row_schema(result))}
    channel = {
        "address": result.topic, "title": _title(result),
        "description": "Upserts: of the rows of one key the greatest version holds.",
        "messages": {"row": message}}
    return channel, {"action": "receive", "summary": f"Read {result.name}."}


def _system(topic: str, meaning: str) -> tuple[Document, Document]:
    """Render channel and operation of one of the platform's own topics."""
    message = {"name": topic, "title": meaning, "contentType": "application/json",
               "payload": {"type": "object"}}
    channel = {"address": topic, "title": meaning, "messages": {"record": message}}
    return channel, {"action": "receive", "summary": f"Read {topic}."}


def document(families: Iterable[Family], results: Iterable[ResultTable]) -> Document:
    """Render the document; channels are named by topic."""
    parts: dict[str, tuple[Document, Document]] = {}
    for family in families:
        parts[f"raw-{family.name}"] = _raw(family)
        parts[family.topic] = _clean(family)
    parts |= {result.topic: _result(result) for result in results}
    parts |= {topic: _system(topic, meaning) for topic, meaning in SYSTEM_TOPICS.items()}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "City Brain topics | 城市大脑主题", "version": "1.0.0",
                 "description": "Every topic of the platform, rendered from the declarations."},
        "defaultContentType": "application/json",
        "servers": {"broker": {
            "host": "{host}:{port}", "protocol": "kafka",
            "variables": {"host": {"default": "127.0.0.1"}, "port": {"default": "19092"}},
            "security": [{"type": "scramSha256"}]}},
        "channels": {name: channel for name, (channel, _) in parts.items()},
        "operations": {
            f"{operation['action']}-{name}": operation | {
                "channel": {"$ref": f"#/channels/{name}"}}
            for name, (_, operation) in parts.items()},
    }
