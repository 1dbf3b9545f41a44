"""List the kinds of bad records of the drill, and what must become of each.

A kind is one line: its name, how a good event is spoilt, and its fate. A fate is reason and field
of the refusal, the same at every door; `GOOD` is taken and counted once, `COPY` is a duplicate.
Kinds whose body is drawn by `put` and `drop` are tried with the publisher's class, too.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from enum import StrEnum

from infra.drills.draft import Spoil, at, body, drop, head, key, put, text, tombstone, written
from schemas.errors import Reason as Why
from schemas.render.kafka import MAX_RECORD_BYTES


class Door(StrEnum):
    """Name the ways by which a record comes in."""

    KAFKA = "kafka"
    HTTP = "http"
    CLASS = "class"


@dataclass(frozen=True, slots=True)
class Fate:
    """Hold what must become of a record: refused for a reason at a field, or one of the below."""

    reason: str
    field: str = ""

    def __str__(self) -> str:
        """Show it in one word or two."""
        return f"{self.reason} {self.field}".strip()


GOOD, COPY = Fate("accepted"), Fate("duplicate")
LOG, BODY = (Door.KAFKA,), (Door.KAFKA, Door.HTTP)
SDK = (Door.KAFKA, Door.HTTP, Door.CLASS)


@dataclass(frozen=True, slots=True)
class Kind:
    """Hold one kind of bad record."""

    name: str
    spoil: Spoil
    fate: Fate
    doors: tuple[Door, ...]
    family: str = "vehicle-position"
    topic: str = ""  # the name after the publisher's prefix, where it is not the family's


def _payload(name: str, spoil: Spoil, reason: Why, field: str,
             family: str = "vehicle-position") -> Kind:
    """List a kind whose payload is wrong, which the publisher's class sees as well."""
    return Kind(name, spoil, Fate(reason, field), SDK, family)


def _bytes(name: str, spoil: Spoil, reason: Why = Why.NOT_JSON, field: str = "$",
           family: str = "vehicle-position") -> Kind:
    """List a kind whose bytes, or time, are wrong."""
    return Kind(name, spoil, Fate(reason, field), BODY, family)


def _log(name: str, spoil: Spoil, reason: Why | None = None, field: str = "") -> Kind:
    """List a kind that only Kafka knows: keys, headers, values that are not there."""
    return Kind(name, spoil, Fate(reason, field) if reason else GOOD, LOG)


def _legal(name: str, spoil: Spoil, family: str = "vehicle-position") -> Kind:
    """List a kind that looks odd and is good."""
    return Kind(name, spoil, GOOD, BODY, family)


DAY_MS = 86_400_000
DEEP = 100_000
# a topic that may be written, of a family that nobody declares
UNDECLARED = "drill-undeclared"
FLOW, PARK, CASE, CALL = "traffic-flow", "parking-occupancy", "grid-case", "hotline-call"
DIGITS = b"9" * 5_000
_TIME = "observed_at"


def _swap(raw: bytes) -> bytes:
    """Call longitude latitude and the other way round."""
    return raw.replace(b'"longitude"', b'"\0"').replace(b'"latitude"', b'"longitude"').replace(
        b'"\0"', b'"latitude"')


KINDS: tuple[Kind, ...] = (
    # bytes that are no JSON object
    _bytes("empty-body", body(b""), Why.EMPTY),
    _bytes("blank-body", body(b" \t \r "), Why.NOT_JSON),
    _bytes("truncated-json", text(lambda raw: raw[:-7])),
    _bytes("trailing-garbage", text(lambda raw: raw + b";")),
    _bytes("two-documents", text(lambda raw: raw + b" " + raw)),
    _bytes("trailing-comma", text(lambda raw: raw[:-1] + b",}")),
    _bytes("single-quotes", text(lambda raw: raw.replace(b'"', b"'"))),
    _bytes("comment-in-json", text(lambda raw: b"/* note */" + raw)),
    _bytes("byte-order-mark", text(lambda raw: b"\xef\xbb\xbf" + raw)),
    _bytes("utf-16", text(lambda raw: raw.decode().encode("utf-16"))),
    _bytes("gbk", lambda one: (
        put(road_id="济南")(one), text(lambda raw: raw.decode().encode("gbk"))(one))[0]),
    _bytes("gzip-as-body", text(lambda raw: gzip.compress(raw, mtime=0))),
    _bytes("xml", body(b"<event><vehicle_id>1</vehicle_id></event>")),
    _bytes("csv", body(b"vehicle_id,longitude,latitude")),
    _bytes("random-bytes", body(bytes(range(128, 256)) * 2)),
    _bytes("lone-surrogate", written("road_id", b'"\\ud800"')),
    _bytes("raw-nul", written("road_id", b'"a\0b"')),
    _bytes("raw-control", written("road_id", b'"a\x1bb"')),
    Kind("nested-arrays", body(b"[" * DEEP), Fate(Why.NOT_AN_OBJECT, "$"), LOG),
    _bytes("nested-arrays-extra", written("extra", b"[" * DEEP + b"]" * DEEP)),
    _bytes("nested-objects", body(b'{"a":' * DEEP), Why.TOO_LARGE),
    _bytes("nested-objects-extra", written("extra", b'{"a":' * 40_000 + b"1" + b"}" * 40_000)),
    _bytes("not-a-number", written("speed", b"NaN")),
    _bytes("infinity", written("speed", b"Infinity")),
    _bytes("leading-zero", written("speed", b"007")),
    _bytes("plus-sign", written("speed", b"+7")),
    _bytes("hexadecimal", written("speed", b"0x1F")),
    _bytes("json-in-a-string", body(b'"{\\"vehicle_id\\": \\"x\\"}"'), Why.NOT_AN_OBJECT),
    _bytes("a-number", body(b"5"), Why.NOT_AN_OBJECT),
    _bytes("a-null", body(b"null"), Why.NOT_AN_OBJECT),
    Kind("an-array", text(lambda raw: b"[" + raw + b"]"), Fate(Why.NOT_AN_OBJECT, "$"), LOG),
    # numbers beyond reason
    _bytes("ten-to-the-400", written("speed", b"1e400"), Why.ABOVE_MAXIMUM, "speed"),
    _bytes("ten-to-the-308", written("speed", b"1e308"), Why.ABOVE_MAXIMUM, "speed"),
    _bytes("5000-digits-decimal", written("speed", DIGITS), Why.ABOVE_MAXIMUM, "speed"),
    _bytes("5000-digits-integer", written("capacity", DIGITS), Why.ABOVE_MAXIMUM, "capacity", PARK),
    _bytes("5000-digits-time", written(_TIME, DIGITS), Why.BAD_TIME, _TIME),
    _payload("beyond-64-bits", put(capacity=1 << 63), Why.ABOVE_MAXIMUM, "capacity", PARK),
    # types
    _payload("number-as-string", put(speed="38.5"), Why.WRONG_TYPE, "speed"),
    _payload("flag-as-number", put(speed=True), Why.WRONG_TYPE, "speed"),
    _payload("number-as-text", put(vehicle_id=5), Why.WRONG_TYPE, "vehicle_id"),
    _payload("array-for-text", put(vehicle_id=["x"]), Why.WRONG_TYPE, "vehicle_id"),
    _payload("object-for-number", put(longitude={"deg": 117}), Why.WRONG_TYPE, "longitude"),
    _payload("fraction-for-whole", put(capacity=3.5), Why.WRONG_TYPE, "capacity", PARK),
    _payload("number-for-flag", put(answered=1), Why.WRONG_TYPE, "answered", CALL),
    _payload("word-for-flag", put(answered="yes"), Why.WRONG_TYPE, "answered", CALL),
    _payload("full-width-number", put(speed="３８"), Why.WRONG_TYPE, "speed"),
    # presence
    _payload("missing-key-field", drop("vehicle_id"), Why.MISSING_FIELD, "vehicle_id"),
    _payload("missing-place", drop("longitude"), Why.MISSING_FIELD, "longitude"),
    _payload("null-required", put(latitude=None), Why.MISSING_FIELD, "latitude"),
    _bytes("wrong-case-of-name", text(lambda raw: raw.replace(b'"latitude"', b'"Latitude"')),
           Why.MISSING_FIELD, "latitude"),
    _payload("empty-text", put(vehicle_id=""), Why.EMPTY, "vehicle_id"),
    _legal("null-optional", put(heading=None)),
    _legal("extra-fields", put(colour="white", axles=[2, 3], more={"a": {"b": None}})),
    _legal("duplicate-names", text(lambda raw: raw[:-1] + b',"speed":12.5}')),
    _legal("deep-extra", written("extra", b"[" * 100 + b"]" * 100)),
    # bounds and lists
    _payload("negative-speed", put(speed=-1), Why.BELOW_MINIMUM, "speed"),
    _payload("speed-of-900", put(speed=900), Why.ABOVE_MAXIMUM, "speed"),
    _payload("heading-of-361", put(heading=361), Why.ABOVE_MAXIMUM, "heading"),
    _payload("negative-count", put(capacity=-620), Why.BELOW_MINIMUM, "capacity", PARK),
    _payload("more-than-capacity", put(capacity=10, occupied=11), Why.ABOVE_FIELD, "occupied",
             PARK),
    _payload("unknown-code", put(vehicle_type="tank"), Why.NOT_IN_LIST, "vehicle_type"),
    _payload("code-in-capitals", put(status="OPEN"), Why.NOT_IN_LIST, "status", PARK),
    _payload("number-as-code", put(vehicle_type=3), Why.WRONG_TYPE, "vehicle_type"),
    _payload("text-too-long", put(vehicle_id="x" * 65), Why.TOO_LONG, "vehicle_id"),
    _payload("huge-text", put(vehicle_id="鲁" * 60_000), Why.TOO_LONG, "vehicle_id"),
    _payload("over-the-limit", put(extra="x" * 262_144), Why.TOO_LARGE, "$"),
    _legal("just-below-the-limit", put(extra="x" * 261_000)),
    # coordinates
    _payload("latitude-of-91", put(latitude=91), Why.ABOVE_MAXIMUM, "latitude"),
    _payload("longitude-of-minus-181", put(longitude=-181), Why.BELOW_MINIMUM, "longitude"),
    _bytes("swapped-coordinates", lambda one: (
        put(longitude=117.02, latitude=36.66)(one), text(_swap)(one))[0],
        Why.ABOVE_MAXIMUM, "latitude"),
    _payload("null-island", put(longitude=0, latitude=0), Why.NULL_ISLAND, "longitude"),
    _payload("minus-null-island", put(longitude=-0.0, latitude=0.0), Why.NULL_ISLAND, "longitude"),
    _legal("wrong-datum", put(longitude=-30.494, latitude=36.5004)),  # nothing in it tells
    # times
    _bytes("two-minutes-ahead", at(lambda now: now + 120_000), Why.FROM_THE_FUTURE, _TIME),
    _bytes("local-time-as-utc", at(lambda now: now + DAY_MS // 3), Why.FROM_THE_FUTURE, _TIME),
    _bytes("year-2099", at(lambda _: "2099-01-01T00:00:00Z"), Why.FROM_THE_FUTURE, _TIME),
    _bytes("year-1970", at(lambda _: 0), Why.TOO_LATE, _TIME),
    _bytes("before-1970", at(lambda _: -1), Why.BAD_TIME, _TIME),
    _bytes("seconds-for-ms", at(lambda now: now // 1000), Why.TOO_LATE, _TIME),
    _bytes("microseconds-for-ms", at(lambda now: now * 1000), Why.BAD_TIME, _TIME),
    _bytes("clock-frozen-for-an-hour", at(lambda now: now - DAY_MS // 24), Why.TOO_LATE, _TIME),
    _legal("clock-frozen-for-a-minute", at(lambda now: now // 60_000 * 60_000 - 60_000)),
    _payload("time-without-zone", put(observed_at="2026-11-24T12:00:00"), Why.BAD_TIME, _TIME),
    _payload("time-in-words", put(observed_at="2026年11月24日 12时"), Why.BAD_TIME, _TIME),
    _payload("time-with-fraction", put(observed_at=1.5e12), Why.BAD_TIME, _TIME),
    _payload("time-as-flag", put(observed_at=True), Why.BAD_TIME, _TIME),
    _bytes("no-time", drop("observed_at"), Why.MISSING_TIME, _TIME),
    _payload("deadline-without-zone", put(due_at="2026-11-24T12:00:00"), Why.BAD_TIME, "due_at",
             CASE),
    _payload("deadline-in-3000", put(due_at="3000-01-01T00:00:00Z"), Why.BAD_TIME, "due_at", CASE),
    # ids and publishers
    _payload("id-too-long", put(id="x" * 257), Why.TOO_LONG, "id"),
    _payload("empty-id", put(id=""), Why.EMPTY, "id"),
    _payload("id-as-number", put(id=7), Why.WRONG_TYPE, "id"),
    _payload("control-in-id", put(id="a\x07"), Why.CONTROL_CHARACTER, "id"),
    _payload("escaped-nul", put(road_id="a\0b"), Why.CONTROL_CHARACTER, "road_id"),
    _payload("escape-sequence", put(road_id="\x1b[2J"), Why.CONTROL_CHARACTER, "road_id"),
    _payload("another-publisher", put(source="city-traffic"), Why.WRONG_PUBLISHER, "source"),
    _legal("source-that-is-no-text", put(source={"system": 1})),
    _bytes("source-beyond-reason", written("source", b"1e400"), field="source"),
    _bytes("source-not-utf-8", written("source", b'"\xff\xfe"'), field="source"),
    Kind("repeated-id", lambda _: None, COPY, BODY),
    # text that must stay text
    _legal("formula", put(segment_id='=HYPERLINK("http://x","y")')),
    _legal("html", put(segment_id="<script>alert(1)</script>")),
    _legal("sql", put(segment_id="'); DROP TABLE city.alert; --")),
    _legal("zero-width", put(vehicle_id="鲁\u200bA1\u200d2345")),
    _legal("full-width", put(vehicle_id="鲁Ａ１２３４５")),
    _legal("right-to-left", put(segment_id="\u202egnissapeno\u202c")),
    _legal("emoji-and-rare-han", put(segment_id="🚌\U00020000")),
    _legal("percent-and-braces", put(segment_id="%s %(x)s {0} ${jndi:ldap://x}")),
    # what only Kafka knows
    _log("tombstone", tombstone, Why.EMPTY, "$"),
    _log("null-key", key(None)),
    _log("wrong-key", key(b"somebody else")),
    _log("binary-key", key(bytes(range(256)))),
    _log("huge-key", key(b"k" * 100_000)),
    _log("another-publisher-in-header", head("ce_source", b"city-traffic"), Why.WRONG_PUBLISHER,
         "ce_source"),
    _log("publisher-not-utf-8", head("ce_source", b"\xff\xfe"), Why.WRONG_PUBLISHER, "ce_source"),
    _log("time-header-garbage", head("ce_time", b"yesterday"), Why.BAD_TIME, "ce_time"),
    _log("time-header-not-utf-8", head("ce_time", b"\xff\xfe"), Why.BAD_TIME, "ce_time"),
    _log("time-header-nested", head("ce_time", b'"' + b"[" * DEEP), Why.BAD_TIME, "ce_time"),
    _log("id-header-empty", head("ce_id", b""), Why.EMPTY, "ce_id"),
    _log("id-header-not-utf-8", head("ce_id", b"\xff\xfe"), Why.BAD_HEADER, "ce_id"),
    _log("id-header-too-long", head("ce_id", b"x" * 257), Why.TOO_LONG, "ce_id"),
    _log("id-header-control", head("ce_id", b"a\0b"), Why.CONTROL_CHARACTER, "ce_id"),
    _log("map-error-garbage", head("map_error", b"\xff{"), Why.NOT_MAPPED, "$"),
    _log("map-error-nested", head("map_error", b"[" * DEEP), Why.NOT_MAPPED, "$"),
    _log("unregistered-replay", lambda one: (
        head("replay", b"run")(one), at(lambda now: now - DAY_MS)(one))[0], Why.TOO_LATE, _TIME),
    _log("null-headers", head("ce_id", None, ("ce_time", None), ("ce_source", None))),
    _log("header-bomb", lambda one: one.headers.extend(
        (f"header-{i}", b"x" * 20) for i in range(2_000))),
    _log("repeated-headers", head("ce_type", b"a", ("ce_type", b"b"), ("", b""))),
    _log("another-family-in-header", head("ce_type", b"ship")),
    Kind("family-nobody-declared", lambda _: None, Fate(Why.UNKNOWN_FAMILY, "$topic"), LOG,
         topic=UNDECLARED),
)
# more than the broker takes in one record, and nothing that compression could make small
TOO_MUCH_BYTES = MAX_RECORD_BYTES + 1
