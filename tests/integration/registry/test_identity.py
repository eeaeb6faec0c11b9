"""With tokens: who may enter, and what each role may do."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import mlflow
import pytest

from deploy.local.servers import mongo_client
from services.contracts.errors import Forbidden
from services.contracts.identity import CreateToken, FindToken, ListTokens, Principal, RevokeToken, Role, TokenSecret
from services.runtime.bus import Bus
from services.runtime.context import Context, service_context
from tests.integration.registry.processes import RegistryProcess
from tests.support.servers import drop
from tests.support.waiting import until


@pytest.fixture(scope="module")
def guarded(mongodb: str, nats: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryProcess]:
    settings = {"LIFECYCLE_AUTH": "token", "LIFECYCLE_AUTH_SECRET": "k" * 40}
    process = RegistryProcess(mongodb, nats, tmp_path_factory.mktemp("guarded"), settings)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        drop(mongodb, process.database)


@pytest.fixture
async def bus(guarded: RegistryProcess, nats: str) -> AsyncIterator[Bus]:
    async with Bus.connect(nats, "test") as bus:
        yield bus


async def token(bus: Bus, role: Role, **more: int) -> TokenSecret:
    return await bus.request(CreateToken(user="anna", role=role, **more), service_context("cli"))


def create(process: RegistryProcess, name: str, **how: object) -> httpx.Response:
    return send(process, "POST", "experiments/create", json={"name": name}, **how)


def send(process: RegistryProcess, method: str, path: str, **how: object) -> httpx.Response:
    return httpx.request(method, f"{process.url}/api/2.0/mlflow/{path}", timeout=10, **how)  # type: ignore[arg-type]


async def test_without_credentials_nobody_enters(guarded: RegistryProcess, bus: Bus) -> None:
    answer = create(guarded, "a")
    assert (answer.status_code, answer.json()["error_code"]) == (401, "UNAUTHENTICATED")
    assert create(guarded, "a", headers={"authorization": "Bearer lct_wrong"}).status_code == 401


async def test_bearer_and_password_both_carry_a_token(guarded: RegistryProcess, bus: Bus) -> None:
    made = await token(bus, Role.CONTRIBUTOR)
    assert create(guarded, "b", headers={"authorization": f"Bearer {made.token}"}).status_code == 200
    assert create(guarded, "c", auth=("whoever", made.token)).status_code == 200


async def test_a_viewer_reads_and_changes_nothing(guarded: RegistryProcess, bus: Bus) -> None:
    made = await token(bus, Role.VIEWER)
    headers = {"authorization": f"Bearer {made.token}"}
    answer = create(guarded, "d", headers=headers)
    assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED")
    assert send(guarded, "GET", "experiments/get", params={"experiment_id": "0"}, headers=headers).status_code == 200


async def test_a_run_belongs_to_the_tokens_user_whatever_the_client_says(guarded: RegistryProcess, bus: Bus) -> None:
    made = await token(bus, Role.CONTRIBUTOR)
    body = {"experiment_id": "0", "user_id": "somebody", "start_time": 1}
    answer = send(guarded, "POST", "runs/create", json=body, headers={"authorization": f"Bearer {made.token}"})
    assert answer.json()["run"]["info"]["user_id"] == "anna"


async def test_the_mlflow_client_sends_parts_under_its_token_and_nobody_without(
    guarded: RegistryProcess, bus: Bus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", (await token(bus, Role.CONTRIBUTOR)).token)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    for way in ("UPLOAD", "DOWNLOAD"):
        monkeypatch.setenv(f"MLFLOW_ENABLE_PROXY_MULTIPART_{way}", "true")
        monkeypatch.setenv(f"MLFLOW_MULTIPART_{way}_CHUNK_SIZE", "100000")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "1")
    file = tmp_path / "weights.bin"
    content = bytes(number % 251 for number in range(250_000))
    file.write_bytes(content)

    def both_ways() -> bytes:
        mlflow.set_tracking_uri(guarded.url)  # the address of artifacts is told by it
        try:
            client = mlflow.MlflowClient(guarded.url)
            run = client.create_run("0").info.run_id
            client.log_artifact(run, str(file))
            (tmp_path / "got").mkdir()
            return Path(client.download_artifacts(run, "weights.bin", str(tmp_path / "got"))).read_bytes()
        finally:
            mlflow.set_tracking_uri(None)

    assert await asyncio.to_thread(both_ways) == content
    assert send(guarded, "PUT", f"../mlflow-artifacts/mpu/part/{'0' * 32}/1", content=b"x").status_code == 401


async def test_a_revoked_token_is_refused_within_seconds(guarded: RegistryProcess, bus: Bus) -> None:
    made = await token(bus, Role.CONTRIBUTOR)
    headers = {"authorization": f"Bearer {made.token}"}
    assert create(guarded, "e", headers=headers).status_code == 200
    await bus.request(RevokeToken(id=made.view.id), service_context("cli"))

    async def refused() -> bool:
        return create(guarded, "f-unused", headers=headers).status_code == 401

    await until(refused, within=6, what="the token is refused")
    tokens = await bus.request(ListTokens(), service_context("cli"))
    assert next(view for view in tokens if view.id == made.view.id).revoked_at is not None


async def test_only_administrators_make_tokens_and_only_services_look_them_up(bus: Bus) -> None:
    somebody = Context(Principal(user="eve", role=Role.REVIEWER, via="token"), "test")
    with pytest.raises(Forbidden):
        await bus.request(CreateToken(user="eve", role=Role.ADMIN), somebody)
    with pytest.raises(Forbidden):
        await bus.request(FindToken(digest="x"), somebody)


async def test_a_token_is_kept_only_as_a_hash(guarded: RegistryProcess, bus: Bus, mongodb: str) -> None:
    made = await token(bus, Role.VIEWER)
    with contextlib.closing(mongo_client(mongodb)) as client:
        for collection in client[guarded.database].list_collection_names():
            for document in client[guarded.database][collection].find():
                assert made.token not in str(document)
