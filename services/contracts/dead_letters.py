"""Dead letters: messages that a consumer can't handle, for an operator to retry or to skip.

Every service that consumes answers for its own; so there is one request a service.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.contracts.base import Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.paging import Page, Paging

MAX_DEAD_LETTERS = 100

Decision = Literal["retry", "skip"]


class DeadLetterView(Message, frozen=True, kw_only=True):
    """`size` is in bytes. `decision` is what an operator has decided and the consumer hasn't carried out yet."""

    id: str
    consumer: str
    subject: str
    code: str
    error: str
    size: int
    time: datetime
    decision: Decision | None = None


class DeadLetterList(Message, frozen=True, kw_only=True):
    """The newest first, at most `MAX_DEAD_LETTERS`; `total` counts them all."""

    letters: list[DeadLetterView]
    total: int


class ListDeadLetters(Request[DeadLetterList], frozen=True, kw_only=True):
    name = "dead_letters.list"


class ListDeadLettersByPage(Request[Page[DeadLetterView]], frozen=True, kw_only=True):
    """Newest first."""

    name = "dead_letters.page"

    paging: Paging = Paging()
    where: Condition | None = None
    order: list[Ordering] = []


class DecideDeadLetter(Request[DeadLetterView], frozen=True, kw_only=True):
    """Retry hands the message to its consumer again; skip lets the consumer go on as if it had no effect."""

    name = "dead_letters.decide"
    id: str
    decision: Decision
    idempotency_key: str | None = None


class ListRegistryDeadLetters(ListDeadLetters, frozen=True, kw_only=True):
    service = "registry"


class ListRegistryDeadLettersByPage(ListDeadLettersByPage, frozen=True, kw_only=True):
    service = "registry"


class DecideRegistryDeadLetter(DecideDeadLetter, frozen=True, kw_only=True):
    service = "registry"


class ListMonitorDeadLetters(ListDeadLetters, frozen=True, kw_only=True):
    service = "monitor"


class ListMonitorDeadLettersByPage(ListDeadLettersByPage, frozen=True, kw_only=True):
    service = "monitor"


class DecideMonitorDeadLetter(DecideDeadLetter, frozen=True, kw_only=True):
    service = "monitor"
