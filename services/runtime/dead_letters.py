"""Messages that a consumer can't handle, kept in MongoDB until an operator has them retried or skipped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Protocol

from prometheus_client import Gauge
from pymongo import ASCENDING, IndexModel

from services.contracts.dead_letters import (
    MAX_DEAD_LETTERS,
    DeadLetterList,
    DeadLetterView,
    DecideDeadLetter,
    ListDeadLetters,
    ListDeadLettersByPage,
)
from services.contracts.errors import LifecycleError, NotFound
from services.contracts.identity import Action, require
from services.contracts.paging import Page
from services.runtime import conditions
from services.runtime.conditions import Field
from services.runtime.context import Context, service_context
from services.runtime.once import once
from services.runtime.outbox import Change, Outbox
from services.runtime.paging import page_of
from services.runtime.store import translated

DEAD = "dead_letters"
FIELDS = {
    "consumer": Field("consumer"),
    "subject": Field("subject"),
    "code": Field("code"),
    "error": Field("error"),
    "time": Field("time", "time"),
    "decided": Field("decision", "presence", orders=False),
}
"""What lists can be asked for."""
INDEXES = {DEAD: [IndexModel([("consumer", ASCENDING), ("time", ASCENDING)])]}

_waiting = Gauge("lifecycle_dead_letters", "Messages that wait for an operator", ["consumer"])


class Message(Protocol):
    """What a consumer needs of a message: one of nats-py's, or one that was dead."""

    @property
    def subject(self) -> str: ...
    @property
    def data(self) -> bytes: ...
    @property
    def headers(self) -> Any: ...
    @property
    def metadata(self) -> Any: ...
    async def ack(self) -> None: ...
    async def nak(self, delay: int | float | None = None) -> None: ...


@dataclass(frozen=True, slots=True)
class Revived:
    """A dead letter handed to its consumer again. There is nobody to acknowledge it to."""

    id: str
    subject: str
    headers: dict[str, str]
    data: bytes

    @classmethod
    def of(cls, row: dict[str, Any]) -> Revived:
        message_id = row["_id"].removeprefix(f"{row['consumer']}/")
        return cls(row["_id"], row["subject"], {**row["headers"], "Nats-Msg-Id": message_id}, row["body"])

    @property
    def metadata(self) -> Any:
        return SimpleNamespace(num_delivered=1)

    async def ack(self) -> None:
        return

    async def nak(self, delay: float | None = None) -> None:
        return


def buried(consumer: str, message_id: str, message: Message, error: Exception) -> Change:
    """The change that puts a message among the dead letters."""
    change = Change(service_context(consumer), "dead_letter")
    change.unaudited()
    change.upsert(
        DEAD,
        {"_id": f"{consumer}/{message_id}"},
        {
            "$set": {
                "consumer": consumer,
                "subject": message.subject,
                "headers": dict(message.headers or {}),
                "body": message.data,
                **_failure(error),
            }
        },
    )
    return change


def _failure(error: Exception) -> dict[str, Any]:
    code = error.code if isinstance(error, LifecycleError) else type(error).__name__
    return {"error": str(error), "code": code, "time": datetime.now(UTC)}


class DeadLetters:
    """A service's dead letters: operators list and decide, consumers carry out."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._rows = outbox.store[DEAD]

    async def page(self, request: ListDeadLettersByPage, context: Context) -> Page[DeadLetterView]:
        """Newest first, unless another order is asked for."""
        require(context.principal, Action.OPERATE)
        wanted = conditions.query(request.where, FIELDS)
        order = conditions.keys(request.order, FIELDS, [("time", -1), ("_id", -1)])
        return await page_of(self._rows, wanted, order, request.paging, _view)

    async def listed(self, request: ListDeadLetters, context: Context) -> DeadLetterList:
        require(context.principal, Action.OPERATE)
        with translated():
            total = await self._rows.count_documents({})
            rows = await self._rows.find({}).sort("time", -1).limit(MAX_DEAD_LETTERS).to_list(MAX_DEAD_LETTERS)
        return DeadLetterList(letters=[_view(row) for row in rows], total=total)

    async def decide(self, request: DecideDeadLetter, context: Context) -> DeadLetterView:
        """The consumer carries it out within seconds. Raises NotFound if there is no such letter (any more)."""
        require(context.principal, Action.OPERATE)

        async def decide() -> tuple[Change, DeadLetterView]:
            with translated():
                row = await self._rows.find_one({"_id": request.id})
            if row is None:
                raise NotFound(
                    f"there is no dead letter {request.id!r}", field="id", fix="List them to see what waits."
                )
            change = Change(context, f"{request.decision}_dead_letter")
            change.update(DEAD, {"_id": request.id}, {"$set": {"decision": request.decision}})
            return change, _view({**row, "decision": request.decision})

        return await once(self._outbox, request, context, decide)

    async def decided(self, consumer: str) -> list[dict[str, Any]]:
        """What is to be carried out for one consumer, oldest first; also counts all of its letters for the metrics."""
        with translated():
            _waiting.labels(consumer).set(await self._rows.count_documents({"consumer": consumer}))
            return (
                await self._rows.find({"consumer": consumer, "decision": {"$exists": True}})
                .sort("time", 1)
                .to_list(MAX_DEAD_LETTERS)
            )

    async def failed_again(self, letter: Revived, error: Exception) -> None:
        change = self._silent("dead_letter_failed")
        change.update(DEAD, {"_id": letter.id}, {"$set": _failure(error), "$unset": {"decision": ""}})
        await self._outbox.commit(change)

    async def remove(self, letter: Revived) -> None:
        change = self._silent("dead_letter_done")
        change.delete_many(DEAD, {"_id": letter.id})
        await self._outbox.commit(change)

    def _silent(self, action: str) -> Change:
        change = Change(service_context("dead letters"), action)
        change.unaudited()
        return change


def _view(row: dict[str, Any]) -> DeadLetterView:
    return DeadLetterView(
        id=row["_id"], consumer=row["consumer"], subject=row["subject"], code=row["code"], error=row["error"],
        size=len(row["body"]), time=row["time"], decision=row.get("decision"),
    )  # fmt: skip
