"""Deployments, environments and retraining: what can be asked and changed of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from services.contracts import deployments as contracts
from services.contracts import retraining
from services.contracts.errors import NotFound
from services.contracts.paging import Page
from services.gateway.conditions import condition, ordering
from services.gateway.inputs import deployments as inputs
from services.gateway.inputs import retraining as retraining_inputs
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.types.arguments import ModelName, SomeModelName, SomeVersionNumber, VersionNumber
from services.gateway.types.commands import Outcome, WrittenPayload, commanded, plain
from services.gateway.types.deployments import Deployment, Environment, Ran, Standing
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size
from services.gateway.types.list_filters import RetrainingFilter
from services.gateway.types.list_orders import RetrainingOrder
from services.gateway.types.node import reads
from services.gateway.types.of_versions import OF_STANDINGS
from services.gateway.types.paging import After, Before, Connection, First, Last, Sort, Where, paging
from services.gateway.types.retraining import Retraining, RetrainingState
from services.gateway.types.running_lists import (
    DeploymentFilter,
    DeploymentOrder,
    EnvironmentFilter,
    EnvironmentOrder,
    RanFilter,
    RanOrder,
    StandingFilter,
    StandingOrder,
)
from services.gateway.whole import Read, attributes, kept

_OF_ENVIRONMENTS = attributes("name", "description", "alias", "needs_approval", "needs_gates")
_OF_RAN: Read = {
    **attributes("environment"),
    "model": lambda ran: ran.model_name,
    "version": lambda ran: ran.stay.version,
    "how": lambda ran: ran.stay.how,
    "by": lambda ran: ran.stay.by,
    "overridden": lambda ran: ran.stay.overridden,
    "start": lambda ran: ran.stay.start,
    "end": lambda ran: ran.stay.end,
}
SomeEnvironment = Annotated[str | None, strawberry.argument(description="Only in this environment.")]


async def _deployments(
    info: Info, environment: SomeEnvironment = None, model: SomeModelName = None
) -> list[contracts.DeploymentView]:
    return await info.context.ask(contracts.ListDeployments(environment=environment, model_name=model))


async def _deployed_models(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    environment: SomeEnvironment = None,
    model: SomeModelName = None,
    where: Where[DeploymentFilter] = None,
    sort: Sort[DeploymentOrder] = None,
) -> Page[contracts.DeploymentView]:
    return await info.context.ask(
        contracts.ListDeploymentsByPage(
            paging=paging(first, after, last, before, Selected.of(info)),
            environment=environment,
            model_name=model,
            where=condition(where),
            order=ordering(sort),
        )
    )


async def _environments(
    info: Info,
    where: Where[EnvironmentFilter] = None,
    sort: Sort[EnvironmentOrder] = None,
) -> list[contracts.EnvironmentView]:
    found = await info.context.ask(contracts.ListEnvironments())
    return kept(found, condition(where), ordering(sort), _OF_ENVIRONMENTS)


async def _standings(
    info: Info,
    model: ModelName,
    version: VersionNumber,
    where: Where[StandingFilter] = None,
    sort: Sort[StandingOrder] = None,
) -> list[contracts.StandingView]:
    found = await info.context.ask(contracts.GetStandings(model_name=model, version=version))
    return kept(found, condition(where), ordering(sort), OF_STANDINGS)


async def _ran(
    info: Info,
    start: Annotated[datetime, strawberry.argument(description="From this moment on.")],
    end: Annotated[datetime | None, strawberry.argument(description="To this moment; until now if unsaid.")] = None,
    environment: SomeEnvironment = None,
    model: SomeModelName = None,
    where: Where[RanFilter] = None,
    sort: Sort[RanOrder] = None,
) -> list[contracts.RanView]:
    found = await info.context.ask(contracts.ListRan(start=start, end=end, environment=environment, model_name=model))
    return kept(found, condition(where), ordering(sort), _OF_RAN)


async def _retrainings(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    model: SomeModelName = None,
    version: SomeVersionNumber = None,
    states: Annotated[
        list[RetrainingState] | None, strawberry.argument(description="Only in one of these states.")
    ] = None,
    where: Where[RetrainingFilter] = None,
    sort: Sort[RetrainingOrder] = None,
) -> Page[retraining.RetrainingView]:
    return await info.context.ask(
        retraining.ListRetrainings(
            where=condition(where),
            order=ordering(sort),
            paging=paging(first, after, last, before, Selected.of(info)),
            model_name=model,
            version=version,
            states=plain(states, list[retraining.RetrainingState]),
        )
    )


async def _retraining(
    info: Info, id_: Annotated[str, strawberry.argument(name="id", description="Its `retrainingId`.")]
) -> retraining.RetrainingView | None:
    try:
        return await info.context.ask(retraining.GetRetraining(id=id_))
    except NotFound:
        return None


@strawberry.type
class DeploymentQueries:
    """What can be asked."""

    deployed_models: Connection[Deployment] | None = viewed(
        resolver=_deployed_models,
        size=Size(asks=True),
        description="What runs and ran where, by environment and model, each with its newest stays.",
    )
    deployments: list[Deployment] | None = viewed(
        resolver=_deployments,
        size=Size(otherwise=50),
        description="What runs where, by environment and model.",
        deprecated="It ends after 1,000: use `deployedModels`, which has pages, filters and orders.",
    )
    environments: list[Environment] | None = viewed(
        resolver=_environments, size=Size(otherwise=5), description="Where models can run, by name."
    )
    standings: list[Standing] | None = viewed(
        resolver=_standings, size=Size(otherwise=5), description="Whether a version may go to each environment now."
    )
    ran: list[Ran] | None = viewed(
        resolver=_ran, size=Size(otherwise=100), description="What ran where in a time, newest first, at most 1,000."
    )
    retrainings: Connection[Retraining] | None = viewed(
        resolver=_retrainings, size=Size(asks=True), description="Requests for retraining, newest first."
    )
    retraining: Retraining | None = viewed(resolver=_retraining, description="One request for retraining.")


async def _deployed(parent: strawberry.Parent[Outcome], info: Info) -> contracts.DeploymentView | None:
    request = parent.request
    if parent.answer is None or request is None:
        return None
    environment, model = request.environment, request.model_name  # type: ignore[attr-defined]  # all three have them
    found = await _deployments(info, environment, model)
    return found[0] if found else None


@strawberry.type(description="What a change of a deployment did.")
class DeploymentPayload(WrittenPayload):
    is_type_of = reads(Outcome)

    deployment: Deployment | None = viewed(
        resolver=_deployed, description="What runs there now; null if there were errors."
    )


async def _set(parent: strawberry.Parent[Outcome], info: Info) -> contracts.EnvironmentView | None:
    request = parent.request
    if parent.answer is None or not isinstance(request, contracts.SetEnvironment):
        return None
    return next((one for one in await _environments(info) if one.name == request.environment), None)


@strawberry.type(description="What setting an environment did.")
class EnvironmentPayload(WrittenPayload):
    is_type_of = reads(Outcome)

    environment: Environment | None = viewed(
        resolver=_set, description="The environment now; null if there were errors."
    )


async def _changed(parent: strawberry.Parent[Outcome], info: Info) -> retraining.RetrainingView | None:
    return None if parent.answer is None else await _retraining(info, parent.answer.id)


@strawberry.type(description="What a change of a request for retraining did.")
class RetrainingPayload(WrittenPayload):
    is_type_of = reads(Outcome)

    retraining: Retraining | None = viewed(resolver=_changed, description="The request now; null if there were errors.")


@strawberry.type
class DeploymentMutations:
    """What can be changed."""

    deploy_version: DeploymentPayload = commanded(
        inputs.DeployVersionInput,
        contracts.DeployVersion,
        "Runs a version in an environment, if its content is approved and has passed the gates.",
    )
    roll_back: DeploymentPayload = commanded(
        inputs.RollBackInput, contracts.RollBack, "Runs a version again that ran there before."
    )
    retire_version: DeploymentPayload = commanded(
        inputs.RetireVersionInput, contracts.RetireVersion, "Ends what runs of a model in an environment."
    )
    set_environment: EnvironmentPayload = commanded(
        inputs.SetEnvironmentInput, contracts.SetEnvironment, "Adds an environment, or changes what it asks for."
    )
    request_retraining: RetrainingPayload = commanded(
        retraining_inputs.RequestRetrainingInput, retraining.RequestRetraining, "Asks for a new version of a model."
    )
    answer_retraining: RetrainingPayload = commanded(
        retraining_inputs.AnswerRetrainingInput,
        retraining.AnswerRetraining,
        "Says which run answers a request, where the run itself doesn't.",
    )
    decline_retraining: RetrainingPayload = commanded(
        retraining_inputs.DeclineRetrainingInput, retraining.DeclineRetraining, "Decides against a request."
    )
