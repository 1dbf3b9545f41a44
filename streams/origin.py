"""Tell whether an event names its publisher, as far as it names one at all.

CloudEvents calls it `source` and wants a URI reference. A publisher names itself by its name, or by
a URI, URN or path whose host or first segment is its name.
"""

from __future__ import annotations

import re

import msgspec

from schemas.errors import Reason, Refusal
from schemas.wire import shown

# host of a URI, first segment of a URN, else first segment of a path
_FIRST = re.compile(r"(?:urn:|(?:[a-z][a-z0-9+.-]*:)?//(?:[^/@?#]*@)?|/)?([^/:?#]+)", re.IGNORECASE)
_KEY = b'"source"'


class _Named(msgspec.Struct):
    """Take the source from a payload, whatever it is."""

    source: object = None


_payload = msgspec.json.Decoder(_Named)


def names_itself(source: str, publisher: str) -> bool:
    """Tell whether a source is the publisher's name, or a URI, URN or path that begins with it."""
    found = _FIRST.match(source)
    return found is not None and found[1].lower() == publisher


def refuse_source(field: str, source: str, publisher: str) -> Refusal | None:
    """Refuse a source that names somebody else; an empty one names nobody."""
    if not source or names_itself(source, publisher):
        return None
    return Refusal(Reason.WRONG_PUBLISHER, field, shown(None, source),
                   f"the topic is that of {publisher!r}: leave the source out, or name it there")


def refuse_header(source: bytes, publisher: str) -> Refusal | None:
    """Refuse a header `ce_source` that names somebody else."""
    return refuse_source("ce_source", source.decode("utf-8", "replace"), publisher)


def refuse_payload(body: bytes, publisher: str) -> Refusal | None:
    """Refuse a payload, known to be a JSON object, whose `source` names somebody else.

    Most payloads have none, and are not decoded for it.
    """
    if _KEY not in body:
        return None
    try:
        source = _payload.decode(body).source
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        # the decoder of a family passes over what it does not know, and so has not read it
        return Refusal(Reason.NOT_JSON, "source", "", str(error) or type(error).__name__)
    return refuse_source("source", source, publisher) if isinstance(source, str) else None
