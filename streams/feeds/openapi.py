"""Write the OpenAPI 3.1 document of the feeds from what is served and declared now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from schemas.declare import Family, ResultTable
from schemas.render.json_schema import property_schema
from streams.feeds.inventory import GEOJSON, Feed
from streams.feeds.suppression import shown_fields
from streams.problems import SCHEMA, describe
from streams.queries.feed import public_fields

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Describe an address that is not a feed; `unready` ones say the same with 503, too."""

    path: str
    media: str
    summary: str
    parameter: str = ""
    example: str = ""
    unready: bool = False


def _moment(meaning: str) -> Document:
    """Describe an instant."""
    return {"type": "string", "format": "date-time", "description": meaning}


def _nullable(schema: Document) -> Document:
    """Allow null beside what a schema allows."""
    return {"anyOf": [schema, {"type": "null"}]}


TIMES: Document = {
    "observed_at": _moment("when it was observed, or the end of the window"),
    "computed_at": _moment("when the stream job gave it"),
    "published_at": _moment("when this payload was rendered"),
}
BASIS: Document = {"enum": ["measured", "none"], "description": "what the figures rest on"}


def record_schema(declared: Family | ResultTable) -> Document:
    """Describe the properties of one record."""
    properties: Document = {}
    if isinstance(declared, Family):
        place = declared.place or ()
        for field in public_fields(declared):
            if field.name not in place:
                properties[field.name] = property_schema(field)
        properties["received_at"] = _moment("when the broker appended it")
    else:
        for field in declared.keys:
            properties[field.name] = {"type": "string", "title": field.title.en}
        for field in shown_fields(declared):
            about: Document = {"type": "number", "title": field.title.en}
            properties[field.name] = _nullable(about | (
                {"x-unit": field.unit} if field.unit else {}))
        properties |= {
            "window_seconds": {"type": "integer"}, "window_start": _moment("start of the window"),
            "window_end": _moment("end of the window"),
            "suppressed": {"type": "boolean", "description": "the count is below 5"},
            "status": {"enum": ["provisional", "final", "revised"]},
            "revision": _nullable({"type": "integer"})}
    return {"type": "object", "title": declared.meaning.en,
            "properties": properties | TIMES | {"basis": BASIS}}


def _envelope(feed: Feed, reference: str) -> Document:
    """Describe the document of a feed."""
    shared: Document = {
        "as_of": _nullable(_moment("time of the newest data")),
        "published_at": _moment("when this payload was rendered"),
        "period_seconds": {"type": "integer"}, "stale": {"type": "boolean"},
        "suppressed_records": {"type": "integer"}, "licence": {"type": "object"}}
    if feed.media != GEOJSON:
        records = {"type": "array", "items": {"$ref": reference}}
        return {"type": "object", "required": ["records", "stale"],
                "properties": shared | {"records": records}}
    item = {"type": "object", "required": ["type", "geometry", "properties"], "properties": {
        "type": {"const": "Feature"}, "id": {"type": "string"},
        "geometry": _nullable({"type": "object"}), "properties": {"$ref": reference}}}
    return {"type": "object", "required": ["type", "features", "stale"],
            "properties": shared | {"type": {"const": "FeatureCollection"},
                                    "features": {"type": "array", "items": item}}}


def _operation(feed: Feed) -> Document:
    """Describe reading one feed."""
    reference = f"#/components/schemas/{_component(feed)}"
    headers = {name: {"schema": {"type": "string"}} for name in ("ETag", "Last-Modified")}
    return {
        "operationId": "get" + feed.path.replace("/", "-").replace(".", "-"),
        "summary": feed.title.en, "x-summary-zh": feed.title.zh,
        "parameters": [{
            "name": one.name, "in": "query", "required": False, "description": one.meaning.en,
            "schema": {"type": "string", "enum": list(one.values), "default": one.values[0]},
        } for one in feed.parameters],
        "responses": {
            "200": {"description": "the latest data", "headers": headers,
                    "content": {feed.media: {"schema": _envelope(feed, reference)}}},
            "304": {"description": "unchanged"}, **describe(400, 406, 414, 503)}}


def _component(feed: Feed) -> str:
    """Name the schema of a feed's records."""
    return "Stations" if feed.path == "/v1/air.geojson" else feed.declared.name


def _page(page: Page) -> Document:
    """Describe an address that is not a feed."""
    operation: Document = {
        "operationId": "get" + (page.path.translate(str.maketrans("/.{}", "----")) or "-"),
        "summary": page.summary,
        "responses": {"200": {"description": page.summary, "content": {
            page.media: {"schema": {"type": "object" if "json" in page.media else "string"}}}}}}
    if page.unready:
        operation["responses"]["503"] = operation["responses"]["200"]
    if page.parameter:
        operation["parameters"] = [{
            "name": page.parameter, "in": "path", "required": True, "example": page.example,
            "schema": {"type": "string"}}]
        operation["responses"] |= describe(404)
    return operation


def document(feeds: Iterable[Feed], pages: Iterable[Page]) -> Document:
    """Write the document."""
    listed = list(feeds)
    schemas = {_component(feed): record_schema(feed.declared) for feed in listed}
    if "Stations" in schemas:
        readings = {"type": "array", "items": {"$ref": "#/components/schemas/air-quality"}}
        schemas["Stations"] = {"type": "object", "properties": {
            "station_id": {"type": "string"}, "readings": readings, **TIMES}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "City Brain open feeds | 城市大脑开放数据", "version": "1.0.0",
                 "description": "Live, non-personal data of the city. Counts below 5 are"
                                " suppressed. Versioned by path.",
                 "license": {"name": "CC BY 4.0",
                             "url": "https://creativecommons.org/licenses/by/4.0/"}},
        "servers": [{"url": "/"}],
        "paths": {page.path: {"get": _page(page)} for page in pages}
        | {feed.path: {"get": _operation(feed)} for feed in listed},
        "components": {"schemas": {**schemas, "Problem": SCHEMA}}}
