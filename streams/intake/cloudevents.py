"""Read CloudEvents 1.0 over HTTP: attributes from headers (binary) or an envelope (structured).

Attributes that we do not know (extensions) are passed over.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

import msgspec

from schemas.errors import Reason, Refusal
from schemas.wire import shown

REQUIRED = ("specversion", "id", "source", "type")
OPTIONAL = ("time", "dataschema", "subject")
# the gate reads so many bytes of an id; other attributes are bounded alike
MAX_BYTES = 256
_JSON = re.compile(r"application/(?:json|[a-z0-9.-]+\+json)\s*(?:;.*)?", re.IGNORECASE | re.DOTALL)
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")
_MISSING = re.compile(r"missing required field `([^`]+)`")


class Envelope(msgspec.Struct):
    """Take a CloudEvent in one piece; null is the same as absent."""

    specversion: str
    id: str
    source: str
    type: str
    time: str | None = None
    dataschema: str | None = None
    subject: str | None = None
    datacontenttype: str | None = None
    data: msgspec.Raw = msgspec.Raw()
    data_base64: str | None = None


_envelope = msgspec.json.Decoder(Envelope)


def _check(attributes: Mapping[str, str]) -> Refusal | None:
    """Say what is wrong with attributes, if anything is."""
    for name in REQUIRED:
        if not attributes.get(name):
            return Refusal(Reason.MISSING_FIELD, name, "", "the attribute is required")
    if attributes["specversion"] != "1.0":
        return Refusal(Reason.NOT_IN_LIST, "specversion", shown(None, attributes["specversion"]),
                       "the version taken is 1.0")
    for name, value in attributes.items():
        if len(value.encode("utf-8", "replace")) > MAX_BYTES:
            return Refusal(Reason.TOO_LONG, name, shown(None, value),
                           f"an attribute has {MAX_BYTES} bytes at most")
        if any(c < " " or "\x7f" <= c <= "\x9f" for c in value):
            return Refusal(Reason.CONTROL_CHARACTER, name, shown(None, value),
                           "control characters are not allowed")
    return None


def from_headers(headers: Mapping[str, str]) -> dict[str, str] | Refusal:
    """Read the attributes in ce-* headers; HTTP gives headers as Latin-1, percent-encoded UTF-8."""
    attributes: dict[str, str] = {}
    for name in (*REQUIRED, *OPTIONAL):
        given = headers.get(f"ce-{name}")
        if given is None:
            continue
        try:
            attributes[name] = unquote_to_bytes(given.encode("latin-1")).decode()
        except UnicodeDecodeError:
            return Refusal(Reason.BAD_HEADER, name, shown(None, given),
                           "not UTF-8 in percent-encoding")
    return _check(attributes) or attributes


def from_envelope(body: bytes) -> tuple[dict[str, str], bytes] | Refusal:
    """Read attributes and payload of an event in one piece."""
    try:
        one = _envelope.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        return _explain(body, error)
    attributes = {name: value for name in (*REQUIRED, *OPTIONAL)
                  if (value := getattr(one, name)) is not None}
    if one.datacontenttype is not None and not _JSON.fullmatch(one.datacontenttype):
        return Refusal(Reason.NOT_IN_LIST, "datacontenttype", shown(None, one.datacontenttype),
                       "data is JSON here")
    refusal = _check(attributes)
    if refusal is not None:
        return refusal
    data = _data(one)
    return data if isinstance(data, Refusal) else (attributes, data)


def _data(one: Envelope) -> bytes | Refusal:
    """Give the payload, as it stands or out of Base64."""
    if one.data_base64 is None:
        return bytes(one.data)
    if bytes(one.data):
        return Refusal(Reason.WRONG_TYPE, "data_base64", "", "data and data_base64 exclude"
                       " each other")
    try:
        return base64.b64decode(one.data_base64, validate=True)
    except (binascii.Error, ValueError):
        return Refusal(Reason.WRONG_TYPE, "data_base64", f"{len(one.data_base64)} characters",
                       "not Base64")


def _explain(body: bytes, error: Exception) -> Refusal:
    """Turn a decoding error into a refusal; nothing of the event is shown."""
    if not isinstance(error, msgspec.ValidationError):
        return Refusal(Reason.NOT_JSON, "$", f"{len(body)} bytes",
                       str(error) or type(error).__name__)
    message = str(error)
    if missing := _MISSING.search(message):
        return Refusal(Reason.MISSING_FIELD, missing[1], "", "the attribute is required")
    path = _PATH.search(message)
    if path is None or not path[1]:
        return Refusal(Reason.NOT_AN_OBJECT, "$", f"{len(body)} bytes", _PATH.sub("", message))
    return Refusal(Reason.WRONG_TYPE, path[1], "", _PATH.sub("", message))
