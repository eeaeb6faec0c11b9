"""A project and its board as data, and how events change them."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from datetime import datetime

import msgspec

from services.contracts.errors import NotFound
from services.contracts.projects import (
    AnswerFilled,
    AssumptionSet,
    AssumptionStatus,
    EvidenceFound,
    ItemAdded,
    ItemWaived,
    MilestoneSet,
    MovedBack,
    Pattern,
    ProjectCreated,
    ProjectUpdated,
    Proof,
    StageConfirmed,
    Thing,
    ThingAssigned,
    ThingReleased,
    Verdict,
)
from services.registry.projects import templates
from services.registry.projects.templates import Item, Stage, Template
from services.registry.values import Aggregate, KeyValue, pairs

KEPT_FINDINGS = 50
"""What an item remembers verdicts about; beyond them the oldest good ones give way."""
KEPT_MOVES = 1000

MILESTONES = "milestones"
ASSUMPTIONS = "assumptions"

BoardEvent = (
    ProjectCreated
    | ProjectUpdated
    | ThingAssigned
    | ThingReleased
    | AnswerFilled
    | ItemWaived
    | ItemAdded
    | EvidenceFound
    | MovedBack
    | StageConfirmed
    | MilestoneSet
    | AssumptionSet
)


# ---------------------------------------------------------------- the board's state; times in milliseconds since 1970


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """Something a person wrote: an answer or the reason of a waiver."""

    text: str
    fields: list[KeyValue] = []
    by: str
    at: int


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    about: str
    verdict: Verdict
    proof: Proof
    note: str
    thing: Thing | None = None
    cause: str = ""
    at: int


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What has happened to one item. `revision` counts what people did to it."""

    revision: int = 0
    answer: Signed | None = None
    waiver: Signed | None = None
    findings: list[Finding] = []


class Extra(msgspec.Struct, frozen=True, kw_only=True):
    stage: str
    key: str
    title: str


class Milestone(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    owner: str
    due: str
    done: bool
    dropped: bool
    revision: int


class Assumption(msgspec.Struct, frozen=True, kw_only=True):
    text: str
    status: AssumptionStatus
    proofs: list[Proof]
    note: str
    consequence: str
    dropped: bool
    revision: int


class Move(msgspec.Struct, frozen=True, kw_only=True):
    stage: str
    to: str
    reason: str
    by: str
    at: int


class Project(Aggregate, frozen=True, kw_only=True):
    """`revision` counts the changes of name, description, patterns and archiving; `again` maps the stages that are
    being gone through again to the reason."""

    name: str
    description: str
    created: int
    created_by: str
    updated: int
    template_version: int
    revision: int = 1
    archived: bool = False
    patterns: list[Pattern] = []
    assigned: list[Thing] = []
    records: dict[str, Record] = {}
    extras: list[Extra] = []
    milestones: dict[str, Milestone] = {}
    assumptions: dict[str, Assumption] = {}
    moves: list[Move] = []
    again: dict[str, str] = {}

    @property
    def template(self) -> Template:
        found = templates.template(self.template_version)
        assert found is not None, "a published template is never taken back"
        return found

    def record(self, item: str) -> Record:
        return self.records.get(item, Record())

    def items(self, stage: Stage) -> list[Item]:
        """The stage's items, the project's own questions last."""
        own = [Item(key=e.key, title=e.title, kind="answer") for e in self.extras if e.stage == stage.key]
        return [*stage.items, *own]

    def find(self, key: str) -> tuple[Stage, Item]:
        """Raises NotFound for an item that isn't on this board."""
        for stage in self.template.stages:
            for item in self.items(stage):
                if item.key == key:
                    return stage, item
        raise NotFound(f"the board has no item {key!r}", field="item")

    def stage(self, key: str, field: str = "stage") -> Stage:
        found = self.template.stage(key)
        if found is None:
            raise NotFound(f"the board has no stage {key!r}", field=field)
        return found


# ---------------------------------------------------------------- folding


def milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def started(event: ProjectCreated) -> Project:
    at = milliseconds(event.at)
    return Project(
        id=event.project_id,
        v=1,
        name=event.project_name,
        description=event.description,
        created=at,
        created_by=event.by,
        updated=at,
        template_version=event.template_version,
        patterns=event.patterns,
    )


def folded(events: Iterable[BoardEvent]) -> Project | None:
    """The board that a project's events, in order and from the first on, make; None without any."""
    project: Project | None = None
    for event in events:
        project = started(event) if isinstance(event, ProjectCreated) else applied(_there(project), event)
    return project


def _there(project: Project | None) -> Project:
    assert project is not None, "a project's first event creates it"
    return project


def applied(project: Project, event: BoardEvent) -> Project:
    """The board after one more event."""
    changes = _changes(event, project)
    return msgspec.structs.replace(project, v=project.v + 1, updated=milliseconds(event.at), **changes)


@functools.singledispatch
def _changes(event: object, project: Project) -> dict[str, object]:
    raise TypeError(f"{type(event).__name__} isn't an event of a board")


@_changes.register
def _(event: ProjectUpdated, project: Project) -> dict[str, object]:
    return {
        "name": event.project_name,
        "description": event.description,
        "patterns": event.patterns,
        "archived": event.archived,
        "revision": project.revision + 1,
    }


@_changes.register
def _(event: ThingAssigned, project: Project) -> dict[str, object]:
    return {"assigned": [*(thing for thing in project.assigned if thing != event.thing), event.thing]}


@_changes.register
def _(event: ThingReleased, project: Project) -> dict[str, object]:
    kept = {key: _without(record, event.thing) for key, record in project.records.items()}
    return {"assigned": [thing for thing in project.assigned if thing != event.thing], "records": kept}


def _without(record: Record, thing: Thing) -> Record:
    findings = [finding for finding in record.findings if finding.thing != thing]
    return record if len(findings) == len(record.findings) else msgspec.structs.replace(record, findings=findings)


@_changes.register
def _(event: AnswerFilled, project: Project) -> dict[str, object]:
    written = Signed(text=event.text, fields=pairs(event.fields), by=event.by, at=milliseconds(event.at))
    answer = written if event.text or event.fields else None
    return _touched(project, event.item, answer=answer, waiver=None)


@_changes.register
def _(event: ItemWaived, project: Project) -> dict[str, object]:
    waiver = Signed(text=event.reason, by=event.by, at=milliseconds(event.at))
    return _touched(project, event.item, waiver=waiver)


def _touched(project: Project, item: str, **changes: object) -> dict[str, object]:
    before = project.record(item)
    after = msgspec.structs.replace(before, revision=before.revision + 1, **changes)
    return {"records": {**project.records, item: after}, "again": _gone_through(project, item)}


def _gone_through(project: Project, item: str) -> dict[str, str]:
    """After a move back, a stage counts as gone through again once something in it is done anew."""
    stage, _ = project.find(item)
    return {key: reason for key, reason in project.again.items() if key != stage.key}


@_changes.register
def _(event: ItemAdded, project: Project) -> dict[str, object]:
    return {"extras": [*project.extras, Extra(stage=event.stage, key=event.item, title=event.title)]}


@_changes.register
def _(event: EvidenceFound, project: Project) -> dict[str, object]:
    record = project.record(event.item)
    finding = Finding(
        about=event.about,
        verdict=event.verdict,
        proof=event.proof,
        note=event.note,
        thing=event.thing,
        cause=event.cause,
        at=milliseconds(event.at),
    )
    findings = [*(other for other in record.findings if other.about != event.about), finding]
    changes: dict[str, object] = {
        "records": {**project.records, event.item: msgspec.structs.replace(record, findings=_bounded(findings))}
    }
    if event.verdict == "good":
        changes["again"] = _gone_through(project, event.item)
    return changes


def _bounded(findings: list[Finding]) -> list[Finding]:
    while len(findings) > KEPT_FINDINGS:
        oldest = next((finding for finding in findings if finding.verdict != "bad"), findings[0])
        findings = [finding for finding in findings if finding is not oldest]
    return findings


@_changes.register
def _(event: MovedBack, project: Project) -> dict[str, object]:
    first, last = project.stage(event.to).number, project.stage(event.stage).number
    reopened = [stage.key for stage in project.template.stages if first <= stage.number <= last]
    move = Move(stage=event.stage, to=event.to, reason=event.reason, by=event.by, at=milliseconds(event.at))
    return {
        "moves": [*project.moves, move][-KEPT_MOVES:],
        "again": {**project.again, **dict.fromkeys(reopened, event.reason)},
    }


@_changes.register
def _(event: StageConfirmed, project: Project) -> dict[str, object]:
    return {"again": {key: reason for key, reason in project.again.items() if key != event.stage}}


@_changes.register
def _(event: MilestoneSet, project: Project) -> dict[str, object]:
    before = project.milestones.get(event.milestone)
    after = Milestone(
        title=event.title,
        owner=event.owner,
        due=event.due.isoformat(),
        done=event.done,
        dropped=event.dropped,
        revision=1 if before is None else before.revision + 1,
    )
    again = _gone_through(project, MILESTONES)
    return {"milestones": {**project.milestones, event.milestone: after}, "again": again}


@_changes.register
def _(event: AssumptionSet, project: Project) -> dict[str, object]:
    before = project.assumptions.get(event.assumption)
    after = Assumption(
        text=event.text,
        status=event.status,
        proofs=event.proofs,
        note=event.note,
        consequence=event.consequence,
        dropped=event.dropped,
        revision=1 if before is None else before.revision + 1,
    )
    again = _gone_through(project, ASSUMPTIONS)
    return {"assumptions": {**project.assumptions, event.assumption: after}, "again": again}
