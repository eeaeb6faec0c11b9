"""Deleting for good what was deleted long ago."""

from __future__ import annotations

from services.contracts.base import Message, Request


class PurgeReport(Message, frozen=True, kw_only=True):
    """How much went for good, and the ids of what stayed. `more`: ask again, there is more to do."""

    runs: int = 0
    logged_models: int = 0
    experiments: int = 0
    kept_runs: list[str] = []
    kept_models: list[str] = []
    more: bool = False


class PurgeDeleted(Request[PurgeReport], frozen=True, kw_only=True):
    """Deletes for good what has been in the state "deleted" for at least `days`: a part of it, so ask until it's done.

    What a registered version needs stays; say how many stayed so far, to have them passed over.
    """

    service = "registry"
    name = "deleted.purge"

    days: float = 30.0
    kept_runs: int = 0
    kept_models: int = 0


class ContentReport(Message, frozen=True, kw_only=True):
    """`next` is where to go on; None when all stored content has been looked at."""

    looked_at: int = 0
    removed: int = 0
    bytes: int = 0
    next: str | None = None


class CollectContent(Request[ContentReport], frozen=True, kw_only=True):
    """Removes stored content, at least a day old, that no artifact has any more; a part of it, from `after` on."""

    service = "registry"
    name = "content.collect"

    after: str | None = None
