"""Creates, changes and shows projects and their boards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from services.contracts.errors import Invalid, NotFound
from services.contracts.identity import Action, require
from services.contracts.paging import Page
from services.contracts.projects import (
    AddItem,
    AnswerFilled,
    AssignToProject,
    ConfirmStage,
    CreateProject,
    FillAnswer,
    FindOwners,
    GetProject,
    ItemWaived,
    ListProjects,
    MoveBack,
    ProjectSummary,
    ProjectUpdated,
    ProjectView,
    SetAssumption,
    SetMilestone,
    Thing,
    ThingKind,
    UpdateProject,
    WaiveItem,
)
from services.contracts.written import Written
from services.registry.clock import Now
from services.registry.documents import insert, save
from services.registry.once import once
from services.registry.projects import board, ownership, rules
from services.registry.projects.catching_up import CatchingUp
from services.registry.projects.owners import Owners
from services.registry.projects.project import BoardEvent, Project, applied, folded, started
from services.registry.projects.store import PROJECTS, MongoProjects, assign, put
from services.registry.projects.things import Things, taken
from services.registry.runs.times import moment
from services.registry.turns import Turns
from services.runtime.context import Context
from services.runtime.ids import new_id
from services.runtime.outbox import Change, Duplicate, Outbox

MAX_THINGS = 100
MOST_CLAIMED = 200
"""Things whose past is read again when patterns claim them at once."""

Command = UpdateProject | FillAnswer | WaiveItem | AddItem | MoveBack | ConfirmStage | SetMilestone | SetAssumption
Decide = Callable[[Project, str], BoardEvent | None]
Revision = Callable[[Project], int]
Follow = Callable[[Change, Project], Awaitable[None]]
"""Adds to a project's change what follows from it; called with the project as it will be."""


class Projects:
    def __init__(self, outbox: Outbox, store: MongoProjects, things: Things, catching_up: CatchingUp, now: Now) -> None:
        self._outbox = outbox
        self._store = store
        self._things = things
        self._owners = Owners(store, things)
        self._catching_up = catching_up
        self._now = now
        self._turns = Turns()
        self._follow: Follow | None = None

    def followed_by(self, follow: Follow) -> None:
        """Who is told, in the same transaction, that people answered or waived something."""
        self._follow = follow

    async def ensure_default(self, context: Context) -> None:
        """The default project owns whatever no other does."""
        if await self._store.get(rules.DEFAULT_ID) is not None:
            return
        change = Change(context, "create_project")
        event = rules.created(rules.DEFAULT_ID, rules.DEFAULT_NAME, "", [], None, self._now(), context.principal.user)
        insert(change, PROJECTS, started(event))
        change.emit(event, 1)
        try:
            await self._outbox.commit(change)
        except Duplicate:
            return  # another replica was faster

    async def create(self, request: CreateProject, context: Context) -> Written:
        """What the patterns claim comes with its past. Raises Conflict if the name is taken."""
        require(context.principal, Action.EDIT_PROJECT)

        async def decide() -> tuple[Change, Written]:
            event = rules.created(
                new_id(),
                request.project_name,
                request.description,
                request.patterns,
                request.template_version,
                self._now(),
                context.principal.user,
            )
            change = Change(context, "create_project")
            project = started(event)
            change.emit(event, project.v)
            claimed = await self._claimed(project, context)
            for past in await self._taken_over(change, project, claimed, context):
                project = applied(project, past)
                change.emit(past, project.v)
            insert(change, PROJECTS, project)
            return change, Written(id=project.id, revision=project.revision)

        try:
            return await once(self._outbox, request, context, decide)
        except Duplicate as error:
            raise taken(request.project_name) from error

    async def update(self, request: UpdateProject, context: Context) -> Written:
        def decide(project: Project, who: str) -> BoardEvent | None:
            return rules.updated(
                project,
                self._now(),
                who,
                name=request.project_name,
                description=request.description,
                patterns=request.patterns,
                archived=request.archived,
                expected=request.expected,
            )

        try:
            return await self._change(request, context, "update_project", decide, lambda project: project.revision)
        except Duplicate as error:
            raise taken(request.project_name or "") from error

    async def answer(self, request: FillAnswer, context: Context) -> Written:
        def decide(project: Project, who: str) -> BoardEvent:
            return rules.answered(
                project,
                self._now(),
                who,
                item=request.item,
                text=request.text,
                fields=request.fields,
                expected=request.expected,
            )

        return await self._change(
            request, context, "fill_answer", decide, lambda project: project.record(request.item).revision
        )

    async def waive(self, request: WaiveItem, context: Context) -> Written:
        def decide(project: Project, who: str) -> BoardEvent:
            return rules.waived(
                project, self._now(), who, item=request.item, reason=request.reason, expected=request.expected
            )

        return await self._change(
            request, context, "waive_item", decide, lambda project: project.record(request.item).revision
        )

    async def add_item(self, request: AddItem, context: Context) -> Written:
        def decide(project: Project, who: str) -> BoardEvent:
            return rules.item_added(
                project, self._now(), who, stage=request.stage, item=request.item, title=request.title
            )

        return await self._change(request, context, "add_item", decide, lambda project: 0)

    async def move_back(self, request: MoveBack, context: Context) -> Written:
        def decide(project: Project, who: str) -> BoardEvent:
            return rules.moved_back(
                project, self._now(), who, stage=request.stage, to=request.to, reason=request.reason
            )

        return await self._change(request, context, "move_back", decide, lambda project: project.v)

    async def confirm(self, request: ConfirmStage, context: Context) -> Written:
        def decide(project: Project, who: str) -> BoardEvent:
            return rules.confirmed(project, self._now(), who, stage=request.stage, reason=request.reason)

        return await self._change(request, context, "confirm_stage", decide, lambda project: project.v)

    async def milestone(self, request: SetMilestone, context: Context) -> Written:
        """Raises NotFound for an id that isn't one of the project's."""
        key = request.milestone or new_id()

        def decide(project: Project, who: str) -> BoardEvent:
            if request.milestone is not None and request.milestone not in project.milestones:
                raise NotFound(f"the project has no milestone {request.milestone!r}", field="milestone")
            return rules.milestone_set(
                project,
                self._now(),
                who,
                milestone=key,
                title=request.title,
                owner=request.owner,
                due=request.due,
                done=request.done,
                drop=request.drop,
                expected=request.expected,
            )

        return await self._change(
            request, context, "set_milestone", decide, lambda project: project.milestones[key].revision, key
        )

    async def assumption(self, request: SetAssumption, context: Context) -> Written:
        """Raises NotFound for an id that isn't one of the project's."""
        key = request.assumption or new_id()

        def decide(project: Project, who: str) -> BoardEvent:
            if request.assumption is not None and request.assumption not in project.assumptions:
                raise NotFound(f"the project has no assumption {request.assumption!r}", field="assumption")
            return rules.assumption_set(
                project,
                self._now(),
                who,
                assumption=key,
                text=request.text,
                status=request.status,
                proofs=request.proofs,
                note=request.note,
                consequence=request.consequence,
                drop=request.drop,
                expected=request.expected,
            )

        return await self._change(
            request, context, "set_assumption", decide, lambda project: project.assumptions[key].revision, key
        )

    async def _change(
        self,
        request: Command,
        context: Context,
        action: str,
        decide: Decide,
        revision: Revision,
        answer_id: str | None = None,
    ) -> Written:
        """Loads, decides and commits; again when evidence or somebody else came in between."""
        require(context.principal, Action.EDIT_PROJECT)

        async def attempt() -> tuple[Change, Written]:
            before = await self._get(request.project_id)
            event = decide(before, context.principal.user)
            change = Change(context, action)
            events = [] if event is None else [event]
            if isinstance(event, ProjectUpdated) and event.patterns != before.patterns and not event.archived:
                seen = applied(before, event)
                claimed = await self._claimed(seen, context)
                events += await self._taken_over(change, seen, claimed, context)
            after = put(change, before, events)
            if self._follow is not None and isinstance(event, AnswerFilled | ItemWaived):
                await self._follow(change, after)
            return change, Written(id=answer_id or after.id, revision=revision(after))

        async with self._turns.of(request.project_id):
            return await once(self._outbox, request, context, attempt)

    async def _get(self, project_id: str) -> Project:
        project = await self._store.get(project_id)
        if project is None:
            raise NotFound(f"there is no project {project_id!r}", field="project_id")
        return project

    # ------------------------------------------------------------ who owns what

    async def assign(self, request: AssignToProject, context: Context) -> Written:
        """Tells the former owner, too. Raises NotFound for an experiment that doesn't exist."""
        require(context.principal, Action.EDIT_PROJECT)
        thing, who = request.thing, context.principal.user
        await self._things.name(context, thing)

        async def attempt() -> tuple[Change, Written]:
            former = (await self._store.assigned([thing])).get(thing)
            owner = (await self.owners(context, [thing]))[0]
            before = await self._get(request.project_id)
            change = Change(context, "assign_to_project")
            event = rules.assigned(before, self._now(), who, thing)
            events: list[BoardEvent] = [] if event is None else [event]
            if owner != request.project_id:
                seen = before if event is None else applied(before, event)
                owners = {thing: owner}
                events += await self._catching_up.events(seen, [thing], owners, context)
            after = put(change, before, events)
            if former != request.project_id:
                assign(change, thing, request.project_id, former)
            if owner != request.project_id:
                giving = await self._get(owner)
                put(change, giving, [rules.released(giving, self._now(), who, thing)])
            return change, Written(id=after.id, revision=after.revision)

        async with self._turns.of(request.project_id):
            return await once(self._outbox, request, context, attempt, again_on_duplicate=True)

    async def renamed(self, change: Change, former_name: str, model_name: str) -> None:
        """A model stays with its project, whatever the project's patterns say of its new name."""
        former, thing = Thing(kind="model", id=former_name), Thing(kind="model", id=model_name)
        [owner] = await self.owners(change.context, [former])
        there = (await self._store.assigned([thing])).get(thing)
        if owner in (rules.DEFAULT_ID, there):
            return
        before = await self._get(owner)
        event = rules.assigned(before, self._now(), change.context.principal.user, thing)
        put(change, before, [] if event is None else [event])
        assign(change, thing, owner, there)

    async def _claimed(self, project: Project, context: Context) -> dict[Thing, str]:
        """The things that the project's patterns claim from others, with their former owners."""
        found: dict[Thing, str] = {}
        for kind in dict.fromkeys(pattern.kind for pattern in project.patterns):
            found |= await self._things.all(context, kind)
        matching = ownership.matching(project.patterns, found)[:MOST_CLAIMED]
        assigned = await self._store.assigned(matching)
        others = await self._store.claims()
        ours = ownership.Claim(project=project.id, created=project.created, patterns=project.patterns)
        claims = [ours, *(claim for claim in others if claim.project != project.id)]
        former = {thing: ownership.owner(thing, found[thing], assigned, others) for thing in matching}
        return {
            thing: former[thing]
            for thing in matching
            if ownership.owner(thing, found[thing], assigned, claims) == project.id != former[thing]
        }

    async def _taken_over(
        self, change: Change, project: Project, claimed: Mapping[Thing, str], context: Context
    ) -> list[BoardEvent]:
        """The past of what the project has claimed, for its board; the former owners' boards let go of it."""
        if not claimed:
            return []
        who = context.principal.user
        for owner in sorted(set(claimed.values())):
            giving = await self._get(owner)
            shown = {finding.thing for record in giving.records.values() for finding in record.findings}
            left = [thing for thing, former in claimed.items() if former == owner and thing in shown]
            if left:
                put(change, giving, [rules.released(giving, self._now(), who, thing) for thing in left])
            else:
                save(change, PROJECTS, giving, giving)  # evidence that is on its way there is to be decided again
        return await self._catching_up.events(project, list(claimed), claimed, context)

    async def find_owners(self, request: FindOwners, context: Context) -> list[str]:
        require(context.principal, Action.READ)
        if len(request.things) > MAX_THINGS:
            raise Invalid(f"at most {MAX_THINGS} things at once", field="things")
        return await self.owners(context, request.things)

    async def owners(self, context: Context, things: Sequence[Thing]) -> list[str]:
        """The project of each thing, in order."""
        return await self._owners.of(context, things)

    async def things_of(self, context: Context, project_id: str) -> list[Thing]:
        """All that a project owns. Raises NotFound."""
        await self._get(project_id)
        kinds: tuple[ThingKind, ...] = ("experiment", "model", "dataset")
        names = {thing: name for kind in kinds for thing, name in (await self._things.all(context, kind)).items()}
        assigned, claims = await self._store.assigned(list(names)), await self._store.claims()
        return [thing for thing, name in names.items() if ownership.owner(thing, name, assigned, claims) == project_id]

    async def owning(self, context: Context, thing: Thing) -> Project:
        """The project, with its board, that a thing belongs to."""
        [owner] = await self.owners(context, [thing])
        return await self._get(owner)

    async def board_of(self, project_id: str) -> Project:
        """Raises NotFound."""
        return await self._get(project_id)

    # ------------------------------------------------------------ reading

    async def get(self, request: GetProject, context: Context) -> ProjectView:
        """Now, or by its events as it was. Raises NotFound if it didn't exist then."""
        require(context.principal, Action.READ)
        now = moment(self._now())
        if request.as_of is None:
            return board.view(await self._get(request.project_id), now)
        if request.as_of.tzinfo is None:
            raise Invalid("the moment needs a time zone", field="as_of", fix="Such as 2026-11-22T10:00:00Z.")
        then = board.view(await self._past(request.project_id, request.as_of), request.as_of)
        return msgspec.structs.replace(then, past=True)

    async def _past(self, project_id: str, at: datetime) -> Project:
        await self._get(project_id)
        project = folded(await self._store.history(project_id, at))
        if project is None:
            raise NotFound(f"the project {project_id!r} didn't exist at {at.isoformat()}", field="as_of")
        return project

    async def page(self, request: ListProjects, context: Context) -> Page[ProjectSummary]:
        require(context.principal, Action.READ)
        return await self._store.page(request, moment(self._now()))
