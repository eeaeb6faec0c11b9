"""Facts and changes that the runtime's tests write: a counter that counts up, one event a step."""

from __future__ import annotations

from services.contracts.base import Event
from services.contracts.identity import Principal, Role
from services.runtime.context import Context
from services.runtime.outbox import Change


class Counted(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "counter"
    name = "counted"
    key = ("counter",)

    counter: str
    value: int


ANNA = Context(Principal(user="anna", role=Role.CONTRIBUTOR, via="open"), "correlation-1", remote="127.0.0.1")


def count_up(counter: str, value: int) -> Change:
    """Counter goes from `value - 1` to `value`."""
    change = Change(ANNA, "counter.count")
    if value == 1:
        change.insert("counters", {"_id": counter, "v": 1})
    else:
        change.update("counters", {"_id": counter, "v": value - 1}, {"$set": {"v": value}})
    change.emit(Counted(counter=counter, value=value), version=value)
    return change
