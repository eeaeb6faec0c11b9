"""Deploys, rolls back and retires versions, keeps aliases in step, and says what ran where."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable

import msgspec

from services.contracts.base import Event
from services.contracts.deployments import (
    DeploymentView,
    DeployVersion,
    EnvironmentView,
    GetStandings,
    ListDeployments,
    ListDeploymentsByPage,
    ListEnvironments,
    ListRan,
    RanView,
    RetireVersion,
    RollBack,
    SetEnvironment,
    StandingView,
)
from services.contracts.errors import Invalid, NotFound, TooLarge
from services.contracts.identity import Action, may, require
from services.contracts.paging import Edge, Page
from services.contracts.written import Written
from services.registry.clock import Now
from services.registry.deployments import environments, rules
from services.registry.deployments.environments import Environment
from services.registry.deployments.rules import Deployment, Standing
from services.registry.deployments.store import DEPLOYMENTS, ENVIRONMENTS, MongoDeployments
from services.registry.documents import put
from services.registry.gates.handlers import Gates
from services.registry.models.handlers import Models
from services.registry.once import once
from services.registry.reviews.content import Content, Contents
from services.registry.reviews.handlers import Reviews
from services.registry.states import milliseconds
from services.registry.turns import Turns
from services.runtime.context import Context
from services.runtime.event_numbers import EventNumbers
from services.runtime.outbox import Change, Duplicate, Outbox

MOST_SHOWN = 1000
MOST_ENVIRONMENTS = 50
STAYS_IN_LISTS = 20
"""Newest stays of each model in a list of many; one deployment alone shows all."""

Command = DeployVersion | RollBack | RetireVersion
Decide = Callable[[Deployment, Environment], Awaitable[tuple[Deployment, Event]]]


class Deployments:
    def __init__(
        self,
        outbox: Outbox,
        store: MongoDeployments,
        contents: Contents,
        models: Models,
        gates: Gates,
        reviews: Reviews,
        numbers: EventNumbers,
        now: Now,
    ) -> None:
        self._outbox = outbox
        self._store = store
        self._numbers = numbers
        self._contents = contents
        self._models = models
        self._gates = gates
        self._reviews = reviews
        self._now = now
        self._turns = Turns()

    # ------------------------------------------------------------ environments

    async def ensure_defaults(self, context: Context) -> None:
        """Production and staging, unless there are environments already."""
        if await self._store.environments():
            return
        change = Change(context, "set_environment")
        for name, description, approval, gates, alias in environments.DEFAULTS:
            decided = environments.environment_set(
                None,
                name=name,
                description=description,
                needs_approval=approval,
                needs_gates=gates,
                alias=alias,
                expected=None,
                who=context.principal.user,
            )
            assert decided is not None
            put(change, ENVIRONMENTS, None, decided[0])
            change.emit(decided[1], decided[0].v)
        try:
            await self._outbox.commit(change)
        except Duplicate:
            return  # another replica was faster

    async def set_environment(self, request: SetEnvironment, context: Context) -> Written:
        """By administrators: it says what everybody must meet."""
        require(context.principal, Action.OPERATE)

        async def decide() -> tuple[Change, Written]:
            former = await self._store.environment(request.environment)
            if former is None and len(await self._store.environments()) >= MOST_ENVIRONMENTS:
                raise TooLarge(f"at most {MOST_ENVIRONMENTS} environments", field="environment")
            decided = environments.environment_set(
                former,
                name=request.environment,
                description=request.description,
                needs_approval=request.needs_approval,
                needs_gates=request.needs_gates,
                alias=request.alias,
                expected=request.expected,
                who=context.principal.user,
            )
            change = Change(context, "set_environment")
            if decided is not None:
                put(change, ENVIRONMENTS, former, decided[0])
                change.emit(decided[1], decided[0].v)
            revision = decided[0].v if decided is not None else former.v if former is not None else 0
            return change, Written(id=request.environment, revision=revision)

        return await once(self._outbox, request, context, decide, again_on_duplicate=True)

    async def environments(self, request: ListEnvironments, context: Context) -> list[EnvironmentView]:
        require(context.principal, Action.READ)
        return [environments.environment_view(environment) for environment in await self._store.environments()]

    async def _environment(self, name: str) -> Environment:
        rules.check_name(name)
        environment = await self._store.environment(name)
        if environment is None:
            raise NotFound(f"there is no environment {name!r}", field="environment")
        return environment

    # ------------------------------------------------------------ changing what runs

    async def deploy(self, request: DeployVersion, context: Context) -> Written:
        """Raises NotAllowedNow, naming the rule that isn't met."""
        require(context.principal, Action.DEPLOY)
        who = context.principal.user

        async def decide(before: Deployment, environment: Environment) -> tuple[Deployment, Event]:
            content = await self._contents.of(request.model_name, request.version, context)
            return rules.deployed(
                before,
                content.version.version,
                await self._standing(content, context),
                environment.policy,
                note=request.note,
                override_reason=request.override_reason,
                may_override=may(context.principal, Action.OVERRIDE_GATE),
                alias=environment.alias,
                now=self._now(),
                who=who,
            )

        return await self._change(request, context, "deploy_version", decide, request.expected)

    async def roll_back(self, request: RollBack, context: Context) -> Written:
        require(context.principal, Action.DEPLOY)
        who = context.principal.user

        async def decide(before: Deployment, environment: Environment) -> tuple[Deployment, Event]:
            target = rules.rollback_target(before, request.to_version)
            content = await self._contents.find(request.model_name, target.version, context)
            return rules.rolled_back(
                before,
                request.to_version,
                "" if content is None else content.digest,
                reason=request.reason,
                alias=environment.alias,
                now=self._now(),
                who=who,
            )

        return await self._change(request, context, "roll_back", decide, request.expected)

    async def retire(self, request: RetireVersion, context: Context) -> Written:
        require(context.principal, Action.DEPLOY)
        who = context.principal.user

        async def decide(before: Deployment, environment: Environment) -> tuple[Deployment, Event]:
            return rules.retired(before, reason=request.reason, alias=environment.alias, now=self._now(), who=who)

        return await self._change(request, context, "retire_version", decide)

    async def _change(
        self, request: Command, context: Context, action: str, decide: Decide, expected: int | None = None
    ) -> Written:
        """What runs and the alias that follows it change in one transaction."""

        async def attempt() -> tuple[Change, Written]:
            environment = await self._environment(request.environment)
            former = await self._store.get(request.environment, request.model_name)
            before = former or rules.nothing(request.environment, request.model_name)
            rules.unchanged(expected, before.v, "what runs there")
            if former is None:
                before = msgspec.structs.replace(before, v=await self._numbers.last("deployment", before.id))
            after, event = await decide(before, environment)
            change = Change(context, action)
            put(change, DEPLOYMENTS, former, after)
            change.emit(event, after.v)
            await self._keep_in_step(change, environment.alias, before, after)
            return change, Written(id=after.id, revision=after.v)

        async with self._turns.of(request.model_name):
            return await once(self._outbox, request, context, attempt, again_on_duplicate=True)

    async def renamed(self, change: Change, former_name: str, model_name: str) -> None:
        """Moves what runs and ran of a model along with it; its aliases come along by themselves."""
        aliases = {environment.id: environment.alias for environment in await self._store.environments()}
        for before in await self._store.find(None, former_name, most=MOST_ENVIRONMENTS):
            there = await self._store.get(before.environment, model_name)
            events = await self._numbers.last("deployment", rules.deployment_id(before.environment, model_name))
            after, event = rules.renamed(before, model_name, aliases.get(before.environment, ""), events)
            change.delete(DEPLOYMENTS, {"_id": before.id, "r": before.r})
            put(change, DEPLOYMENTS, there, after)
            change.emit(event, after.v)

    async def _keep_in_step(self, change: Change, alias: str, before: Deployment, after: Deployment) -> None:
        if not alias:
            return
        if after.current is not None:
            await self._models.point(change, after.model_name, alias, after.current.version)
        elif before.current is not None:
            with contextlib.suppress(NotFound):  # the model was deleted, and its aliases with it
                await self._models.unpoint(change, after.model_name, alias, before.current.version)

    async def _standing(self, content: Content, context: Context) -> Standing:
        version = content.version
        policy = await self._gates.policy_for(version.model_name, context)
        approval = await self._reviews.approval(content)
        return Standing(
            digest=content.digest,
            approved=bool(approval.by) and len(approval.by) >= policy.approvals,
            approvers=approval.by,
            lapsed_because=approval.lapsed_because,
            passed=await self._gates.passed(content, context),
        )

    # ------------------------------------------------------------ reading

    async def released(self, model_name: str) -> set[str]:
        """The versions that have run anywhere."""
        found = await self._store.find(None, model_name, most=MOST_ENVIRONMENTS)
        return {stay.version for deployment in found for stay in deployment.stays}

    async def runs_in(self, model_name: str, version: str) -> list[str]:
        """The environments where a version runs now."""
        found = await self._store.find(None, model_name, most=MOST_ENVIRONMENTS)
        return [
            deployment.environment
            for deployment in found
            if deployment.current is not None and deployment.current.version == version
        ]

    async def standings(self, request: GetStandings, context: Context) -> list[StandingView]:
        """Raises NotFound if there is no such version."""
        require(context.principal, Action.READ)
        content = await self._contents.of(request.model_name, request.version, context)
        standing = await self._standing(content, context)
        version = content.version
        running = await self.runs_in(version.model_name, version.version)
        return [
            StandingView(
                environment=environment.id,
                model_name=version.model_name,
                version=version.version,
                digest=content.digest,
                approved=standing.approved,
                gates_passed=standing.passed,
                missing=rules.missing(environment.policy, standing),
                runs_here=environment.id in running,
            )
            for environment in await self._store.environments()
        ]

    async def listed(self, request: ListDeployments, context: Context) -> list[DeploymentView]:
        require(context.principal, Action.READ)
        aliases = {environment.id: environment.alias for environment in await self._store.environments()}
        found = await self._store.find(request.environment, request.model_name, most=MOST_SHOWN)
        if request.as_of is not None:
            then = milliseconds(request.as_of)
            found = [past for deployment in found if (past := rules.as_of(deployment, then)) is not None]
        most = rules.MANY_STAYS if len(found) == 1 else STAYS_IN_LISTS
        return [rules.view(deployment, aliases.get(deployment.environment, ""), most) for deployment in found]

    async def page(self, request: ListDeploymentsByPage, context: Context) -> Page[DeploymentView]:
        require(context.principal, Action.READ)
        aliases = {environment.id: environment.alias for environment in await self._store.environments()}
        then = None if request.as_of is None else milliseconds(request.as_of)
        if then is not None and (request.where is not None or request.order):
            raise Invalid("with `as_of`, this list has no filter and no order", field="where", fix="Leave them out.")
        page = await self._store.page(request, then)
        edges = [
            Edge(
                cursor=edge.cursor,
                node=rules.view(deployment, aliases.get(deployment.environment, ""), STAYS_IN_LISTS),
            )
            for edge in page.edges
            if (deployment := edge.node if then is None else rules.as_of(edge.node, then)) is not None
        ]
        return Page(edges=edges, has_next=page.has_next, has_previous=page.has_previous, total=page.total)

    async def ran(self, request: ListRan, context: Context) -> list[RanView]:
        require(context.principal, Action.READ)
        for path, at in (("start", request.start), ("end", request.end)):
            if at is not None and at.tzinfo is None:
                raise Invalid("the moment needs a time zone", field=path, fix="Such as 2026-11-22T10:00:00Z.")
        start = int(request.start.timestamp() * 1000)
        end = None if request.end is None else int(request.end.timestamp() * 1000)
        found = await self._store.running_between(request.environment, request.model_name, start, end, most=MOST_SHOWN)
        stays = [entry for deployment in found for entry in rules.ran(deployment, start, end)]
        return sorted(stays, key=lambda entry: entry.stay.start, reverse=True)[:MOST_SHOWN]
