"""Serve the browser modules and the map's geometry from our own origin."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from dashboards.map.geometry import read_geometry

FOLDER = Path(__file__).parent / "browser"
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}


def _version() -> str:
    """Name the state of the browser modules, so that a new one is never hidden by a cache."""
    digest = hashlib.sha256()
    for path in sorted(FOLDER.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


VERSION = _version()


async def _module(request: Request) -> Response:
    """Answer with one browser module."""
    path = FOLDER / request.path_params["name"]
    if path.parent != FOLDER or path.suffix not in TYPES or not path.is_file():
        return Response(status_code=404)
    return FileResponse(path, media_type=TYPES[path.suffix], headers=FOREVER)


def _geometry(_: Request) -> Response:
    """Answer with the map's geometry."""
    return Response(read_geometry().document, media_type="application/json",
                    headers={"Cache-Control": "no-cache"})


async def _health(_: Request) -> Response:
    """Answer that the server lives."""
    return JSONResponse({"status": "ok", "version": VERSION})


def routes() -> list[BaseRoute]:
    """List the routes beside Streamlit's own."""
    return [
        Route("/city-wall/geometry.json", _geometry), Route("/city-wall/health", _health),
        Route("/city-wall/{version}/{name}", _module),
    ]
