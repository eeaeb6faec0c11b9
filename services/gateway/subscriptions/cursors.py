"""Cursors of the event subscription: a place in the event stream, opaque to clients."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from services.contracts.errors import Invalid

_PREFIX = "events"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Behind the event with this stream sequence. Its id tells when the stream, after losing its end, has given the
    sequence to another event."""

    sequence: int
    event_id: str

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{_PREFIX}:{self.sequence}:{self.event_id}".encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """What `str` made. Raises `Invalid` for anything else."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            prefix, number, event_id = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split(":", 2)
        except (ValueError, binascii.Error):
            prefix, number, event_id = "", "", ""
        if prefix != _PREFIX or not (number.isascii() and number.isdecimal()) or len(number) > 19:
            raise Invalid(
                "this is not a cursor of this subscription",
                field="after",
                fix="Use the `cursor` of an earlier message, or leave it out to start now.",
            )
        return cls(int(number), event_id)
