"""What every command that changes a thing is answered with."""

from __future__ import annotations

from services.contracts.base import Message


class Written(Message, frozen=True, kw_only=True):
    """The change is durable. `revision` is the one to name as `expected` in the next command about the same part."""

    id: str
    revision: int
