"""What happens in projects; `at` never goes back within one."""

from __future__ import annotations

from datetime import date, datetime

from services.contracts.base import Event
from services.contracts.projects.things import AssumptionStatus, Pattern, Proof, Thing, Verdict


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
