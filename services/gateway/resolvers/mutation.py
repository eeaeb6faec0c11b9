"""The root of mutations: each answers with what it changed, or with why it didn't."""

from __future__ import annotations

from typing import Annotated

import msgspec
import strawberry

from services.contracts.registry import SetAlias, VersionView
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.preload import preload_versions
from services.gateway.resolvers.alerts import AlertMutations
from services.gateway.resolvers.datasets import DatasetMutations
from services.gateway.resolvers.deployments import DeploymentMutations
from services.gateway.resolvers.evaluations import EvaluationMutations
from services.gateway.resolvers.history import HistoryMutations
from services.gateway.resolvers.insights import InsightMutations
from services.gateway.resolvers.logged_models import LoggedModelMutations
from services.gateway.resolvers.monitoring import MonitoringMutations
from services.gateway.resolvers.operations import OperationMutations
from services.gateway.resolvers.projects import ProjectMutations
from services.gateway.resolvers.reviews import ReviewMutations
from services.gateway.resolvers.saved_views import SavedViewMutations
from services.gateway.resolvers.tracked import TrackedMutations
from services.gateway.types.commands import outcome
from services.gateway.types.fields import viewed
from services.gateway.types.models import ModelVersion
from services.gateway.types.node import reads
from services.gateway.types.problems import ChangeProblem, problems
from services.gateway.types.values import UserError


@strawberry.input(description="Where an alias is to point.")
class SetAliasInput:
    model: str = strawberry.field(description="The model's name.")
    alias: str = strawberry.field(description="The alias, such as `champion`; created if there is none.")
    version: str = strawberry.field(description="The version it is to point at.")
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key again changes nothing and gets the first answer."
    )


class AliasOutcome(msgspec.Struct, frozen=True):
    """What `setAlias` answers."""

    model_version: VersionView | None
    errors: list[UserError]


@strawberry.type(description="What `setAlias` did.")
class SetAliasPayload:
    is_type_of = reads(AliasOutcome)

    model_version: ModelVersion | None = strawberry.field(
        description="The version that the alias points at now; null if there were errors."
    )
    errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty if it was.")
    problems: list[ChangeProblem] = viewed(
        resolver=problems, description="The same, each as the type of its kind: for `... on ConflictProblem`."
    )


async def _set_alias(
    info: Info,
    input_: Annotated[SetAliasInput, strawberry.argument(name="input", description="What to point where.")],
) -> AliasOutcome:
    answer = info.context.ask(
        SetAlias(
            model_name=input_.model,
            alias=input_.alias,
            version=input_.version,
            idempotency_key=input_.idempotency_key or info.context.ask.context.idempotency_key,
        )
    )
    view, errors = await outcome(answer)
    if view:
        await preload_versions(info.context, [view], Selected.of(info).into("modelVersion"))
    return AliasOutcome(view, errors)


@strawberry.type(description="Everything that can be changed.")
class Mutation(
    MonitoringMutations,
    OperationMutations,
    AlertMutations,
    EvaluationMutations,
    DeploymentMutations,
    DatasetMutations,
    HistoryMutations,
    ProjectMutations,
    InsightMutations,
    ReviewMutations,
    TrackedMutations,
    LoggedModelMutations,
    SavedViewMutations,
):
    set_alias: SetAliasPayload = viewed(
        resolver=_set_alias, description="Points an alias at a version, at once and for everybody."
    )
