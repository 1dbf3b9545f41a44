"""Answer errors as problem documents (RFC 9457), in both languages and without internals."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

MEDIA = "application/problem+json"
TITLES: dict[int, str] = {
    400: "参数有误", 404: "没有这个地址", 405: "不支持的方法", 406: "无法提供所要求的格式",
    414: "查询过长", 500: "内部错误", 503: "数据暂不可用",
}


class Problem(HTTPException):
    """Say what is wrong with a request; `more` are further members of the document."""

    def __init__(self, status: int, kind: str, detail: str, detail_zh: str,
                 headers: Mapping[str, str] | None = None, **more: object) -> None:
        """Take the status, a stable kind, and one sentence in each language."""
        super().__init__(status, detail, headers)
        self.kind, self.detail_zh, self.more = kind, detail_zh, more


def bad_parameter(name: str, value: str, allowed: tuple[str, ...]) -> Problem:
    """Say that a parameter may not have this value."""
    listed = ", ".join(allowed)
    return Problem(400, "bad-parameter", f"{name}={value[:64]!r} is not one of {listed}",
                   f"参数 {name} 只能取 {listed}", parameter=name, value=value[:64],
                   allowed=list(allowed))


def unknown_parameter(name: str, known: tuple[str, ...]) -> Problem:
    """Say that a parameter does not exist."""
    listed = ", ".join(known) or "none"
    return Problem(400, "unknown-parameter",
                   f"there is no parameter {name[:64]!r}; parameters here: {listed}",
                   f"没有参数 {name[:64]}", parameter=name[:64], allowed=list(known))


def answer(request: Request, error: Exception) -> Response:
    """Write an error as a problem document."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    title = HTTPStatus(status).phrase
    body: dict[str, object] = {
        "type": "about:blank", "title": title, "title_zh": TITLES.get(status, title),
        "status": status, "instance": request.url.path[:256]}
    if isinstance(error, Problem):
        body |= {"type": f"urn:citybrain:problem:{error.kind}", "detail": error.detail,
                 "detail_zh": error.detail_zh, **error.more}
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, HTTPException):
        headers |= dict(error.headers or {})
    return Response(orjson.dumps(body), status, headers, MEDIA)
