"""Answer conditional and negotiated requests for a rendered payload."""

from __future__ import annotations

from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response

from streams.problems import Problem


@lru_cache(maxsize=256)
def _weights(header: str) -> dict[str, float]:
    """Read a header of the form `a;q=0.5, b`; a malformed weight counts as 1."""
    found: dict[str, float] = {}
    for part in header.split(","):
        name, *details = (one.strip() for one in part.split(";"))
        weight = next((one[2:] for one in details if one.lower().startswith("q=")), "1")
        try:
            found[name.lower()] = float(weight)
        except ValueError:
            found[name.lower()] = 1.0
    found.pop("", None)
    return found


@lru_cache(maxsize=256)
def _date(seconds: int) -> str:
    """Write a time as HTTP does."""
    return formatdate(seconds, usegmt=True)


def check_media(request: Request, media: str) -> None:
    """Refuse a request that does not accept this media type (406)."""
    accepted = _weights(request.headers.get("accept", ""))
    if not accepted:
        return
    family = media.split("/", 1)[0] + "/*"
    offered = [media, family, "*/*"]
    if media.endswith("+json"):
        offered.insert(1, "application/json")
    weight = next((accepted[one] for one in offered if one in accepted), 0.0)
    if weight <= 0:
        raise Problem(406, "not-acceptable", f"this address answers {media} only",
                      f"本地址只提供 {media}", offered=[media])


def wants_gzip(request: Request) -> bool:
    """Choose gzip where it is accepted; refuse a request that accepts neither (406)."""
    accepted = _weights(request.headers.get("accept-encoding", ""))
    gzip = accepted.get("gzip", accepted.get("*", 0.0))
    identity = accepted.get("identity", accepted.get("*", 1.0))
    if gzip <= 0 and identity <= 0:
        raise Problem(406, "not-acceptable", "the encodings offered are gzip and identity",
                      "只提供 gzip 与 identity 编码", offered=["gzip", "identity"])
    return gzip > 0 and ("identity" not in accepted or gzip >= identity)


def is_unchanged(request: Request, etag: str, modified_at: float | None) -> bool:
    """Tell whether the client has this payload already; entity tags come before dates."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        listed = [one.strip().removeprefix("W/") for one in tags.split(",")]
        return "*" in listed or etag in listed
    since = request.headers.get("if-modified-since")
    if since is None or modified_at is None:
        return False
    try:
        return int(modified_at) <= parsedate_to_datetime(since).timestamp()
    except (TypeError, ValueError, OverflowError):
        return False


def respond(request: Request, *, media: str, body: bytes, compressed: bytes, tag: str,
            max_age: int, modified_at: float | None = None,
            headers: dict[str, str] | None = None) -> Response:
    """Answer 200 or 304 with the representation that the client accepts; HEAD has no body.

    `tag` is the digest of the plain body; `modified_at` is epoch seconds, `max_age` seconds.
    """
    check_media(request, media)
    gzip = wants_gzip(request)
    etag = f'"{tag}-gzip"' if gzip else f'"{tag}"'
    common = {
        "ETag": etag, "Cache-Control": f"public, max-age={max_age}",
        "Vary": "Accept, Accept-Encoding",
        **(headers or {})}
    if modified_at is not None:
        common["Last-Modified"] = _date(int(modified_at))
    if is_unchanged(request, etag, modified_at):
        return Response(status_code=304, headers=common)
    chosen = compressed if gzip else body
    if gzip:
        common["Content-Encoding"] = "gzip"
    common["Content-Length"] = str(len(chosen))
    return Response(b"" if request.method == "HEAD" else chosen, 200, common, media)
