"""Gate policies and the gates' results in MongoDB: only ever added to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel

from services.contracts.evaluations import GatesEvaluated, GateVerdict
from services.contracts.gates import GateResultView, ListGateResults
from services.contracts.paging import Page
from services.registry.documents import from_document
from services.registry.gates.policies import Policy
from services.registry.paging import page_of
from services.registry.runs.times import moment
from services.registry.values import Aggregate
from services.runtime import conditions
from services.runtime.conditions import Field
from services.runtime.store import Store, translated

POLICIES = "gate_policies"
RESULTS = "gate_results"
INDEXES: Mapping[str, list[IndexModel]] = {
    POLICIES: [IndexModel([("project_id", ASCENDING), ("revision", DESCENDING)], unique=True)],
    RESULTS: [
        IndexModel([("model_name", ASCENDING), ("version", ASCENDING), ("number", DESCENDING)], unique=True),
        IndexModel([("project_id", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
        IndexModel([("at", DESCENDING), ("_id", DESCENDING)]),
    ],
}


FIELDS: Mapping[str, Field] = {
    "model": Field("model_name"),
    "version": Field("version"),
    "project_id": Field("project_id"),
    "passed": Field("passed", "flag"),
    "by": Field("by"),
    "at": Field("at", "milliseconds"),
}
"""What lists can be asked for."""


class Judged(msgspec.Struct, frozen=True):
    """What gates look at first: the digest of a version's content, and its final evaluation ("" for none)."""

    digest: str
    evaluation: str


class Result(Aggregate, frozen=True, kw_only=True):
    """`verdicts` as MessagePack: their numbers are named by metrics, which MongoDB's keys can't always be.

    `evaluation`: the one that was judged, "" for none; None in results from before that was kept.
    """

    model_name: str
    version: str
    number: int
    digest: str
    passed: bool
    verdicts: bytes
    project_id: str
    policy_revision: int
    by: str
    at: int
    evaluation: str | None = None

    def all(self) -> list[GateVerdict]:
        return msgspec.msgpack.decode(self.verdicts, type=list[GateVerdict])

    def current(self, now: Judged | None) -> bool:
        """Whether it is about what the version is now; None: the version is gone."""
        return now is not None and self.digest == now.digest and self.evaluation in (None, now.evaluation)


def result_of(event: GatesEvaluated, now: int, events: int) -> Result:
    """`events`: how many there were about the version's gates before this one."""
    return Result(
        id=result_id(event.model_name, event.version, event.number),
        v=events + 1,
        model_name=event.model_name,
        version=event.version,
        number=event.number,
        digest=event.digest,
        passed=event.passed,
        verdicts=msgspec.msgpack.encode(event.verdicts),
        project_id=event.project_id,
        policy_revision=event.policy_revision,
        by=event.by,
        at=now,
        evaluation=event.evaluation_id,
    )


def result_id(model_name: str, version: str, number: int) -> str:
    return f"{model_name}/{version}/{number}"


def renamed(result: Result, model_name: str) -> Result:
    return msgspec.structs.replace(
        result, id=result_id(model_name, result.version, result.number), model_name=model_name, r=1
    )


def result_view(result: Result, now: Judged | None) -> GateResultView:
    """`now`: what gates would judge; None if the version is gone."""
    return GateResultView(
        model_name=result.model_name,
        version=result.version,
        number=result.number,
        digest=result.digest,
        passed=result.passed,
        current=result.current(now),
        verdicts=result.all(),
        project_id=result.project_id,
        policy_revision=result.policy_revision,
        by=result.by,
        at=moment(result.at),
    )


class MongoGates:
    def __init__(self, store: Store) -> None:
        self._policies = store[POLICIES]
        self._results = store[RESULTS]

    async def policy(self, project_id: str, revision: int | None = None) -> Policy | None:
        """The newest revision, or the given one."""
        matching: dict[str, Any] = {"project_id": project_id}
        if revision is not None:
            matching["revision"] = revision
        with translated():
            row = await self._policies.find_one(matching, sort=[("revision", DESCENDING)])
        return None if row is None else from_document(row, Policy)

    async def newest(self, model_name: str, version: str, by: int | None = None) -> Result | None:
        """The newest, or the newest that there was at `by`, in milliseconds."""
        matching: dict[str, Any] = {"model_name": model_name, "version": version}
        if by is not None:
            matching["at"] = {"$lte": by}
        with translated():
            row = await self._results.find_one(matching, sort=[("number", DESCENDING)])
        return None if row is None else from_document(row, Result)

    async def of_model(self, model_name: str) -> list[Result]:
        with translated():
            rows = await self._results.find({"model_name": model_name}).to_list(None)
        return [from_document(row, Result) for row in rows]

    async def page(self, request: ListGateResults) -> Page[Result]:
        named = {"model_name": request.model_name, "version": request.version, "project_id": request.project_id}
        matching = {key: value for key, value in named.items() if value is not None}
        wanted = {"$and": [matching, conditions.query(request.where, FIELDS)]}
        order = conditions.keys(request.order, FIELDS, [("at", -1), ("_id", -1)])
        return await page_of(self._results, wanted, order, request.paging, lambda row: from_document(row, Result))
