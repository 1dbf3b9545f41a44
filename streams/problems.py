"""Answer errors as problem documents (RFC 9457), in both languages and without internals."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

MEDIA = "application/problem+json"
TITLES: dict[int, str] = {
    400: "请求有误", 401: "未经认证", 403: "无权发布", 404: "没有这个地址", 405: "不支持的方法",
    406: "无法提供所要求的格式", 408: "接收超时", 411: "缺少长度", 413: "请求过大",
    414: "查询过长", 415: "不支持的格式", 422: "事件均被拒收", 429: "请求过于频繁",
    500: "内部错误", 503: "暂不可用",
}
SCHEMA: dict[str, Any] = {
    "type": "object", "required": ["type", "title", "status"], "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "title_zh": {"type": "string"},
        "status": {"type": "integer"}, "detail": {"type": "string"},
        "detail_zh": {"type": "string"}, "parameter": {"type": "string"}}}


class Problem(HTTPException):
    """Say what is wrong with a request; `more` are further members of the document."""

    def __init__(self, status: int, kind: str, detail: str, detail_zh: str,
                 headers: Mapping[str, str] | None = None, **more: object) -> None:
        """Take the status, a stable kind, and one sentence in each language."""
        super().__init__(status, detail, headers)
        self.kind, self.detail_zh, self.more = kind, detail_zh, more


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


def describe(*statuses: int) -> dict[str, Any]:
    """Describe for OpenAPI the errors that an address may answer; `SCHEMA` is their component."""
    return {str(status): {
        "description": TITLES[status],
        "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
        for status in statuses}
