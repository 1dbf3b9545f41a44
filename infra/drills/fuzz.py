"""Draw requests that no client should send, as bytes, from the addresses that OpenAPI lists."""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get",
           "G\u00c9T", "A" * 300)
LITTLE = ("", "0", "-1", "1e400", "NaN", "null", "true", "[]", "{}", "%", "%00", "%ff%fe", "%c0%ae",
          "..", "../../etc/passwd", "%2e%2e%2f", "a%2Fb", "a;b", "'", "' OR 1=1 --", "<script>",
          "${jndi:ldap://x}", "{{7*7}}", "=1+1", "鲁", "\u202e", "\ud800", "０", "A" * 600,
          "\t", "a b", "*", "http://169.254.169.254/", "\x7f", "+", "&", "=", "&&==", "#")
HEADERS = ("Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Cache-Control",
           "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Cookie", "Date",
           "Expect", "Forwarded", "Host", "If-Match", "If-Modified-Since", "If-None-Match",
           "If-Unmodified-Since", "Origin", "Range", "Referer", "TE", "Transfer-Encoding",
           "Upgrade", "User-Agent", "X-Forwarded-For", "X-Forwarded-Host", "X-HTTP-Method-Override",
           "Access-Control-Request-Method", "Access-Control-Request-Headers", "ce-id", "ce-source",
           "ce-specversion", "ce-time", "ce-type", "ce-", "traceparent")
VALUES = (*LITTLE, "*/*;q=nan", "gzip;q=0, identity;q=0", ";;;,,,q=", "text/html", "W/\"x\"",
          "Thu, 99 Foo 9999 99:99:99", "0 0 0 0 0", "Mon, 01 Jan 0001 00:00:00 -9999",
          "bytes=0-,-1", "chunked", "chunked, gzip", "100-continue", "close", "websocket, h2c",
          "Bearer", "Bearer cb_0_0", "Basic Og==", "[", "[::1", "a]b", "a:b:c", "@", "x:99999",
          "application/json; charset=\"", "application/cloudevents+json", "1" * 30, "1" * 5000)
MEDIA = ("application/json", "application/x-ndjson", "application/cloudevents+json",
         "application/cloudevents-batch+json", "text/plain", "multipart/form-data")
BODIES: tuple[bytes, ...] = (
    b"", b"{}", b"[]", b"null", b"{", b"[" * 10_000, b'{"a":' * 10_000, b"\xff\xfe\x00", b"NaN",
    b'"\\ud800"', b"\n" * 1_000, b"1" * 5_000, b"[" + b"{}," * 2_000 + b"{}]", b"\0" * 500,
    gzip.compress(b"\0" * 5_000_000, mtime=0), b"a=1&b=2", b"<x/>")


@dataclass(frozen=True, slots=True)
class Address:
    """Hold one operation of an OpenAPI document: method, path with parameters, queries, example."""

    method: str
    path: str
    queries: tuple[str, ...]
    example: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """Hold a request as bytes; `ends` says that the connection is of no use afterwards."""

    data: bytes
    head_only: bool
    ends: bool


def list_addresses(document: dict[str, Any]) -> list[Address]:
    """List the operations of an OpenAPI document."""
    found = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {})
            example = content.get("application/json", {}).get("example", {})
            queries = tuple(one["name"] for one in operation.get("parameters", ())
                            if one["in"] == "query")
            found.append(Address(method.upper(), path, queries, json.dumps(example).encode()))
    return found


def _filled(address: Address, chance: random.Random) -> str:
    """Fill the parameters of a path with something, or spoil the path itself."""
    path = address.path
    while "{" in path:
        before, _, rest = path.partition("{")
        path = before + _value(chance) + rest.partition("}")[2]
    match chance.randrange(12):
        case 0:
            return path + "/"
        case 1:
            return path.replace("/", "//")
        case 2:
            return path + "/" + _value(chance)
        case 3:
            return path[:chance.randrange(len(path)) + 1] + _value(chance)
        case 4:
            return chance.choice(("", "*", "http://else.where/v1", path[1:], "/" + "a/" * 300))
        case _:
            return path


def _value(chance: random.Random) -> str:
    """Draw a value as it may stand in an address, encoded or not."""
    value = chance.choice(LITTLE)
    return quote(value, safe="", errors="surrogatepass") if chance.random() < 0.6 else value


def _query(address: Address, chance: random.Random) -> str:
    """Draw a query: none, known names, unknown ones, repeated ones."""
    names = [*address.queries, "limit", "", "area", "[]"]
    pairs = [f"{chance.choice(names)}={_value(chance)}" for _ in range(chance.randrange(4))]
    return ("?" + "&".join(pairs)) if pairs or chance.random() < 0.1 else ""


def _spoil(example: bytes, chance: random.Random) -> bytes:
    """Draw a body: an example, cut and mended, or something else."""
    if chance.random() < 0.5:
        return chance.choice(BODIES)
    at, gone = chance.randrange(len(example) + 1), chance.randrange(8)
    return example[:at] + chance.randbytes(chance.randrange(5)) + example[at + gone:]


def _headers(chance: random.Random, host: str, token: str) -> list[tuple[str, str]]:
    """Draw headers; a host and the token are mostly right."""
    pairs = [("Host", host)] if chance.random() < 0.95 else []
    if chance.random() < 0.7:
        pairs.append(("Authorization", f"Bearer {token}"))
    pairs += [(chance.choice(HEADERS), chance.choice(VALUES)) for _ in range(chance.randrange(4))]
    if chance.random() < 0.01:
        pairs += [(f"x-{i}", "y" * 40) for i in range(600)]
    return pairs


def _chunked(body: bytes, chance: random.Random) -> bytes:
    """Write a body in chunks, sometimes wrongly."""
    if chance.random() < 0.2:
        return b"zz\r\n" + body + b"\r\n0\r\n\r\n"
    return b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n" if body else b"0\r\n\r\n"


def draw(address: Address, chance: random.Random, host: str, token: str) -> Request:
    """Draw one request at an address."""
    method = address.method if chance.random() < 0.8 else chance.choice(METHODS)
    target = _filled(address, chance) + _query(address, chance)
    pairs, body = _headers(chance, host, token), b""
    if method not in {"GET", "HEAD"} or chance.random() < 0.05:
        body = _spoil(address.example, chance)
        pairs.append(("Content-Type", chance.choice(MEDIA)))
        pairs.append(("Transfer-Encoding", "chunked") if chance.random() < 0.2 else (
            "Content-Length", str(len(body) + chance.choice((0, 0, 0, 0, 0, -1, 1)))))
        if pairs[-1][0] == "Transfer-Encoding":
            body = _chunked(body, chance)
    lines = [f"{method} {target} HTTP/{chance.choice(VERSIONS)}",
             *(f"{name}: {value}" for name, value in pairs), "", ""]
    data = _EOL[chance.random() < 0.02].join(lines).encode("utf-8", "surrogatepass") + body
    return Request(data, method == "HEAD", any(
        name in {"Connection", "Content-Length", "Transfer-Encoding", "Expect", "Upgrade"}
        for name, _ in pairs))


VERSIONS = ("1.1",) * 20 + ("1.0", "0.9", "2", "9.9", "")
_EOL: dict[bool, str] = {False: "\r\n", True: "\n"}
