"""What a token is and when it counts."""

from __future__ import annotations

import msgspec

from services.contracts.errors import Invalid
from services.contracts.identity import Role, TokenCreated, TokenRevoked, TokenView
from services.registry.runs.times import moment
from services.registry.values import Aggregate

MAX_USER = 256
MAX_NOTE = 500
MAX_LIFETIME_SECONDS = 10 * 365 * 24 * 3600


class Token(Aggregate, frozen=True, kw_only=True):
    """`digest` is the HMAC-SHA-256 of the secret. Times are milliseconds since 1970."""

    digest: str
    user: str
    role: str
    created: int
    expires: int | None = None
    revoked: int | None = None
    note: str = ""


def created(
    token_id: str, digest: str, user: str, role: Role, lifetime: int | None, note: str, now: int
) -> tuple[Token, TokenCreated]:
    """A token for `user`, good for `lifetime` seconds (None: until it is revoked). Raises Invalid."""
    if not user.strip() or len(user) > MAX_USER or not user.isprintable():
        raise Invalid(f"a user name has 1 to {MAX_USER} printable characters", field="user")
    if ":" in user:
        raise Invalid("a user name can't hold a colon: Basic authentication couldn't carry it", field="user")
    if len(note) > MAX_NOTE:
        raise Invalid(f"a note has at most {MAX_NOTE} characters", field="note")
    if lifetime is not None and not 0 < lifetime <= MAX_LIFETIME_SECONDS:
        raise Invalid(f"a token lives 1 to {MAX_LIFETIME_SECONDS} seconds", field="expires_in_seconds")
    expires = None if lifetime is None else now + lifetime * 1000
    token = Token(id=token_id, v=1, digest=digest, user=user, role=role.value, created=now, expires=expires, note=note)
    event = TokenCreated(
        token_id=token_id, user=user, role=role, expires_at=None if expires is None else moment(expires)
    )
    return token, event


def revoked(token: Token, now: int) -> tuple[Token, TokenRevoked] | None:
    """None if it is revoked already."""
    if token.revoked is not None:
        return None
    after = msgspec.structs.replace(token, v=token.v + 1, revoked=now)
    return after, TokenRevoked(token_id=token.id, user=token.user)


def view(token: Token) -> TokenView:
    return TokenView(
        id=token.id,
        user=token.user,
        role=Role(token.role),
        created_at=moment(token.created),
        expires_at=None if token.expires is None else moment(token.expires),
        revoked_at=None if token.revoked is None else moment(token.revoked),
        note=token.note,
    )
