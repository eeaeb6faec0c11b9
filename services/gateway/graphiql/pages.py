"""The routes that serve GraphiQL. The files below `vendor/` come from npm untouched; `vendor/README.md` says which."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from services.contracts.errors import NotFound
from services.gateway.routing import NamedRoute

PATH = "/graphiql"

_HERE = Path(__file__).parent
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_FILES = {file.name: file for folder in (_HERE, _HERE / "vendor") for file in folder.iterdir() if file.suffix in _TYPES}
_GUARDS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; font-src data:; "
        "style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
"""The editor writes its own styles; nothing else may run or be loaded that isn't ours."""


async def _page(_: Request) -> Response:
    return FileResponse(_HERE / "page.html", headers=_GUARDS, media_type="text/html; charset=utf-8")


async def _file(request: Request) -> Response:
    file = _FILES.get(request.path_params["name"])
    if file is None:
        raise NotFound("there is no such file")
    return FileResponse(file, headers={"cache-control": "max-age=3600", **_GUARDS}, media_type=_TYPES[file.suffix])


def routes() -> list[NamedRoute]:
    """The page and its files."""
    return [NamedRoute(PATH, _page), NamedRoute(PATH + "/{name}", _file)]
