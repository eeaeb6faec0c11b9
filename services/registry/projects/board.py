"""A board as it is shown: the state of items and stages, what is overdue, what needs attention."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from services.contracts.projects import (
    AssumptionView,
    EvidenceView,
    FieldView,
    ItemState,
    ItemView,
    MilestoneView,
    MoveView,
    ProjectSummary,
    ProjectView,
    Proof,
    StageState,
    StageView,
)
from services.registry.projects.project import ASSUMPTIONS, MILESTONES, Project
from services.registry.projects.templates import Item, Stage
from services.registry.runs.times import moment
from services.registry.values import mapping

_SATISFIED: tuple[ItemState, ...] = ("done", "waived")


def item_state(project: Project, item: Item) -> ItemState:
    """Bad as soon as the newest verdict about anything is bad."""
    record = project.record(item.key)
    verdicts = {finding.verdict for finding in record.findings}
    if "bad" in verdicts or (item.key == ASSUMPTIONS and _unanswered_refutations(project)):
        return "bad"
    if record.answer is not None or "good" in verdicts or _has_entries(project, item.key):
        return "done"
    return "waived" if record.waiver is not None else "open"


def _has_entries(project: Project, item: str) -> bool:
    if item == MILESTONES:
        return any(not milestone.dropped for milestone in project.milestones.values())
    if item == ASSUMPTIONS:
        return any(not assumption.dropped for assumption in project.assumptions.values())
    return False


def _unanswered_refutations(project: Project) -> list[str]:
    return [
        assumption.text
        for assumption in project.assumptions.values()
        if assumption.status == "refuted" and not assumption.consequence and not assumption.dropped
    ]


def stage_state(project: Project, stage: Stage) -> StageState:
    items = project.items(stage)
    states = {item.key: item_state(project, item) for item in items}
    if "bad" in states.values():
        return "needs_attention"
    if stage.key in project.again:
        return "in_progress"
    if all(states[item.key] in _SATISFIED or item.optional for item in items):
        return "done"
    touched = any(state in _SATISFIED for state in states.values())
    return "in_progress" if touched else "not_started"


def attention(project: Project, stage: Stage) -> list[str]:
    """Why a stage needs attention, in words."""
    reasons = []
    for item in project.items(stage):
        bad = [finding for finding in project.record(item.key).findings if finding.verdict == "bad"]
        reasons += [f"{item.title}: {finding.note or finding.about}" for finding in bad]
        if item.key == ASSUMPTIONS:
            reasons += [
                f"Refuted, and nothing follows from it yet: {text}" for text in _unanswered_refutations(project)
            ]
    return reasons


def settled(project: Project) -> frozenset[str]:
    """The items that are done or waived, by key."""
    items = [item for stage in project.template.stages for item in project.items(stage)]
    return frozenset(item.key for item in items if item_state(project, item) in _SATISFIED)


def proofs_of(project: Project, item: str) -> list[Proof]:
    """What shows that an item holds, newest first."""
    return [finding.proof for finding in reversed(project.record(item).findings) if finding.verdict == "good"]


def overdue(due: str, done: bool, now: datetime) -> bool:
    """A milestone is due until the end of its day, in UTC."""
    return not done and date.fromisoformat(due) < now.date()


def view(project: Project, now: datetime) -> ProjectView:
    template = project.template
    return ProjectView(
        id=project.id,
        name=project.name,
        description=project.description,
        archived=project.archived,
        created_at=moment(project.created),
        created_by=project.created_by,
        updated_at=moment(project.updated),
        as_of=now,
        template=template.name,
        template_version=template.version,
        patterns=project.patterns,
        assigned=project.assigned,
        stages=[_stage(project, stage) for stage in template.stages],
        milestones=_milestones(project, now),
        assumptions=[
            AssumptionView(
                id=key,
                text=entry.text,
                status=entry.status,
                proofs=entry.proofs,
                note=entry.note,
                consequence=entry.consequence,
                revision=entry.revision,
            )
            for key, entry in project.assumptions.items()
            if not entry.dropped
        ],
        moves=[
            MoveView(stage=move.stage, to=move.to, reason=move.reason, by=move.by, at=moment(move.at))
            for move in project.moves
        ],
        revision=project.revision,
    )


def summary(project: Project, now: datetime) -> ProjectSummary:
    stages = project.template.stages
    return ProjectSummary(
        id=project.id,
        name=project.name,
        description=project.description,
        archived=project.archived,
        created_at=moment(project.created),
        updated_at=moment(project.updated),
        stages=[stage_state(project, stage) for stage in stages],
        attention=[reason for stage in stages for reason in attention(project, stage)],
        overdue=sum(milestone.overdue for milestone in _milestones(project, now)),
        revision=project.revision,
    )


def _milestones(project: Project, now: datetime) -> list[MilestoneView]:
    shown = [
        MilestoneView(
            id=key,
            title=entry.title,
            owner=entry.owner,
            due=date.fromisoformat(entry.due),
            done=entry.done,
            overdue=overdue(entry.due, entry.done, now),
            revision=entry.revision,
        )
        for key, entry in project.milestones.items()
        if not entry.dropped
    ]
    return sorted(shown, key=lambda milestone: (milestone.due, milestone.id))


def _stage(project: Project, stage: Stage) -> StageView:
    items = [_item(project, item) for item in project.items(stage)]
    done = sum(item.state in _SATISFIED for item in items)
    return StageView(
        key=stage.key,
        number=stage.number,
        title=stage.title,
        phase=stage.phase,
        state=stage_state(project, stage),
        done=done,
        open=len(items) - done,
        again=project.again.get(stage.key, ""),
        attention=attention(project, stage),
        items=items,
    )


def _item(project: Project, item: Item) -> ItemView:
    record = project.record(item.key)
    kind: Literal["evidence", "answer", "check", "either"] = item.kind
    answer, waiver = record.answer, record.waiver
    return ItemView(
        key=item.key,
        title=item.title,
        kind=kind,
        state=item_state(project, item),
        revision=record.revision,
        optional=item.optional,
        fields=[
            FieldView(
                key=field.key,
                title=field.title,
                number=field.number,
                required=field.required,
                choices=list(field.choices),
            )
            for field in item.fields
        ],
        answer="" if answer is None else answer.text,
        values={} if answer is None else mapping(answer.fields),
        answered_by="" if answer is None else answer.by,
        answered_at=None if answer is None else moment(answer.at),
        waived_because="" if waiver is None else waiver.text,
        waived_by="" if waiver is None else waiver.by,
        waived_at=None if waiver is None else moment(waiver.at),
        evidence=[
            EvidenceView(
                about=finding.about,
                verdict=finding.verdict,
                proof=finding.proof,
                note=finding.note,
                at=moment(finding.at),
                cause=finding.cause,
                thing=finding.thing,
            )
            for finding in reversed(record.findings)
        ],
    )
