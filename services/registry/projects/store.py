"""Projects and assignments in MongoDB; a board's past is read from the event log."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, get_args

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel

from services.contracts.paging import Page
from services.contracts.projects import ListProjects, Pattern, ProjectCreated, ProjectSummary, Thing
from services.contracts.registry import RunDataLogged
from services.registry.documents import from_document, save
from services.registry.paging import page_of
from services.registry.projects import board
from services.registry.projects.evidence import BASELINE_TAG, TYPES
from services.registry.projects.ownership import Claim
from services.registry.projects.project import BoardEvent, Project, applied
from services.runtime import conditions
from services.runtime.conditions import Field
from services.runtime.outbox import EVENTS, Change
from services.runtime.store import Store, translated

PROJECTS = "projects"
ASSIGNMENTS = "project_assignments"
INDEXES: Mapping[str, list[IndexModel]] = {
    PROJECTS: [
        IndexModel([("name", ASCENDING)], unique=True),
        IndexModel([("archived", ASCENDING), ("name", ASCENDING)]),
    ],
}

_TYPES: dict[str, type[BoardEvent]] = {event.type(): event for event in get_args(BoardEvent)}


FIELDS: Mapping[str, Field] = {
    "name": Field("name"),
    "description": Field("description"),
    "archived": Field("archived", "flag"),
    "created_by": Field("created_by"),
    "created_at": Field("created", "milliseconds"),
    "updated_at": Field("updated", "milliseconds"),
}
"""What lists can be asked for."""


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """One document a thing: the key makes it impossible that two projects own it."""

    id: str = msgspec.field(name="_id")
    project: str
    thing: Thing


def assignment_id(thing: Thing) -> str:
    return f"{thing.kind}/{thing.id}"


def assign(change: Change, thing: Thing, project: str, former: str | None) -> None:
    """Fails the commit if somebody else assigned it meanwhile: with Duplicate the first time, Stale later."""
    if former is None:
        change.insert(
            ASSIGNMENTS, msgspec.to_builtins(Assignment(id=assignment_id(thing), project=project, thing=thing))
        )
    else:
        matching = {"_id": assignment_id(thing), "project": former}
        change.update(ASSIGNMENTS, matching, {"$set": {"project": project}})


class PastEvent(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    type: str
    data: str


MOST_WINDOWS = 500

_FIELDS = {"experiment": "experiment_id", "model": "model_name", "dataset": "dataset"}
_BY_RUN = ("run", "similarity", "reproduction")
_BY_VERSION = ("model_version", "review", "gate_verdict", "model_card", "alert_rules")
_BY_CONTENT = ("evaluation", "deployment", "retraining", "alert", "insight")
"""Aggregates that are called after runs, after models and versions, and by ids that tell nothing: these are few."""


def _about(things: Sequence[Thing], runs: Sequence[str]) -> list[dict[str, Any]]:
    """Alternatives, each of which an index of the event log answers."""
    models = [thing.id for thing in things if thing.kind == "model"]
    datasets = [thing.id for thing in things if thing.kind == "dataset"]
    found: list[dict[str, Any]] = [
        {
            "type": {"$in": [name for name, event in TYPES.items() if event.aggregate in _BY_CONTENT]},
            "data": {"$regex": _mentions(things)},
        }
    ]
    if runs:
        of_runs = {"aggregate_id": {"$in": list(runs)}}
        logged = RunDataLogged.type()  # a training may log thousands of times: only what names a baseline counts
        found.append({"aggregate": {"$in": list(_BY_RUN)}, **of_runs, "type": {"$ne": logged}})
        found.append({"aggregate": "run", **of_runs, "type": logged, "data": {"$regex": re.escape(BASELINE_TAG)}})
    for model in models:
        found.append({"aggregate": {"$in": list(_BY_VERSION)}, "aggregate_id": _inside(model)})
        found.append({"aggregate": "registered_model", "aggregate_id": model})
    found += [{"aggregate": "dataset_version", "aggregate_id": _inside(dataset)} for dataset in datasets]
    return found


def _monitored(things: Sequence[Thing]) -> list[dict[str, Any]]:
    """Windows are many, and only the newest count."""
    models = [thing.id for thing in things if thing.kind == "model"]
    return [{"aggregate": "monitored_version", "aggregate_id": _inside(model)} for model in models]


def _inside(name: str) -> dict[str, str]:
    return {"$gte": f"{name}/", "$lt": f"{name}0"}  # "0" follows "/"


def _mentions(things: Sequence[Thing]) -> str:
    """Matches an event's JSON that names one of the things, in its own field or as what an insight is linked to."""
    patterns = []
    for kind, field in _FIELDS.items():
        names = [re.escape(msgspec.json.encode(thing.id).decode()[1:-1]) for thing in things if thing.kind == kind]
        if names:
            patterns.append(f'"(?:{field}|id)":"(?:{"|".join(names)})(?:/[^"]*)?"')
    return "|".join(patterns)


def put(change: Change, before: Project, events: Sequence[BoardEvent]) -> Project:
    """Adds a project's further events, and the board that they make, to a change."""
    after = before
    for event in events:
        after = applied(after, event)
        change.emit(event, after.v)
    if events:
        save(change, PROJECTS, before, after)
    return after


class MongoProjects:
    def __init__(self, store: Store) -> None:
        self._projects = store[PROJECTS]
        self._assignments = store[ASSIGNMENTS]
        self._events = store[EVENTS]

    async def get(self, project_id: str) -> Project | None:
        with translated():
            row = await self._projects.find_one({"_id": project_id})
        return None if row is None else from_document(row, Project)

    async def get_many(self, ids: Sequence[str]) -> dict[str, Project]:
        with translated():
            rows = await self._projects.find({"_id": {"$in": list(ids)}}).to_list(None)
        return {row["_id"]: from_document(row, Project) for row in rows}

    async def page(self, request: ListProjects, now: datetime) -> Page[ProjectSummary]:
        """By name, unless another order is asked for."""
        matching = {} if request.with_archived else {"archived": False}
        wanted = {"$and": [matching, conditions.query(request.where, FIELDS)]}
        order = conditions.keys(request.order, FIELDS, [("name", 1)])
        return await page_of(
            self._projects, wanted, order, request.paging, lambda row: board.summary(from_document(row, Project), now)
        )

    async def claims(self) -> list[Claim]:
        """What the projects that aren't archived own by pattern."""
        with translated():
            rows = await self._projects.find(
                {"archived": False, "patterns.0": {"$exists": True}}, {"created": 1, "patterns": 1}
            ).to_list(None)
        return [
            Claim(
                project=row["_id"],
                created=row["created"],
                patterns=msgspec.convert(row["patterns"], type=list[Pattern]),
            )
            for row in rows
        ]

    async def assigned(self, things: Sequence[Thing]) -> dict[Thing, str]:
        """The project of each thing that was assigned to one."""
        with translated():
            rows = await self._assignments.find({"_id": {"$in": [assignment_id(thing) for thing in things]}}).to_list(
                None
            )
        found = [from_document(row, Assignment) for row in rows]
        return {assignment.thing: assignment.project for assignment in found}

    async def past(self, things: Sequence[Thing], runs: Sequence[str], *, most: int) -> list[PastEvent]:
        """The newest events that may be evidence about any of the things, or of their `runs`; oldest first."""
        if not things:
            return []
        found = await self._newest(_about(things, runs), most) + await self._newest(_monitored(things), MOST_WINDOWS)
        return sorted(found, key=lambda event: event.id)

    async def _newest(self, alternatives: list[dict[str, Any]], most: int) -> list[PastEvent]:
        if not alternatives:
            return []
        matching = {"type": {"$in": list(TYPES)}, "$or": alternatives}
        shown = {"type": 1, "data": 1}
        with translated():
            rows = await self._events.find(matching, shown).sort("_id", DESCENDING).limit(most).to_list(most)
        return [PastEvent(id=row["_id"], type=row["type"], data=row["data"]) for row in rows]

    async def history(self, project_id: str, until: datetime) -> list[BoardEvent]:
        """The board's events up to a moment, in order; its clock never goes back, so the first later one ends it."""
        events: list[BoardEvent] = []
        with translated():
            rows = self._events.find(
                {"aggregate": ProjectCreated.aggregate, "aggregate_id": project_id}, {"type": 1, "data": 1}
            ).sort("version", ASCENDING)
            async for row in rows:
                event = msgspec.json.decode(row["data"], type=_TYPES[row["type"]])
                if event.at > until:
                    break
                events.append(event)
        return events
