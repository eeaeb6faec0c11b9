"""MLflow's page tokens: where the next page starts, opaque to the client."""

from __future__ import annotations

import base64
import binascii

import msgspec

from services.contracts.errors import Invalid


class _Position(msgspec.Struct):
    offset: int


def token_for(offset: int) -> str:
    """The token of the page that starts at item `offset` (from 0)."""
    return base64.b64encode(msgspec.json.encode({"offset": offset})).decode()


def offset_of(token: str | None) -> int:
    """Where the page of `token` starts. Raises Invalid for what is no token of ours."""
    if not token:
        return 0
    try:
        decoded = base64.b64decode(token)
    except (binascii.Error, ValueError):
        raise Invalid("Invalid page token, could not base64-decode", field="page_token") from None
    try:
        offset = msgspec.json.decode(decoded, type=_Position, strict=False).offset
    except msgspec.MsgspecError:
        raise Invalid(f"Invalid page token, decoded value={decoded!r}", field="page_token") from None
    if not offset:
        raise Invalid(f"Invalid page token, parsed value={offset}", field="page_token")
    return max(offset, 0)
