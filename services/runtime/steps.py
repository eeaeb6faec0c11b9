"""What a transaction consists of, and how it may fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pymongo import DeleteMany, DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne

Operation = InsertOne[dict[str, Any]] | UpdateOne | UpdateMany | ReplaceOne[dict[str, Any]] | DeleteOne | DeleteMany
Expectation = Literal["insert", "match", "delete", "any"]


@dataclass(frozen=True, slots=True)
class Step:
    """Operations on one collection, carried out in their order; each has to find what `expectation` says.

    `found`: how many documents together, if that isn't one for each operation.
    """

    collection: str
    expectation: Expectation
    operations: Sequence[Operation]
    found: int | None = None

    @property
    def expected(self) -> int:
        return len(self.operations) if self.found is None else self.found


class Unmet(Exception):
    """Not all operations of step number `step` found their document."""

    def __init__(self, step: int) -> None:
        super().__init__(f"step {step} found less than it should")
        self.step = step


class Refused(Exception):
    """Operation number `operation` of step number `step` was refused; `failure` is the server's description."""

    def __init__(self, step: int, operation: int, failure: Mapping[str, Any]) -> None:
        super().__init__(str(failure.get("errmsg", "the server refused a write")))
        self.step = step
        self.operation = operation
        self.failure = failure
