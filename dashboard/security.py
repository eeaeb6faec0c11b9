"""Headers that keep foreign code out of every page, and the metrics of every request."""

from __future__ import annotations

import time
from collections.abc import Sequence

from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.runtime.telemetry import SECONDS_BUCKETS

_PARTS = (
    "_dash-first",
    "_dash-layout",
    "_dash-dependencies",
    "_dash-update-component",
    "_dash-component-suites",
    "assets",
)
_requests = Counter("lifecycle_dashboard_requests_total", "HTTP requests", ["route", "status"])
_seconds = Histogram("lifecycle_dashboard_request_seconds", "Time to answer", ["route"], buckets=SECONDS_BUCKETS)


def content_security_policy(script_hashes: Sequence[str]) -> str:
    """`script_hashes` are those of the few inline scripts that Dash itself writes into the page."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {' '.join(script_hashes)}".strip(),
            "style-src 'self' 'unsafe-inline'",  # Mantine, Plotly and AG Grid write styles at run time
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


class Guarded:
    """Adds the headers to every answer, and counts it."""

    def __init__(self, app: ASGIApp, policy: str, prefix: str) -> None:
        self._app = app
        self._prefix = prefix
        self._headers = [
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        route = _route(scope["path"].removeprefix(self._prefix))

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *self._headers]
                _requests.labels(route, str(message["status"])).inc()
                _seconds.labels(route).observe(time.perf_counter() - started)
            await send(message)

        await self._app(scope, receive, guarded)


def _route(path: str) -> str:
    """A handful of names: paths hold models' names, which are no metric labels."""
    first = path.partition("/")[0]
    return first if first in _PARTS else "page"
