"""Logged models: what can be asked and changed of them."""

from __future__ import annotations

from typing import Annotated

import strawberry

from services.contracts import registry
from services.contracts.paging import Page
from services.contracts.registry import ListLoggedModels, LoggedModelView
from services.gateway.conditions import condition, ordering
from services.gateway.inputs import logged_models as inputs
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.types.commands import Outcome, Payload, answered, commanded
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size
from services.gateway.types.logged_models import LoggedModel, SomeLoggedModels, SortedLoggedModels, WithDeleted
from services.gateway.types.node import reads
from services.gateway.types.paging import After, Before, Connection, First, Last, paging


async def _logged_models(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    experiment_ids: Annotated[
        list[str] | None, strawberry.argument(description="Only of these experiments; of all if unsaid.")
    ] = None,
    run_id: Annotated[str | None, strawberry.argument(description="Only those that this run logged.")] = None,
    with_deleted: WithDeleted = False,
    where: SomeLoggedModels = None,
    sort: SortedLoggedModels = None,
) -> Page[LoggedModelView]:
    return await info.context.ask(
        ListLoggedModels(
            paging=paging(first, after, last, before, Selected.of(info)),
            experiment_ids=experiment_ids,
            run_id=run_id,
            with_deleted=with_deleted,
            where=condition(where),
            order=ordering(sort),
        )
    )


async def _logged_model(
    info: Info, id_: Annotated[str, strawberry.argument(name="id", description="Its `modelId`.")]
) -> LoggedModelView | None:
    return await info.context.relatives.logged_models.load(id_)


@strawberry.type
class LoggedModelQueries:
    """What can be asked."""

    logged_models: Connection[LoggedModel] | None = viewed(
        resolver=_logged_models, size=Size(asks=True), description="Models that runs have logged, newest first."
    )
    logged_model: LoggedModel | None = viewed(
        resolver=_logged_model, description="One logged model, also a deleted one; null if there is none."
    )


@strawberry.type(description="What a change of a logged model did.")
class LoggedModelPayload(Payload):
    is_type_of = reads(Outcome)

    logged_model: LoggedModel | None = viewed(
        resolver=answered, description="The logged model now; null if there were errors."
    )


@strawberry.type
class LoggedModelMutations:
    """What can be changed."""

    set_logged_model_tag: LoggedModelPayload = commanded(
        inputs.SetLoggedModelTagInput, registry.SetLoggedModelTag, "Sets a tag of a logged model."
    )
    delete_logged_model_tag: LoggedModelPayload = commanded(
        inputs.DeleteLoggedModelTagInput, registry.DeleteLoggedModelTag, "Removes a tag of a logged model."
    )
    delete_logged_model: LoggedModelPayload = commanded(
        inputs.DeleteLoggedModelInput,
        registry.DeleteLoggedModel,
        "Deletes a logged model. It can't be restored; its files stay until it is purged.",
    )
