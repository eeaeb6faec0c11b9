"""Which web pages may reach us through somebody's browser.

A browser sends what any page asks it to, to any address: whoever has this stack on their machine would otherwise let
every page that they visit write to it. What page asks stands in `Origin`. A page whose own name is made to point at us
(DNS rebinding) is of our origin as far as the browser knows; it shows in `Host`, and does harm where nobody has to say
who they are.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

from starlette.types import Scope

from services.contracts.errors import Forbidden
from services.runtime.settings import ProcessSettings, is_loopback

READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing; what they answer is kept from pages of other origins by the browser."""


class Pages:
    """Knows by the settings which names are ours and whose pages may come."""

    def __init__(self, settings: ProcessSettings) -> None:
        self._open = settings.auth == "open"
        self._on_loopback = is_loopback(settings.host)
        self._origins = {origin.rstrip("/") for origin in settings.allowed_origins}
        self._hosts = {host.lower() for host in settings.allowed_hosts}
        self._answers_to = lru_cache(maxsize=256)(self._is_ours)
        self._may_come = lru_cache(maxsize=256)(self._is_welcome)

    def refusal(self, scope: Scope) -> Forbidden | None:
        """Why the request or WebSocket doesn't come from where it may; None: it may. No `Origin`: it is no page's."""
        host, forwarded, origin = b"", b"", b""
        for name, value in scope["headers"]:
            if name == b"host":
                host = value
            elif name == b"origin":
                origin = value
            elif name == b"x-forwarded-host":
                forwarded = value
        if self._open and not self._answers_to(host):
            return Forbidden(
                "without authentication this service answers to local names only, not to the one it was asked by",
                code="FOREIGN_HOST",
                fix="Use localhost, or add the name to LIFECYCLE_ALLOWED_HOSTS.",
            )
        changes = scope["type"] == "websocket" or scope["method"] not in READING
        if origin and changes and not (self._may_come(origin, host) or self._may_come(origin, forwarded)):
            return Forbidden(
                "a web page of another origin can't do this",
                code="FOREIGN_ORIGIN",
                fix="Use a client of your own, or add the page's origin to LIFECYCLE_ALLOWED_ORIGINS.",
            )
        return None

    def _is_ours(self, host: bytes) -> bool:
        name = _parts(b"//" + host).hostname
        return not host or (name is not None and (is_loopback(name) or name in self._hosts))

    def _is_welcome(self, origin: bytes, host: bytes) -> bool:
        """A page of this very host, of a configured origin, or, while only this machine reaches us, of loopback."""
        if origin.decode("latin-1").rstrip("/") in self._origins:
            return True
        page = _parts(origin)
        if page.scheme not in ("http", "https") or not page.hostname or not host:
            return False
        ours = _parts(b"//" + host)
        if page.netloc == ours.netloc:
            return True
        local = ours.hostname is not None and is_loopback(ours.hostname)
        return self._on_loopback and local and is_loopback(page.hostname)


def _parts(address: bytes) -> SplitResult:
    """Empty of what isn't one."""
    try:
        return urlsplit(address.decode("latin-1"))
    except ValueError:
        return urlsplit("")
