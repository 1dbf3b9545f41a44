"""Recognise in which form a request carries events."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from streams.problems import Problem


class Form(StrEnum):
    """Name a form by its media type; in binary mode the attributes stand in HTTP headers."""

    JSON = "application/json"
    LINES = "application/x-ndjson"
    STRUCTURED = "application/cloudevents+json"
    BATCH = "application/cloudevents-batch+json"
    BINARY = "application/json; CloudEvents attributes in ce-* headers"


TYPES = tuple(str(form) for form in Form if form is not Form.BINARY)


def recognise(headers: Mapping[str, str]) -> Form:
    """Give the form of a request by its headers; refuse a type or charset not known (415)."""
    media, _, parameters = headers.get("content-type", "").partition(";")
    media = media.strip().lower()
    if media not in TYPES:
        raise Problem(415, "unsupported-type", f"the types taken are {', '.join(TYPES)}",
                      f"只接收 {'、'.join(TYPES)}", {"Accept-Post": ", ".join(TYPES)},
                      offered=list(TYPES))
    _check_charset(parameters)
    binary = any(name.lower().startswith("ce-") for name in headers)
    if not binary:
        return Form(media)
    if media != Form.JSON:
        raise Problem(400, "ce-headers", f"ce-* headers go with {Form.JSON} only",
                      f"ce-* 头只能与 {Form.JSON} 一起使用")
    return Form.BINARY


def _check_charset(parameters: str) -> None:
    """Refuse a charset other than UTF-8 (415)."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in {
                "utf-8", "utf8"}:
            raise Problem(415, "unsupported-charset", "JSON is UTF-8 here", "JSON 须为 UTF-8 编码")
