"""Which web pages may open a WebSocket here: ours, and those that the settings name."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from services.runtime.settings import is_loopback


def allowed(headers: Mapping[str, str], configured: tuple[str, ...], listens_on: str) -> bool:
    """Whether the handshake with these `headers` (lower case) comes from a page that may.

    No origin: no browser. Else the page's own host must be ours, or be configured; when this process listens on
    loopback only, pages served from loopback may too.
    """
    origin = headers.get("origin")
    if origin is None:
        return True
    if origin.rstrip("/") in (name.rstrip("/") for name in configured):
        return True
    page = urlsplit(origin)
    if page.scheme not in ("http", "https") or not page.hostname:
        return False
    if not is_loopback(listens_on):
        return page.netloc == headers.get("host")
    ours = urlsplit(f"//{headers.get('host', '')}").hostname
    return is_loopback(page.hostname) and ours is not None and is_loopback(ours)
