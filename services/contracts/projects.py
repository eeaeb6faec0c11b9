"""Projects and their lifecycle boards: what the registry says, answers and shows of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from services.contracts.base import Event, Message, Request
from services.contracts.paging import Page, Paging
from services.contracts.written import Written

ThingKind = Literal["experiment", "dataset", "model"]
"""What a project can own. An experiment is named by its id, the others by their names."""
Verdict = Literal["good", "bad", "lapsed"]
"""`lapsed`: what was proven is about something that is no longer in use."""
StageState = Literal["not_started", "in_progress", "done", "needs_attention"]
ItemState = Literal["open", "done", "waived", "bad"]
AssumptionStatus = Literal["open", "verified", "refuted"]


class Thing(Message, frozen=True, kw_only=True):
    kind: ThingKind
    id: str


class Pattern(Message, frozen=True, kw_only=True):
    """All experiments, datasets or models whose name matches `glob` (`*`, `?`, `[abc]`; case matters)."""

    kind: ThingKind
    glob: str


class Proof(Message, frozen=True, kw_only=True):
    """What shows that an item holds: `kind` (run, version, dataset, window, review, …) and its id."""

    kind: str
    id: str


# ---------------------------------------------------------------- events; `at` never goes back within a project


class ProjectCreated(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "project"
    name = "created"
    key = ("project_id",)

    project_id: str
    project_name: str
    description: str = ""
    template: str
    template_version: int
    patterns: list[Pattern] = []
    at: datetime
    by: str


class ProjectUpdated(Event, frozen=True, kw_only=True):
    """The name, description and patterns as they are now, and whether it is archived."""

    service = "registry"
    aggregate = "project"
    name = "updated"
    key = ("project_id",)

    project_id: str
    project_name: str
    description: str
    patterns: list[Pattern]
    archived: bool = False
    at: datetime
    by: str


class ThingAssigned(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "project"
    name = "thing_assigned"
    key = ("project_id",)

    project_id: str
    thing: Thing
    at: datetime
    by: str


class ThingReleased(Event, frozen=True, kw_only=True):
    """The thing belongs to another project now; what it proved here no longer counts here."""

    service = "registry"
    aggregate = "project"
    name = "thing_released"
    key = ("project_id",)

    project_id: str
    thing: Thing
    at: datetime
    by: str


class AnswerFilled(Event, frozen=True, kw_only=True):
    """`fields` are the structured parts of the answer, such as `metric` and `value`. An empty text takes it back."""

    service = "registry"
    aggregate = "project"
    name = "answer_filled"
    key = ("project_id",)

    project_id: str
    item: str
    text: str
    fields: dict[str, str] = {}
    at: datetime
    by: str


class ItemWaived(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "project"
    name = "item_waived"
    key = ("project_id",)

    project_id: str
    item: str
    reason: str
    at: datetime
    by: str


class ItemAdded(Event, frozen=True, kw_only=True):
    """A question of the project's own."""

    service = "registry"
    aggregate = "project"
    name = "item_added"
    key = ("project_id",)

    project_id: str
    stage: str
    item: str
    title: str
    at: datetime
    by: str


class EvidenceFound(Event, frozen=True, kw_only=True):
    """`proof` shows that `item` holds (good), doesn't (bad), or no longer matters (lapsed), as far as `about` goes.

    A newer verdict about the same replaces it. `thing` is what the
    project owns that it came from, `cause` the id of the event that it was read from.
    """

    service = "registry"
    aggregate = "project"
    name = "evidence_found"
    key = ("project_id",)

    project_id: str
    item: str
    about: str
    verdict: Verdict
    proof: Proof
    note: str = ""
    thing: Thing | None = None
    cause: str = ""
    at: datetime
    by: str


class MovedBack(Event, frozen=True, kw_only=True):
    """The stages from `to` up to `stage` are to be gone through again."""

    service = "registry"
    aggregate = "project"
    name = "moved_back"
    key = ("project_id",)

    project_id: str
    stage: str
    to: str
    reason: str
    at: datetime
    by: str


class StageConfirmed(Event, frozen=True, kw_only=True):
    """After a move back: what this stage holds still stands, for the stated reason."""

    service = "registry"
    aggregate = "project"
    name = "stage_confirmed"
    key = ("project_id",)

    project_id: str
    stage: str
    reason: str
    at: datetime
    by: str


class MilestoneSet(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "project"
    name = "milestone_set"
    key = ("project_id",)

    project_id: str
    milestone: str
    title: str
    owner: str
    due: date
    done: bool = False
    dropped: bool = False
    at: datetime
    by: str


class AssumptionSet(Event, frozen=True, kw_only=True):
    """`consequence` says what follows from a refuted one: until it does, the stage needs attention."""

    service = "registry"
    aggregate = "project"
    name = "assumption_set"
    key = ("project_id",)

    project_id: str
    assumption: str
    text: str
    status: AssumptionStatus
    proofs: list[Proof] = []
    note: str = ""
    consequence: str = ""
    dropped: bool = False
    at: datetime
    by: str


# ---------------------------------------------------------------- views


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


# ---------------------------------------------------------------- requests


class CreateProject(Request[Written], frozen=True, kw_only=True):
    """Without a `template` version, the newest. Raises Conflict if the name is taken."""

    service = "registry"
    name = "project.create"

    project_name: str
    description: str = ""
    patterns: list[Pattern] = []
    template_version: int | None = None
    idempotency_key: str | None = None


class UpdateProject(Request[Written], frozen=True, kw_only=True):
    """Changes what isn't None. `expected`: the project's revision (of name, description, patterns) that was seen."""

    service = "registry"
    name = "project.update"

    project_id: str
    project_name: str | None = None
    description: str | None = None
    patterns: list[Pattern] | None = None
    archived: bool | None = None
    expected: int | None = None
    idempotency_key: str | None = None


class ListProjects(Request[Page[ProjectSummary]], frozen=True, kw_only=True):
    """By name; archived ones only if asked for."""

    service = "registry"
    name = "project.list"

    paging: Paging = Paging()
    with_archived: bool = False


class GetProject(Request[ProjectView], frozen=True, kw_only=True):
    """The board now, or as it was at `as_of`."""

    service = "registry"
    name = "project.get"

    project_id: str
    as_of: datetime | None = None


class FindOwners(Request[list[str]], frozen=True, kw_only=True):
    """The id of the project that each thing belongs to, in order. At most 100 things."""

    service = "registry"
    name = "project.owners"

    things: list[Thing]


class FillAnswer(Request[Written], frozen=True, kw_only=True):
    """An empty text and no fields take an answer (or a waiver) back. `expected`: the item's revision, 0 if new."""

    service = "registry"
    name = "project.answer"

    project_id: str
    item: str
    text: str
    fields: dict[str, str] = {}
    expected: int | None = None
    idempotency_key: str | None = None


class WaiveItem(Request[Written], frozen=True, kw_only=True):
    service = "registry"
    name = "project.waive"

    project_id: str
    item: str
    reason: str
    expected: int | None = None
    idempotency_key: str | None = None


class AddItem(Request[Written], frozen=True, kw_only=True):
    """A further question in a stage of this project. `item` is its key: letters, digits and underscores."""

    service = "registry"
    name = "project.add_item"

    project_id: str
    stage: str
    item: str
    title: str
    idempotency_key: str | None = None


class MoveBack(Request[Written], frozen=True, kw_only=True):
    """From `stage` back to the earlier stage `to`."""

    service = "registry"
    name = "project.move_back"

    project_id: str
    stage: str
    to: str
    reason: str
    idempotency_key: str | None = None


class ConfirmStage(Request[Written], frozen=True, kw_only=True):
    service = "registry"
    name = "project.confirm_stage"

    project_id: str
    stage: str
    reason: str
    idempotency_key: str | None = None


class SetMilestone(Request[Written], frozen=True, kw_only=True):
    """A new one without an id. `drop` takes it off the board (its history stays)."""

    service = "registry"
    name = "project.milestone"

    project_id: str
    title: str
    owner: str
    due: date
    done: bool = False
    drop: bool = False
    milestone: str | None = None
    expected: int | None = None
    idempotency_key: str | None = None


class SetAssumption(Request[Written], frozen=True, kw_only=True):
    """A new one without an id. A verified or refuted one needs a proof or a note."""

    service = "registry"
    name = "project.assumption"

    project_id: str
    text: str
    status: AssumptionStatus = "open"
    proofs: list[Proof] = []
    note: str = ""
    consequence: str = ""
    drop: bool = False
    assumption: str | None = None
    expected: int | None = None
    idempotency_key: str | None = None


class AssignToProject(Request[Written], frozen=True, kw_only=True):
    """The thing belongs to this project from now on, whatever any pattern says."""

    service = "registry"
    name = "project.assign"

    project_id: str
    thing: Thing
    idempotency_key: str | None = None
