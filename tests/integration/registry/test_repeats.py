"""Commands whose answers were lost with the service that was killed: told again, each has acted once."""

import asyncio
import contextlib
from typing import Any

import pytest
from pymongo.database import Database

from deploy.local.servers import mongo_client
from services.contracts.base import Request
from services.contracts.errors import NotAllowedNow, Unavailable
from services.contracts.identity import CreateToken, Role
from services.contracts.insights import WriteInsight
from services.contracts.projects import CreateProject
from services.contracts.registry import (
    CreateExperiment,
    GetModels,
    RegisterModel,
    RegisterVersion,
    SetAlias,
    SetModelTag,
)
from services.contracts.saved_views import SaveView
from tests.integration.registry.asking import Asker
from tests.integration.registry.processes import RegistryProcess
from tests.support.waiting import until

COMMANDS: list[tuple[Request[Any], str]] = [
    (CreateExperiment(experiment_name="e", idempotency_key="1"), "registry.experiment.created.v1"),
    (RegisterModel(model_name="n", idempotency_key="1"), "registry.registered_model.registered.v1"),
    (RegisterVersion(model_name="m", source="s3://b/1", idempotency_key="1"), "registry.model_version.registered.v1"),
    (SetModelTag(model_name="m", tag="a", value="1", idempotency_key="1"), "registry.registered_model.updated.v1"),
    (WriteInsight(title="t", text="x", idempotency_key="1"), "registry.insight.written.v1"),
    (CreateProject(project_name="p", idempotency_key="1"), "registry.project.created.v1"),
    (SaveView(title="v", page="/runs", state="", idempotency_key="1"), "registry.saved_view.written.v1"),
    (CreateToken(user="t", role=Role.VIEWER, idempotency_key="1"), "registry.token.created.v1"),
]


async def test_what_was_told_before_a_kill_and_again_after_it_is_done_once(
    registry: RegistryProcess, mongodb: str, ask: Asker
) -> None:
    await ask(RegisterModel(model_name="m"))
    with mongo_client(mongodb, 20_000) as client:
        await killed_and_told_again(registry, ask, client[registry.database])


async def killed_and_told_again(registry: RegistryProcess, ask: Asker, database: Database[dict[str, Any]]) -> None:
    async def facts() -> dict[str, int]:
        return {
            type_: await asyncio.to_thread(database["events"].count_documents, {"type": type_}) for _, type_ in COMMANDS
        }

    async def lost(request: Request[Any]) -> None:
        with contextlib.suppress(Unavailable):
            await ask(request)  # an answer in time is taken no notice of

    before = await facts()
    asked = [asyncio.create_task(lost(request)) for request, _ in COMMANDS]
    await until(lambda: asyncio.to_thread(database["idempotency"].count_documents, {}), within=30)
    registry.kill()
    for task in asked:
        task.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
    registry.start()
    for request, _ in COMMANDS:
        if isinstance(request, CreateToken):
            await told_once(ask, request)
        else:
            assert await ask(request) == await ask(request)
    assert await facts() == {type_: number + 1 for type_, number in before.items()}


async def told_once(ask: Asker, request: CreateToken) -> None:
    """If a secret got lost, the caller hears which token it was."""
    with contextlib.suppress(NotAllowedNow):
        await ask(request)
    with pytest.raises(NotAllowedNow) as refused:
        await ask(request)
    assert refused.value.code == "TOLD_ALREADY"


async def test_an_alias_set_again_with_the_same_key_stays_where_it_was_moved_since(
    registry: RegistryProcess, ask: Asker
) -> None:
    await ask(RegisterModel(model_name="aliased"))
    for source in ("s3://b/1", "s3://b/2"):
        await ask(RegisterVersion(model_name="aliased", source=source))
    wish = SetAlias(model_name="aliased", alias="champion", version="1", idempotency_key="a")
    first = await ask(wish)
    await ask(SetAlias(model_name="aliased", alias="champion", version="2"))
    assert await ask(wish) == first
    [model] = await ask(GetModels(names=["aliased"]))
    assert model is not None
    assert model.aliases == {"champion": "2"}
