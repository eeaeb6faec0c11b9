"""From credentials to a principal: API tokens in a Bearer or Basic header; on loopback also open, by name."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Literal

from services.contracts.errors import Unauthenticated
from services.contracts.identity import FindToken, Principal, Role, TokenView
from services.runtime.bus import Bus
from services.runtime.context import service_context

TOKEN_PREFIX = "lct_"  # noqa: S105  # marks our tokens for secret scanners; it is no secret
TOKEN_BYTES = 32
CACHE_SECONDS = 2.0
"""A revoked token is refused at the latest this long after its revocation."""
CACHE_SIZE = 4096
MAX_USER_CHARACTERS = 256
USER_HEADER = "x-lifecycle-user"

FindByDigest = Callable[[str], Awaitable[TokenView | None]]


def new_token() -> str:
    """A fresh token of 256 random bits."""
    return TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)


def digest_of(token: str, secret: str) -> str:
    """The keyed hash (HMAC-SHA-256) under which a token is kept."""
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def basic_credentials(header: str) -> tuple[str, str] | None:
    """User and password of a `Basic` authorization header; None if it isn't one."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, found, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if found else None


class Authenticator:
    """Resolves whoever sends a request. `find` looks a token's digest up; answers are kept for `CACHE_SECONDS`."""

    def __init__(self, mode: Literal["open", "token"], secret: str, find: FindByDigest) -> None:
        self._mode = mode
        self._secret = secret
        self._find = find
        self._cache: OrderedDict[str, tuple[float, TokenView | None]] = OrderedDict()

    @property
    def open(self) -> bool:
        return self._mode == "open"

    async def resolve(self, headers: Mapping[str, str]) -> Principal:
        """`headers` in lower case. Raises Unauthenticated, or Unavailable if tokens can't be looked up now."""
        authorization = headers.get("authorization", "")
        if self.open:
            basic = basic_credentials(authorization)
            user = (basic[0] if basic else "") or headers.get(USER_HEADER, "") or "anonymous"
            return Principal(user=user[:MAX_USER_CHARACTERS], role=Role.ADMIN, via="open")
        token = _token_in(authorization)
        if token is None:
            raise Unauthenticated(
                "no API token was sent",
                fix="Send `Authorization: Bearer TOKEN`, or the token as password (MLFLOW_TRACKING_PASSWORD).",
            )
        view = await self._look_up(digest_of(token, self._secret))
        if view is None or view.revoked_at is not None:
            raise Unauthenticated("the API token isn't known or was revoked", fix="Ask for a new token.")
        if view.expires_at is not None and view.expires_at <= datetime.now(UTC):
            raise Unauthenticated("the API token has expired", fix="Ask for a new token.", code="TOKEN_EXPIRED")
        return Principal(user=view.user, role=view.role, via="token", token_id=view.id)

    async def _look_up(self, digest: str) -> TokenView | None:
        cached = self._cache.get(digest)
        if cached is not None and time.monotonic() - cached[0] < CACHE_SECONDS:
            return cached[1]
        view = await self._find(digest)
        self._cache[digest] = (time.monotonic(), view)
        self._cache.move_to_end(digest)
        while len(self._cache) > CACHE_SIZE:
            self._cache.popitem(last=False)
        return view


def _token_in(authorization: str) -> str | None:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip()
    basic = basic_credentials(authorization)
    return basic[1] if basic and basic[1] else None


def find_through(bus: Bus, service: str) -> FindByDigest:
    """Looks tokens up by asking the registry, which owns them."""

    async def find(digest: str) -> TokenView | None:
        return await bus.request(FindToken(digest=digest), service_context(service))

    return find
