"""Cursors of the event subscription: a place in the event stream, opaque to clients."""

from __future__ import annotations

import base64
import binascii

from services.contracts.errors import Invalid

_PREFIX = "events:"


def cursor_of(sequence: int) -> str:
    """The cursor behind the event with this stream sequence."""
    return base64.urlsafe_b64encode(f"{_PREFIX}{sequence}".encode()).decode().rstrip("=")


def sequence_of(cursor: str) -> int:
    """The stream sequence that `cursor_of` was given. Raises `Invalid` for anything else."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
    except (ValueError, binascii.Error):
        text = ""
    number = text.removeprefix(_PREFIX)
    if number == text or not number.isdecimal():
        raise Invalid(
            "this is not a cursor of this subscription",
            field="after",
            fix="Use the `cursor` of an earlier message, or leave it out to start now.",
        )
    return int(number)
