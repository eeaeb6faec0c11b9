"""Projects: what can be asked and changed of them."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import date
from typing import Annotated

import strawberry

from services.contracts import projects as contracts
from services.contracts.errors import NotFound
from services.contracts.paging import Page
from services.contracts.projects import GetMetricLevels, GetProject, ListProjects, ProjectSummary, ProjectView
from services.gateway.conditions import condition, ordering
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.types.arguments import AsOf
from services.gateway.types.board_lists import AssumptionStatus
from services.gateway.types.commands import (
    EXPECTED_DESCRIPTION,
    KEY_DESCRIPTION,
    KeyValueInput,
    Outcome,
    WrittenPayload,
    commanded,
    plain,
)
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size
from services.gateway.types.links import LinkInput
from services.gateway.types.list_filters import ProjectFilter
from services.gateway.types.list_orders import ProjectOrder
from services.gateway.types.node import reads
from services.gateway.types.paging import After, Before, Connection, First, Last, Sort, Where, paging
from services.gateway.types.projects import MetricLevel, Project, ThingKind


async def _projects(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    with_archived: Annotated[bool, strawberry.argument(description="Archived ones, too.")] = False,
    where: Where[ProjectFilter] = None,
    sort: Sort[ProjectOrder] = None,
) -> Page[ProjectSummary]:
    asked = paging(first, after, last, before, Selected.of(info))
    return await info.context.ask(
        ListProjects(where=condition(where), order=ordering(sort), paging=asked, with_archived=with_archived)
    )


async def _project(
    info: Info,
    id_: Annotated[
        str, strawberry.argument(name="id", description="Its `projectId`; `default` owns what no other does.")
    ],
    as_of: AsOf = None,
) -> ProjectView | None:
    try:
        return await info.context.ask(GetProject(project_id=id_, as_of=as_of))
    except NotFound:
        return None


async def _levels(
    info: Info,
    kind: Annotated[ThingKind, strawberry.argument(description="Of which kind.")],
    id_: Annotated[str, strawberry.argument(name="id", description="An experiment's id, a dataset's or model's name.")],
) -> list[contracts.MetricLevel]:
    return await info.context.ask(GetMetricLevels(thing=plain({"kind": kind, "id": id_}, contracts.Thing)))


@strawberry.type
class ProjectQueries:
    """What can be asked."""

    projects: Connection[Project] | None = viewed(
        resolver=_projects, size=Size(asks=True), description="Projects, by name."
    )
    project: Project | None = viewed(
        resolver=_project, description="One project, now or at `asOf`; null if there is none, or was none then."
    )
    metric_levels: list[MetricLevel] | None = viewed(
        resolver=_levels,
        size=Size(otherwise=2, asks=True),
        description="What metrics are to be measured by in the project that owns a thing: by experts, by the least "
        "worth shipping.",
    )


def _changed(parent: strawberry.Parent[Outcome], info: Info) -> Awaitable[ProjectView | None] | None:
    if parent.answer is None:
        return None
    return info.context.relatives.projects.load(getattr(parent.request, "project_id", None) or parent.answer.id)


@strawberry.type(description="What a change of a project did.")
class ProjectPayload(WrittenPayload):
    is_type_of = reads(Outcome)

    project: Project | None = viewed(resolver=_changed, description="The project now; null if there were errors.")


@strawberry.input(description="All experiments, datasets or models whose name fits.")
class PatternInput:
    kind: ThingKind = strawberry.field(description="Of which kind.")
    glob: str = strawberry.field(description="`*`, `?` and `[abc]`; case matters.")


@strawberry.input(description="A new project.")
class CreateProjectInput:
    project_name: str = strawberry.field(name="name", description="Its name, unique.")
    description: str | None = strawberry.field(default=None, description="What it is for.")
    patterns: list[PatternInput] | None = strawberry.field(default=None, description="What it owns by name.")
    template_version: int | None = strawberry.field(
        default=None, description="Version of the board's template; the newest if unsaid."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="What is to be changed of a project; what is null stays.")
class UpdateProjectInput:
    project_id: str = strawberry.field(description="The project.")
    project_name: str | None = strawberry.field(name="name", default=None, description="Its new name.")
    description: str | None = strawberry.field(default=None, description="What it is for.")
    patterns: list[PatternInput] | None = strawberry.field(default=None, description="What it owns by name.")
    archived: bool | None = strawberry.field(default=None, description="Whether it is put away.")
    expected: int | None = strawberry.field(default=None, description=EXPECTED_DESCRIPTION)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="An answer to an item of the board; an empty one takes an answer or a waiver back.")
class FillAnswerInput:
    project_id: str = strawberry.field(description="The project.")
    item: str = strawberry.field(description="The item's key.")
    text: str = strawberry.field(description="The answer.")
    fields: list[KeyValueInput] | None = strawberry.field(default=None, description="Its structured parts.")
    expected: int | None = strawberry.field(default=None, description=EXPECTED_DESCRIPTION + " 0 if new.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="An item that is left out.")
class WaiveItemInput:
    project_id: str = strawberry.field(description="The project.")
    item: str = strawberry.field(description="The item's key.")
    reason: str = strawberry.field(description="Why it is left out.")
    expected: int | None = strawberry.field(default=None, description=EXPECTED_DESCRIPTION)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A further question in a stage.")
class AddItemInput:
    project_id: str = strawberry.field(description="The project.")
    stage: str = strawberry.field(description="The stage's key.")
    item: str = strawberry.field(description="Its own key: letters, digits and underscores.")
    title: str = strawberry.field(description="What it asks for.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A move back to an earlier stage.")
class MoveBackInput:
    project_id: str = strawberry.field(description="The project.")
    stage: str = strawberry.field(description="Key of the stage it is in.")
    to: str = strawberry.field(description="Key of the earlier stage.")
    reason: str = strawberry.field(description="Why.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="After a move back: a stage that still stands as it is.")
class ConfirmStageInput:
    project_id: str = strawberry.field(description="The project.")
    stage: str = strawberry.field(description="The stage's key.")
    reason: str = strawberry.field(description="Why it still stands.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A milestone as it is to be; a new one without `milestone`.")
class SetMilestoneInput:
    project_id: str = strawberry.field(description="The project.")
    milestone: str | None = strawberry.field(default=None, description="Its id; a new one without.")
    title: str = strawberry.field(description="What is to be reached.")
    owner: str = strawberry.field(description="Who sees to it.")
    due: date = strawberry.field(description="The last day for it.")
    done: bool | None = strawberry.field(default=None, description="Whether it is reached.")
    drop: bool | None = strawberry.field(default=None, description="Takes it off the board.")
    expected: int | None = strawberry.field(default=None, description=EXPECTED_DESCRIPTION)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="An assumption as it is to be; a new one without `assumption`.")
class SetAssumptionInput:
    project_id: str = strawberry.field(description="The project.")
    assumption: str | None = strawberry.field(default=None, description="Its id; a new one without.")
    text: str = strawberry.field(description="What is assumed.")
    status: AssumptionStatus | None = strawberry.field(default=None, description="Where it stands; open if unsaid.")
    proofs: list[LinkInput] | None = strawberry.field(
        default=None, description="What shows it; a verified or refuted one needs these or a note."
    )
    note: str | None = strawberry.field(default=None, description="What was found, in words.")
    consequence: str | None = strawberry.field(default=None, description="What follows from it being refuted.")
    drop: bool | None = strawberry.field(default=None, description="Takes it off the board.")
    expected: int | None = strawberry.field(default=None, description=EXPECTED_DESCRIPTION)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="What a project can own.")
class ThingInput:
    kind: ThingKind = strawberry.field(description="Of which kind.")
    id: str = strawberry.field(description="An experiment's id, a dataset's or model's name.")


@strawberry.input(description="Who owns what from now on.")
class AssignToProjectInput:
    project_id: str = strawberry.field(description="The new owner.")
    thing: ThingInput = strawberry.field(description="What it owns, whatever any pattern says.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.type
class ProjectMutations:
    """What can be changed."""

    create_project: ProjectPayload = commanded(
        CreateProjectInput, contracts.CreateProject, "Creates a project with the board of its lifecycle."
    )
    update_project: ProjectPayload = commanded(
        UpdateProjectInput, contracts.UpdateProject, "Renames, describes, archives a project, or changes what it owns."
    )
    fill_answer: ProjectPayload = commanded(FillAnswerInput, contracts.FillAnswer, "Answers an item of the board.")
    waive_item: ProjectPayload = commanded(WaiveItemInput, contracts.WaiveItem, "Leaves an item out, for a reason.")
    add_item: ProjectPayload = commanded(AddItemInput, contracts.AddItem, "Adds a question of the project's own.")
    move_back: ProjectPayload = commanded(
        MoveBackInput, contracts.MoveBack, "Sends the project back to an earlier stage."
    )
    confirm_stage: ProjectPayload = commanded(
        ConfirmStageInput, contracts.ConfirmStage, "Says that a stage still stands after a move back."
    )
    set_milestone: ProjectPayload = commanded(
        SetMilestoneInput, contracts.SetMilestone, "Adds, changes or drops a milestone."
    )
    set_assumption: ProjectPayload = commanded(
        SetAssumptionInput, contracts.SetAssumption, "Adds, changes or drops an assumption."
    )
    assign_to_project: ProjectPayload = commanded(
        AssignToProjectInput, contracts.AssignToProject, "Gives an experiment, dataset or model to a project."
    )
