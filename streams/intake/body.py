"""Read the body of a request: bounded in time, in bytes, and in what it may unpack to."""

from __future__ import annotations

import asyncio
import zlib

from starlette.requests import Request

from streams.problems import Problem

# what a request may send, and what that may unpack to
WIRE_BYTES = 1 << 20
PLAIN_BYTES = 8 << 20
# JSON of sensors packs to a tenth or less; what packs to a hundredth holds nothing worth reading
RATIO = 100
# so much may come out of anything: a short body may pack very well
RATIO_FREE_BYTES = 1 << 16
BODY_SECONDS = 20.0
# gzip may be of several pieces; each costs a copy of what follows
MAX_MEMBERS = 64
_GZIP = 16 + zlib.MAX_WBITS


def _too_large(limit: int, what_zh: str, what: str) -> Problem:
    """Say that a body is larger than a bound (bytes)."""
    return Problem(413, "body-too-large", f"{what} may have {limit} bytes at most; send less at"
                   " once", f"{what_zh}最多 {limit} 字节，请分批发送", limit=limit)


def check_encoding(request: Request) -> str:
    """Give the content encoding, gzip or identity; refuse any other (415)."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower() or "identity"
    if encoding not in {"gzip", "identity"}:
        raise Problem(415, "unsupported-encoding", "the encodings taken are gzip and identity",
                      "只接收 gzip 与 identity 编码", {"Accept-Encoding": "gzip"})
    return encoding


def check_length(request: Request) -> None:
    """Refuse a request that says too large a length (413), or neither length nor chunks (411)."""
    length = request.headers.get("content-length")
    if length is None and "transfer-encoding" not in request.headers:
        raise Problem(411, "length-required", "say Content-Length, or send chunks",
                      "请给出 Content-Length 或分块发送")
    if length is not None and int(length) > WIRE_BYTES:
        raise _too_large(WIRE_BYTES, "请求体", "a body")


async def read_body(request: Request) -> bytes:
    """Read the body as sent; refuse one that is too large (413) or too slow (408)."""
    check_length(request)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > WIRE_BYTES:
                    raise _too_large(WIRE_BYTES, "请求体", "a body")
    except TimeoutError:
        raise Problem(408, "body-too-slow", f"the body did not come within {BODY_SECONDS:g} s",
                      f"请求体未在 {BODY_SECONDS:g} 秒内到达", {"Connection": "close"}) from None
    return bytes(body)


def unpack(body: bytes, encoding: str) -> bytes:
    """Unpack a body; refuse what is no gzip (400) and what unpacks to too much (413)."""
    if encoding != "gzip":
        return body
    plain, packed, members = bytearray(), body, 0
    bound = min(PLAIN_BYTES, max(RATIO_FREE_BYTES, RATIO * len(body)))
    try:
        while packed:
            member = zlib.decompressobj(_GZIP)
            # one byte more than may be is enough to know, and the rest is never unpacked
            plain += member.decompress(packed, bound + 1 - len(plain))
            if len(plain) > bound:
                raise _too_large(bound, "解压后的请求体", f"a body of {len(body)} bytes of gzip,"
                                 " unpacked,")
            members += 1
            if not member.eof or members > MAX_MEMBERS:
                raise zlib.error("it ends too early" if not member.eof else "too many pieces")
            packed = member.unused_data
    except zlib.error as error:
        raise Problem(400, "bad-gzip", f"the body is not gzip as it says: {error}",
                      "请求体不是有效的 gzip") from None
    return bytes(plain)
