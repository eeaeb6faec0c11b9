"""How projects and their boards are shown."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from services.contracts.base import Message
from services.contracts.projects.things import AssumptionStatus, ItemState, Pattern, Proof, StageState, Thing, Verdict


class FieldView(Message, frozen=True, kw_only=True):
    key: str
    title: str
    number: bool = False
    required: bool = False
    choices: list[str] = []


class EvidenceView(Message, frozen=True, kw_only=True):
    about: str
    verdict: Verdict
    proof: Proof
    note: str
    at: datetime
    cause: str = ""
    thing: Thing | None = None


class ItemView(Message, frozen=True, kw_only=True):
    """`kind` says how it is ticked: `evidence` and `check` by the system, `answer` by a person, or by `either`."""

    key: str
    title: str
    kind: Literal["evidence", "answer", "check", "either"]
    state: ItemState
    revision: int
    optional: bool = False
    fields: list[FieldView] = []
    answer: str = ""
    values: dict[str, str] = {}
    answered_by: str = ""
    answered_at: datetime | None = None
    waived_because: str = ""
    waived_by: str = ""
    waived_at: datetime | None = None
    evidence: list[EvidenceView] = []


class StageView(Message, frozen=True, kw_only=True):
    """`again`: why it is being gone through again, after a move back; empty otherwise."""

    key: str
    number: int
    title: str
    phase: str
    state: StageState
    done: int
    open: int
    again: str = ""
    attention: list[str] = []
    items: list[ItemView] = []


class MilestoneView(Message, frozen=True, kw_only=True):
    id: str
    title: str
    owner: str
    due: date
    done: bool
    overdue: bool
    revision: int


class AssumptionView(Message, frozen=True, kw_only=True):
    id: str
    text: str
    status: AssumptionStatus
    proofs: list[Proof]
    note: str
    consequence: str
    revision: int


class MoveView(Message, frozen=True, kw_only=True):
    stage: str
    to: str
    reason: str
    by: str
    at: datetime


class ProjectSummary(Message, frozen=True, kw_only=True):
    """`stages` holds each stage's state, in order."""

    id: str
    name: str
    description: str
    archived: bool
    created_at: datetime
    updated_at: datetime
    stages: list[StageState]
    attention: list[str]
    overdue: int
    revision: int


class ProjectView(Message, frozen=True, kw_only=True):
    """`as_of` is now, unless it is of the `past`."""

    id: str
    name: str
    description: str
    archived: bool
    created_at: datetime
    created_by: str
    updated_at: datetime
    as_of: datetime
    template: str
    template_version: int
    patterns: list[Pattern]
    assigned: list[Thing]
    stages: list[StageView]
    milestones: list[MilestoneView]
    assumptions: list[AssumptionView]
    moves: list[MoveView]
    revision: int
    past: bool = False
