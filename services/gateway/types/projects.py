"""Projects with their lifecycle boards: stages, items, evidence, milestones, assumptions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any

import strawberry
from strawberry import enum_value

from services.contracts import projects as contracts
from services.contracts.insights import InsightSummary, ListInsights
from services.contracts.paging import Page
from services.contracts.projects import ProjectSummary, ProjectView
from services.gateway.conditions import condition, ordering
from services.gateway.ids import global_id
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.types import values
from services.gateway.types.board_lists import (
    AssumptionFilter,
    AssumptionOrder,
    AssumptionStatus,
    MilestoneFilter,
    MilestoneOrder,
    MoveFilter,
    MoveOrder,
)
from services.gateway.types.fields import viewed
from services.gateway.types.insights import Insight
from services.gateway.types.limits import Size
from services.gateway.types.links import Link
from services.gateway.types.list_filters import InsightFilter
from services.gateway.types.list_orders import InsightOrder
from services.gateway.types.node import ID_DESCRIPTION, Node, reads
from services.gateway.types.paging import After, Before, Connection, First, Last, Sort, Where, paging
from services.gateway.types.past import ONLY_NOW, only_now
from services.gateway.types.values import KeyValue
from services.gateway.whole import attributes, kept

REVISION = "Counts its changes: the one to name as `expected` when changing it."


@strawberry.enum(description="Where a metric's level comes from.")
class LevelKind(Enum):
    EXPERT = enum_value("expert", description="Experts reach it.")
    MINIMUM = enum_value("minimum", description="It is the least that is worth shipping.")


@strawberry.type(description="What a metric is to be measured by, from the answers on a project's board.")
class MetricLevel:
    is_type_of = reads(contracts.MetricLevel)

    metric: str = strawberry.field(description="The metric's name.")
    kind: LevelKind = strawberry.field(description="Where the level comes from.")
    value: float = strawberry.field(description="The level.")
    higher_is_better: bool = strawberry.field(description="Whether more is better.")
    project_id: str = strawberry.field(description="The project whose answer it is.")


@strawberry.enum(description="Where a stage of the lifecycle stands.")
class StageState(Enum):
    NOT_STARTED = enum_value("not_started", description="Nothing in it is filled or proven.")
    IN_PROGRESS = enum_value("in_progress", description="Some of it is.")
    DONE = enum_value("done", description="All that isn't optional is filled, proven or waived.")
    NEEDS_ATTENTION = enum_value("needs_attention", description="Something in it turned bad: `attention` says what.")


@strawberry.enum(description="Where an item of a stage stands.")
class ItemState(Enum):
    OPEN = enum_value("open", description="Neither filled nor proven.")
    DONE = enum_value("done", description="Filled by a person or proven by evidence.")
    WAIVED = enum_value("waived", description="Left out, by somebody and for a reason.")
    BAD = enum_value("bad", description="Evidence speaks against it.")


@strawberry.enum(description="Who ticks an item.")
class ItemKind(Enum):
    EVIDENCE = enum_value("evidence", description="The system, from an event.")
    ANSWER = enum_value("answer", description="A person, by an answer.")
    CHECK = enum_value("check", description="The system, by a rule.")
    EITHER = enum_value("either", description="Evidence or an answer.")


@strawberry.enum(description="What a piece of evidence says.")
class Verdict(Enum):
    GOOD = enum_value("good", description="The item holds.")
    BAD = enum_value("bad", description="It doesn't.")
    LAPSED = enum_value("lapsed", description="It is about something that is no longer in use.")


@strawberry.enum(description="What a project can own.")
class ThingKind(Enum):
    EXPERIMENT = enum_value("experiment", description="Named by its id.")
    DATASET = enum_value("dataset", description="Named by its name.")
    MODEL = enum_value("model", description="Named by its name.")


@strawberry.type(description="All experiments, datasets or models whose name fits: the project owns them.")
class Pattern:
    is_type_of = reads(contracts.Pattern)

    kind: ThingKind = strawberry.field(description="Of which kind.")
    glob: str = strawberry.field(description="`*`, `?` and `[abc]`; case matters.")


@strawberry.type(description="A structured part of an answer.")
class AnswerField:
    is_type_of = reads(contracts.FieldView)

    key: str = strawberry.field(description="Its name in `values`.")
    title: str = strawberry.field(description="What it asks for.")
    number: bool = strawberry.field(description="Whether it must be a number.")
    required: bool = strawberry.field(description="Whether an answer needs it.")
    choices: list[str] = strawberry.field(description="What it may be; anything if empty.")


@strawberry.type(description="What shows that an item holds, or doesn't.")
class Evidence:
    is_type_of = reads(contracts.EvidenceView)

    about: str = strawberry.field(description="What it is about: a newer verdict about the same replaces it.")
    verdict: Verdict = strawberry.field(description="What it says.")
    proof: Link = strawberry.field(description="What it was read from.")
    note: str = strawberry.field(description="What it says, in words.")
    at: datetime = strawberry.field(description="When it was found.")
    cause: str = strawberry.field(description="Id of the event that it was read from.")
    thing: Link | None = strawberry.field(description="What the project owns that it came from.")


@strawberry.type(description="Something that a stage asks for.")
class Item:
    is_type_of = reads(contracts.ItemView)

    key: str = strawberry.field(description="Its name within the project.")
    title: str = strawberry.field(description="What it asks for.")
    kind: ItemKind = strawberry.field(description="Who ticks it.")
    state: ItemState = strawberry.field(description="Where it stands.")
    revision: int = strawberry.field(description=REVISION)
    optional: bool = strawberry.field(description="Whether the stage is done without it.")
    fields: list[AnswerField] = strawberry.field(description="The structured parts that an answer has.")
    answer: str = strawberry.field(description="The answer's text; empty without one.")
    values: list[KeyValue] = viewed(resolver=values.named("values"), description="The answer's structured parts.")
    answered_by: str = strawberry.field(description="Who answered; empty if nobody did.")
    answered_at: datetime | None = strawberry.field(description="When.")
    waived_because: str = strawberry.field(description="Why it was waived; empty if it wasn't.")
    waived_by: str = strawberry.field(description="Who waived it; empty if nobody did.")
    waived_at: datetime | None = strawberry.field(description="When.")
    evidence: list[Evidence] = strawberry.field(description="What was found, the newest verdict about each.")


@strawberry.type(description="A stage of the lifecycle.")
class Stage:
    is_type_of = reads(contracts.StageView)

    key: str = strawberry.field(description="Its name within the project.")
    number: int = strawberry.field(description="Its place, from 1.")
    title: str = strawberry.field(description="What it is called.")
    phase: str = strawberry.field(description="scope, data, model or production.")
    state: StageState = strawberry.field(description="Where it stands.")
    done: int = strawberry.field(description="How many of its items are done or waived.")
    open: int = strawberry.field(description="How many are still to do.")
    again: str = strawberry.field(description="Why it is gone through again, after a move back; empty if it isn't.")
    attention: list[str] = strawberry.field(description="Why it needs attention, in words.")
    items: list[Item] = strawberry.field(description="What it asks for.")


@strawberry.type(description="Something to be reached by a day.")
class Milestone:
    is_type_of = reads(contracts.MilestoneView)

    id: str = strawberry.field(description="Its id within the project.")
    title: str = strawberry.field(description="What is to be reached.")
    owner: str = strawberry.field(description="Who sees to it.")
    due: date = strawberry.field(description="The last day for it.")
    done: bool = strawberry.field(description="Whether it is reached.")
    overdue: bool = strawberry.field(description="Whether its day has passed without.")
    revision: int = strawberry.field(description=REVISION)


@strawberry.type(description="What is taken for true until somebody looks.")
class Assumption:
    is_type_of = reads(contracts.AssumptionView)

    id: str = strawberry.field(description="Its id within the project.")
    text: str = strawberry.field(description="What is assumed.")
    status: AssumptionStatus = strawberry.field(description="Where it stands.")
    proofs: list[Link] = strawberry.field(description="What shows it.")
    note: str = strawberry.field(description="What was found, in words.")
    consequence: str = strawberry.field(description="What follows from it being refuted.")
    revision: int = strawberry.field(description=REVISION)


@strawberry.type(description="A move back to an earlier stage.")
class Move:
    is_type_of = reads(contracts.MoveView)

    stage: str = strawberry.field(description="From this stage.")
    to: str = strawberry.field(description="Back to this one.")
    reason: str = strawberry.field(description="Why.")
    by: str = strawberry.field(description="Who moved it.")
    at: datetime = strawberry.field(description="When.")


_OF_MILESTONES = attributes("title", "owner", "due", "done", "overdue")
_OF_ASSUMPTIONS = attributes("text", "note", "consequence", "status")
_OF_MOVES = attributes("stage", "to", "reason", "by", "at")
AnyProject = ProjectSummary | ProjectView


def _id(parent: strawberry.Parent[AnyProject]) -> strawberry.ID:
    return strawberry.ID(global_id("Project", parent.id))


def _project_id(parent: strawberry.Parent[AnyProject]) -> str:
    return parent.id


def _of_board(attribute: str) -> Callable[..., Any]:
    """Reads off the whole board; asks for it where a list gave only the summary."""

    def resolver(parent: Any, info: Any) -> Any:
        if isinstance(parent, ProjectView):
            return getattr(parent, attribute)
        return _later(info, parent.id, attribute)

    parent_type: Any = strawberry.Parent  # an alias that no checker takes for generic at run time
    resolver.__annotations__.update(parent=parent_type[AnyProject], info=Info)
    return resolver


async def _later(info: Info, project_id: str, attribute: str) -> Any:
    board = await info.context.relatives.projects.load(project_id)
    return getattr(board, attribute, None)


def _states(parent: strawberry.Parent[AnyProject]) -> list[Any]:
    return [stage.state for stage in parent.stages] if isinstance(parent, ProjectView) else list(parent.stages)


def _attention(parent: strawberry.Parent[AnyProject]) -> list[str]:
    if isinstance(parent, ProjectView):
        return [reason for stage in parent.stages for reason in stage.attention]
    return parent.attention


def _overdue(parent: strawberry.Parent[AnyProject]) -> int:
    if isinstance(parent, ProjectView):
        return sum(milestone.overdue for milestone in parent.milestones)
    return parent.overdue


async def _insights(
    parent: strawberry.Parent[AnyProject],
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Where[InsightFilter] = None,
    sort: Sort[InsightOrder] = None,
    words: Annotated[str | None, strawberry.argument(description="Only those in which any of these occurs.")] = None,
) -> Page[InsightSummary]:
    if isinstance(parent, ProjectView):
        only_now(parent.as_of if parent.past else None, "insights")
    asked = paging(first, after, last, before, Selected.of(info))
    return await info.context.ask(
        ListInsights(
            paging=asked, words=words or "", project_id=parent.id, where=condition(where), order=ordering(sort)
        )
    )


async def _of(parent: AnyProject, info: Info, attribute: str) -> Any:
    """What stands on the whole board."""
    return getattr(parent, attribute) if isinstance(parent, ProjectView) else await _later(info, parent.id, attribute)


async def _milestones(
    parent: strawberry.Parent[AnyProject],
    info: Info,
    where: Where[MilestoneFilter] = None,
    sort: Sort[MilestoneOrder] = None,
) -> list[contracts.MilestoneView]:
    found = await _of(parent, info, "milestones")
    return kept(found, condition(where), ordering(sort), _OF_MILESTONES)


async def _assumptions(
    parent: strawberry.Parent[AnyProject],
    info: Info,
    where: Where[AssumptionFilter] = None,
    sort: Sort[AssumptionOrder] = None,
) -> list[contracts.AssumptionView]:
    found = await _of(parent, info, "assumptions")
    return kept(found, condition(where), ordering(sort), _OF_ASSUMPTIONS)


async def _moves(
    parent: strawberry.Parent[AnyProject],
    info: Info,
    where: Where[MoveFilter] = None,
    sort: Sort[MoveOrder] = None,
) -> list[contracts.MoveView]:
    return kept(await _of(parent, info, "moves"), condition(where), ordering(sort), _OF_MOVES)


def _board(attribute: str, description: str, size: int = 1) -> Any:
    return viewed(resolver=_of_board(attribute), size=Size(otherwise=size, asks=True), description=description)


@strawberry.type(description="A project with the board of its lifecycle, now or as it was at `asOf`.")
class Project(Node):
    is_type_of = reads(ProjectView, ProjectSummary)

    id: strawberry.ID = viewed(resolver=_id, description=ID_DESCRIPTION)
    project_id: str = viewed(resolver=_project_id, description="The id that mutations and arguments take.")
    name: str = strawberry.field(description="Its name, unique.")
    description: str = strawberry.field(description="What it is for.")
    archived: bool = strawberry.field(description="Whether it is put away.")
    created_at: datetime = strawberry.field(description="When it was created.")
    updated_at: datetime = strawberry.field(description="When its board last changed.")
    revision: int = strawberry.field(description=REVISION)
    stage_states: list[StageState] = viewed(resolver=_states, description="Where each stage stands, in order.")
    attention: list[str] = viewed(resolver=_attention, description="What needs attention, in words.")
    overdue: int = viewed(resolver=_overdue, description="How many milestones are overdue.")
    created_by: str | None = _board("created_by", "Who created it.")
    as_of: datetime | None = _board("as_of", "The moment whose board this is.")
    template: str | None = _board("template", "The template that its board started from.")
    template_version: int | None = _board("template_version", "That template's version.")
    patterns: list[Pattern] | None = _board("patterns", "What it owns by name.", 5)
    assigned: list[Link] | None = _board("assigned", "What it owns because somebody said so.", 5)
    stages: list[Stage] | None = _board("stages", "Its stages, in order.", 14)
    insights: Connection[Insight] | None = viewed(
        resolver=_insights,
        size=Size(asks=True),
        description="What was learned about it and about anything that it owns, newest or best fit first." + ONLY_NOW,
    )
    milestones: list[Milestone] | None = viewed(
        resolver=_milestones, size=Size(otherwise=10, asks=True), description="Its milestones."
    )
    assumptions: list[Assumption] | None = viewed(
        resolver=_assumptions, size=Size(otherwise=10, asks=True), description="What it assumes."
    )
    moves: list[Move] | None = viewed(
        resolver=_moves, size=Size(otherwise=5, asks=True), description="Moves back, and why."
    )
