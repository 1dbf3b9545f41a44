"""Render JSON Schema (2020-12) of payloads, of their CloudEvents envelope, and of result rows.

The payload schema says what the wire decoder says, with two exceptions that JSON Schema cannot
express: a whole number written with a point (3.0) is refused by the decoder, and limits between two
fields stand in `x-rules` as sentences.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from schemas.declare import Family, Field, Kind, Personal, ResultTable
from schemas.wire import EARLIEST_MS, LATEST_MS

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
RFC_3339 = (r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d"
            r"(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$")
# every control character but tab and line breaks
NO_CONTROL = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f]*$"


def moment(*, bounded: bool = True) -> list[Schema]:
    """Give the two ways to write an instant: RFC 3339 with zone, or epoch milliseconds."""
    whole: Schema = {"type": "integer", "description": "milliseconds since 1970-01-01T00:00:00Z"}
    if bounded:
        whole |= {"minimum": EARLIEST_MS, "maximum": LATEST_MS}
    return [{"type": "string", "format": "date-time", "pattern": RFC_3339}, whole]


def _kind(field: Field) -> Schema:
    """Give the constraints of a field's kind."""
    match field.kind:
        case Kind.TEXT:
            return {"type": "string", "minLength": 1, "maxLength": field.max_length,
                    "pattern": NO_CONTROL}
        case Kind.CODE:
            return {"enum": [value for value, _ in field.values]}
        case Kind.INTEGER | Kind.DECIMAL:
            kind = "integer" if field.kind is Kind.INTEGER else "number"
            return {"type": kind, "minimum": field.ge, "maximum": field.le}
        case Kind.FLAG:
            return {"type": "boolean"}
        case Kind.INSTANT:
            return {"anyOf": moment()}


def _about(field: Field) -> Schema:
    """Give what a reader should know of a field beside its constraints."""
    about: Schema = {"title": field.title.en, "x-title-zh": field.title.zh}
    if field.unit:
        about["x-unit"] = field.unit
    if field.values:
        about["x-values"] = {value: {"en": t.en, "zh": t.zh} for value, t in field.values}
    about["x-personal"] = str(field.personal)
    about["x-public"] = field.public
    if field.example is not None:
        about["examples"] = [field.example]
    return about


def property_schema(field: Field) -> Schema:
    """Render one field; optional ones may also be null."""
    kind = _kind(field)
    return _about(field) | (kind if field.required else {"anyOf": [kind, {"type": "null"}]})


def _rules(family: Family) -> list[str]:
    """Say in sentences what JSON Schema cannot."""
    rules = [f"{f.name} must not be above {f.not_above}" for f in family.fields if f.not_above]
    if family.place:
        rules.append(f"{family.place[0]} and {family.place[1]} must not both be 0")
    return rules


def payload_schema(family: Family) -> Schema:
    """Render the schema of a family's payload as publishers send it."""
    short = {"type": "string", "minLength": 1, "maxLength": 256, "pattern": NO_CONTROL}
    null: Schema = {"type": "null"}
    envelope: Schema = {
        "id": {"title": "Event id, unique for its publisher", "x-title-zh": "事件编号",
               "anyOf": [short, null]},
        "observed_at": {"title": "When it was observed", "x-title-zh": "观测时间",
                        "anyOf": [*moment(bounded=False), null]},
    }
    return {
        "$schema": DIALECT, "$id": f"urn:citybrain:{family.name}:v{family.version}:payload",
        "title": family.meaning.en, "x-title-zh": family.meaning.zh, "x-owner": family.owner,
        "x-key": family.key.name, "x-rules": _rules(family), "type": "object",
        "required": [f.name for f in family.fields if f.required],
        "properties": {f.name: property_schema(f) for f in family.fields} | envelope,
        "examples": [family.example],
    }


def attributes(family: Family) -> Schema:
    """Give the CloudEvents 1.0 attributes of a family's events, names without prefix."""
    return {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "minLength": 1, "maxLength": 256},
        "source": {"type": "string", "minLength": 1, "description": "the publishing system"},
        "type": {"const": family.name},
        "time": {"type": "string", "format": "date-time", "pattern": RFC_3339,
                 "description": "when it was observed"},
        "dataschema": {"type": "string", "format": "uri"},
    }


def header_schema(family: Family) -> Schema:
    """Render the schema of the record headers (CloudEvents binary mode); all may be left out."""
    return {"type": "object",
            "properties": {f"ce_{name}": one for name, one in attributes(family).items()}}


def envelope_schema(family: Family) -> Schema:
    """Render the schema of an event in one piece (CloudEvents structured mode)."""
    return {
        "$schema": DIALECT, "$id": f"urn:citybrain:{family.name}:v{family.version}:envelope",
        "title": f"{family.meaning.en} In its CloudEvents envelope.", "type": "object",
        "required": ["specversion", "id", "source", "type"],
        "properties": attributes(family) | {
            "datacontenttype": {"const": "application/json"},
            "data": {key: value for key, value in payload_schema(family).items()
                     if not key.startswith("$")}},
        "examples": [example_envelope(family)],
    }


def example_envelope(family: Family) -> Schema:
    """Give the family's example in its envelope."""
    moment_text = dt.datetime(2026, 11, 24, tzinfo=dt.UTC).isoformat().replace("+00:00", "Z")
    return {
        "specversion": "1.0", "id": f"{family.name}-1", "source": family.owner,
        "type": family.name, "time": moment_text, "datacontenttype": "application/json",
        "dataschema": f"urn:citybrain:{family.name}:v{family.version}:payload",
        "data": family.example}


def clean_schema(family: Family) -> Schema:
    """Render the schema of a clean event on `event-<family>`: times are epoch milliseconds."""
    time: Schema = {"type": "integer", "description": "milliseconds since 1970-01-01T00:00:00Z"}
    text: Schema = {"type": "string"}
    whole: Schema = {"type": "integer", "minimum": 0}
    envelope: Schema = {
        "id": text, "source": text, "observed_at": time, "received_at": time, "computed_at": time,
        "area": {"type": "string", "pattern": "^[0-9]{0,15}$"}, "raw_topic": text,
        "raw_partition": whole, "raw_offset": whole}
    kept: Schema = {}
    for field in family.kept:
        treated = text if field.personal is not Personal.NONE else _kind(field)
        required = time if field.kind is Kind.INSTANT else treated
        kept[field.name] = _about(field) | (
            required if field.required else {"anyOf": [required, {"type": "null"}]})
    return {"title": f"{family.meaning.en} As the gate passed it.", "type": "object",
            "required": [*envelope, *(f.name for f in family.kept)], "properties": envelope | kept}


def row_schema(result: ResultTable) -> Schema:
    """Render the schema of a result's row; measures are integers scaled by 10^decimals."""
    whole: Schema = {"type": "integer", "minimum": 0}
    properties: Schema = {
        "window_seconds": {"enum": list(result.windows)},
        "window_start": whole | {"description": "milliseconds since 1970-01-01T00:00:00Z"}}
    for field in result.keys:
        properties[field.name] = _about(field) | {"type": "string"}
    properties |= {"events": whole, "late": whole}
    for field in result.measures:
        properties[field.name] = _about(field) | {
            "type": ["integer" if field.numeric else "string", "null"],
            "x-decimals": field.decimals, "x-combine": field.combine}
    properties["version"] = whole | {"description": "generation * 2^40 + events"}
    return {
        "$schema": DIALECT, "$id": f"urn:citybrain:{result.name}:v{result.version}:row",
        "title": result.meaning.en, "x-title-zh": result.meaning.zh, "type": "object",
        "required": list(properties), "properties": properties}


def to_text(document: Schema) -> str:
    """Write a document as it is published: indented, Chinese readable, a line break at the end."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
