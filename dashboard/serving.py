"""Dash on FastAPI as this product needs it: no socket of Dash's own, no API pages, compressed scripts kept."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterable, Sequence
from typing import Any

import httpx
import structlog
from dash._utils import to_json
from dash.backends import _fastapi
from dash.backends._fastapi import FastAPIDashServer
from dash.fingerprint import check_fingerprint
from fastapi import FastAPI, Request
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.components.shell import First, shell
from dashboard.early import Early
from dashboard.pages.page import Page, find
from dashboard.router import first
from dashboard.scripts import FIRST, LeanDash
from dashboard.site import SESSION_COOKIE, Site

log = structlog.get_logger(__name__)

MIN_COMPRESSED = 1024
_LEVEL = 6  # of what is compressed once
_QUICK = 3  # of what is compressed for one answer
_PATIENCE = 0.8  # seconds that the frame waits for its page; about what scripts take to load
_MOST_KEPT = 256  # files; more only if somebody makes addresses up
_SCRIPT = ("text/javascript", "application/javascript")
# V8 compiles all functions of such a script while it loads, on another thread: else each when it is called first.
_HINT = b"//# allFunctionsCalledOnLoad\n"
_RUN_AT_ONCE = (
    "/plotly-",
    "/dash_mantine_components.",
    "/dash_renderer.",
    "/react-dom@",
    "/dash_core_components.",
    "/dash_ag_grid.",
)
_FRESH = {"cache-control": "no-cache"}
_LASTING = (b"cache-control", b"public, max-age=31536000, immutable")
_COMPRESSIBLE = ("text/", "application/json", "application/javascript", "image/svg")


class PlainFastAPI(FastAPIDashServer):
    """Dash's FastAPI backend without its WebSocket: browsers would open it although no callback uses it (4.4.1)."""

    websocket_capability = False

    @staticmethod
    def create_app(name: str = "", config: dict[str, Any] | None = None) -> FastAPI:
        return FastAPI(openapi_url=None, docs_url=None, redoc_url=None)


# Without types. Dash's pages are rendered "in" a request.
_enter: Any = _fastapi.set_current_request
_leave: Any = _fastapi.reset_current_request
_to_json: Any = to_json
_fingerprint: Any = check_fingerprint


def finish(dash_app: LeanDash, site: Site, pages: Sequence[Page], early: Early[First], *, signed_in: bool) -> None:
    """Called once layout and callbacks stand: collects assets, adds the routes of pages and of the first one's layout.

    Dash 4.4.1 does both only at the first request or at ASGI's lifespan, and a deep link that comes first would
    get a page without assets.
    """
    untyped: Any = dash_app
    untyped._setup_server()
    links = site.links

    async def page(request: Request, path: str) -> Response:
        token = _enter(request)
        try:
            text: str = untyped.index()
        finally:
            _leave(token)
        raw: bytes = request.scope.get("raw_path") or path.encode()
        inner = raw.decode("ascii", "replace").removeprefix("/")
        found = find(pages, inner)
        if found is None:
            return Response(text, media_type="text/html", headers=_FRESH)
        search = f"?{request.url.query}" if request.url.query else ""
        address = (links.prefix + inner, search, request.cookies.get(SESSION_COOKIE, ""))
        early.begin(dash_app.newest_load, address, first(site, pages, *address))
        has = "".join(f" data-{name}" for name in ("charts", "grid") if getattr(found[0], name))
        head = dash_app.early(links.prefix + inner + search, charts=found[0].charts, grid=found[0].grid)
        text = text.replace("<!-- early -->", head, 1).replace('<html lang="en">', f'<html lang="en"{has}>', 1)
        return Response(text, media_type="text/html", headers=_FRESH)

    async def first_layout(request: Request) -> Response:
        """The frame with the page in it. Whatever goes wrong or takes long, the frame comes, and asks for the page."""
        pathname, mark, search = request.query_params.get("at", "").partition("?")
        address = (pathname, mark + search, request.cookies.get(SESSION_COOKIE, ""))
        load = request.query_params.get("load", "")
        task = early.take(load, address) or asyncio.create_task(first(site, pages, *address))
        done, _ = await asyncio.wait({task}, timeout=_PATIENCE)
        if not done:
            early.keep(load, address, task)
        elif error := task.exception():
            log.error("a first page failed", exc_info=error)
        shown = task.result() if done and not task.exception() else None
        layout = shell(links, shown, signed_in=signed_in)
        return Response(_to_json(layout), media_type="application/json", headers=_FRESH)

    prefix = dash_app.config.routes_pathname_prefix
    dash_app.server.add_api_route(prefix + FIRST, first_layout, methods=["GET"], include_in_schema=False)
    dash_app.server.add_api_route(prefix + "{path:path}", page, methods=["GET"], include_in_schema=False)


class Compressed:
    """Gzips what a browser accepts so; scripts and styles of one version are compressed once and kept whole."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: dict[str, tuple[Message, bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "gzip" not in Headers(scope=scope).get("accept-encoding", ""):
            await self._app(scope, receive, send)
            return
        kept = self._kept.get(_key(scope))
        if kept:
            await send({**kept[0], "headers": list(kept[0]["headers"])})
            await send({"type": "http.response.body", "body": kept[1]})
            return
        start: Message = {}
        body = bytearray()

        async def gather(message: Message) -> None:
            nonlocal start
            if start and "content-disposition" in Headers(raw=start["headers"]):  # a file: passed on as it comes
                await send(message)
                return
            if message["type"] == "http.response.start":
                start = message
                if "content-disposition" in Headers(raw=start["headers"]):
                    await send(message)
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body"):
                await self._answer(scope, start, bytes(body), send)

        await self._app(scope, receive, gather)

    async def prepare(self, addresses: Iterable[str]) -> None:
        """Compresses what every browser asks for, before the first one does. `addresses`: as served here."""
        transport = httpx.ASGITransport(self, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://dashboard") as client:
            for address in addresses:
                await client.get(f"/{address}")

    async def _answer(self, scope: Scope, start: Message, body: bytes, send: Send) -> None:
        if scope["path"].endswith("/_dash-update-component") and start["status"] == 200:
            start = {**start, "headers": _as_json(start["headers"])}
        headers = Headers(raw=start["headers"])
        kind = headers.get("content-type", "")
        if len(body) >= MIN_COMPRESSED and kind.startswith(_COMPRESSIBLE) and "content-encoding" not in headers:
            if kind.startswith(_SCRIPT) and any(one in scope["path"] for one in _RUN_AT_ONCE):
                body = _HINT + body
            body = await asyncio.to_thread(gzip.compress, body, _LEVEL if _lasts(scope) else _QUICK, mtime=0)
            raw = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
            raw += [(b"content-length", str(len(body)).encode()), (b"content-encoding", b"gzip")]
            start = {**start, "headers": [*raw, (b"vary", b"Accept-Encoding")]}
        if _lasts(scope):
            raw = [(name, value) for name, value in start["headers"] if name.lower() != b"cache-control"]
            start = {**start, "headers": [*raw, _LASTING]}
            if start["status"] == 200 and scope["method"] == "GET" and len(self._kept) < _MOST_KEPT:
                self._kept[_key(scope)] = {**start}, body
        await send(start)
        await send({"type": "http.response.body", "body": body})


def _as_json(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Dash 4.4.1 doesn't say what the answers of its callbacks are."""
    return [*(one for one in headers if one[0].lower() != b"content-type"), (b"content-type", b"application/json")]


def _key(scope: Scope) -> str:
    return f"{scope['path']}?{scope['query_string'].decode('latin-1')}"


def _lasts(scope: Scope) -> bool:
    """Whether the address names one version of a file for ever."""
    path: str = scope["path"]
    if "/assets/" in path:
        return scope["query_string"].startswith(b"m=") or "/vendor/" in path
    return "/_dash-component-suites/" in path and bool(_fingerprint(path.rpartition("/")[2])[1])
