"""Signing in with an API token: kept in a cookie that no script can read, and passed on to the gateway."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from string import Template
from urllib.parse import parse_qs, urlencode

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.gateway import operations as ask
from dashboard.links import Links
from dashboard.live.socket import same_origin
from dashboard.site import SESSION_COOKIE, Site
from services.contracts.errors import LifecycleError, Unauthenticated

LONGEST_FORM = 4096  # bytes
_KEPT_SECONDS = 12 * 3600


def add_sign_in(app: FastAPI, site: Site, allowed_origins: tuple[str, ...], *, secure: bool) -> None:
    """`/sign-in` (form and its answer) and `/sign-out`."""
    links = site.links
    page = Template((files("dashboard") / "sign_in.html").read_text("utf-8"))

    def form(after: str, trouble: str = "", status: int = 200) -> Response:
        said = f'<p class="trouble" role="alert">{escape(trouble)}</p>' if trouble else ""
        html = page.substitute(prefix=escape(links.prefix), after=escape(after), trouble=said)
        return HTMLResponse(html, status, {"cache-control": "no-store"})

    async def show(request: Request) -> Response:
        return form(request.query_params.get("next", ""))

    async def sign_in(request: Request) -> Response:
        if not same_origin(request.headers.get("origin"), request.headers.get("host"), allowed_origins):
            return form("", "Sign in from the dashboard's own page.", 403)
        body = await request.body()
        fields = parse_qs(body.decode("utf-8", "replace")) if len(body) <= LONGEST_FORM else {}
        token, after = fields.get("token", [""])[0].strip(), fields.get("next", [""])[0]
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            return form(after, "Paste a whole API token, without spaces.", 400)
        try:
            await site.gateway.ask(ask.VIEWER, token)
        except Unauthenticated:
            return form(after, "This token isn't valid. It may have expired or been revoked.", 401)
        except LifecycleError as error:
            return form(after, f"{error.message} Try again in a moment.", 503)
        answer = RedirectResponse(safe_target(after, links), 303)
        answer.set_cookie(
            SESSION_COOKIE,
            token,
            max_age=_KEPT_SECONDS,
            path=links.prefix,
            secure=secure,
            httponly=True,
            samesite="strict",
        )
        return answer

    async def sign_out() -> Response:
        answer = RedirectResponse(links.sign_in(), 303)
        answer.delete_cookie(SESSION_COOKIE, path=links.prefix, secure=secure, httponly=True, samesite="strict")
        return answer

    app.add_api_route("/sign-in", show, methods=["GET"])
    app.add_api_route("/sign-in", sign_in, methods=["POST"])
    app.add_api_route("/sign-out", sign_out, methods=["GET"])


def safe_target(after: str, links: Links) -> str:
    """Where to go after signing in: only to our own pages, whatever the form says."""
    plain = after.isascii() and after.isprintable() and "\\" not in after
    return after if plain and after.startswith(links.prefix) and not after.startswith("//") else links.overview()


class SignInFirst:
    """Sends whoever has no session to the sign-in page; scripts and styles are no secrets."""

    def __init__(self, app: ASGIApp, links: Links) -> None:
        self._app = app
        self._links = links
        self._open = ("sign-in", "sign-out", "assets/", "_dash-component-suites/", "live/ws", "_favicon.ico")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope)
            inner = self._links.strip(scope["path"])
            if not request.cookies.get(SESSION_COOKIE) and not inner.startswith(self._open):
                if inner.startswith("_dash-"):
                    answer: Response = Response("Sign in first.", 401)
                else:
                    target = self._links.prefix + inner + (f"?{request.url.query}" if request.url.query else "")
                    answer = RedirectResponse(f"{self._links.sign_in()}?{urlencode({'next': target})}", 303)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)
