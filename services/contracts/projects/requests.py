"""What can be asked and changed of projects."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from services.contracts.base import Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.paging import Page, Paging
from services.contracts.projects.things import AssumptionStatus, Pattern, Proof, Thing
from services.contracts.projects.views import ProjectSummary, ProjectView
from services.contracts.written import Written


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
    where: Condition | None = None
    order: list[Ordering] = []


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


class MetricLevel(Message, frozen=True, kw_only=True):
    """What a metric is to be measured by: what experts reach, or the least that is worth shipping."""

    metric: str
    kind: Literal["expert", "minimum"]
    value: float
    higher_is_better: bool = True
    project_id: str


class GetMetricLevels(Request[list[MetricLevel]], frozen=True, kw_only=True):
    """Those of the project that a thing belongs to, from the answers on its board."""

    service = "registry"
    name = "project.metric_levels"

    thing: Thing


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
