"""What was deleted goes for good after its time of grace, unless a registered version needs it."""

import os
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from deploy.local.cli import app
from deploy.local.garbage import collected
from services.contracts.errors import Forbidden
from services.contracts.identity import Principal, Role
from services.contracts.registry import GetRuns, ListEvents, PurgeDeleted
from services.registry.artifacts import handlers
from services.registry.artifacts.handlers import Artifacts
from services.registry.artifacts.store import Blobs, MongoArtifacts
from services.runtime.bus import Bus
from services.runtime.context import Context
from services.runtime.outbox import Change, Outbox
from services.runtime.store import Store
from tests.integration.registry.processes import RegistryProcess

API = "/api/2.0/mlflow"
ADMIN = Context(Principal(user="root", role=Role.ADMIN, via="token"), "c-purge")


@pytest.fixture
async def bus(registry: RegistryProcess, nats: str) -> AsyncIterator[Bus]:
    async with Bus.connect(nats, "test") as bus:
        yield bus


@pytest.fixture
def api(registry: RegistryProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=registry.url, timeout=30) as client:
        yield client


def post(api: httpx.Client, path: str, **body: object) -> dict[str, dict[str, dict[str, str]]]:
    answer = api.post(f"{API}/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def run_in(api: httpx.Client, experiment: str, content: bytes) -> tuple[str, str]:
    """Id of a run with a point and a file, and the file's address."""
    run = post(api, "runs/create", experiment_id=experiment, start_time=1)["run"]["info"]["run_id"]
    post(api, "runs/log-metric", run_id=run, key="m", value=1.0, timestamp=1)
    file = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts/a.bin"
    assert api.put(file, content=content).status_code == 200
    return run, file


def status(api: httpx.Client, path: str, method: str = "GET", **more: object) -> int:
    return api.request(method, path, **more).status_code  # type: ignore[arg-type]


def blobs(registry: RegistryProcess) -> list[Path]:
    return [path for path in (registry.directory / "artifacts" / "sha256").rglob("*") if path.is_file()]


async def test_deleted_things_go_for_good_and_their_content_with_them(
    api: httpx.Client, bus: Bus, registry: RegistryProcess
) -> None:
    name = uuid.uuid4().hex
    experiment = str(post(api, "experiments/create", name=name)["experiment_id"])
    other = str(post(api, "experiments/create", name=f"{name}-other")["experiment_id"])
    shared, own = b"shared" + name.encode(), b"own" + name.encode()
    gone, file = run_in(api, experiment, own)
    run_in(api, experiment, shared)
    kept, kept_file = run_in(api, other, shared)
    needed, needed_file = run_in(api, other, b"needed")
    post(api, "registered-models/create", name=name)
    post(api, "model-versions/create", name=name, source=f"runs:/{needed}/m", run_id=needed)
    post(api, "experiments/delete", experiment_id=experiment)
    post(api, "runs/delete", run_id=needed)

    report, _, _ = await collected(bus, ADMIN, 1.0)  # nobody has waited a day
    assert (report.runs, report.experiments) == (0, 0)
    assert post(api, "experiments/restore", experiment_id=experiment) == {}
    post(api, "experiments/delete", experiment_id=experiment)

    for path in blobs(registry):  # as if uploaded long ago
        os.utime(path, (time.time() - 2 * 86400,) * 2)
    report, removed, size = await collected(bus, ADMIN, 0.0)
    assert (report.runs, report.experiments, report.kept_runs) == (2, 1, [needed])
    assert (removed, size) == (1, len(own))
    assert [status(api, path) for path in (file, kept_file, needed_file)] == [404, 200, 200]
    assert [view is None for view in await bus.request(GetRuns(ids=[gone, kept]), ADMIN)] == [True, False]
    found = post(api, "runs/search", experiment_ids=[experiment, other], run_view_type="ALL")["runs"]
    assert {run["info"]["run_id"] for run in found} == {kept, needed}  # type: ignore[call-overload, index]
    events = await bus.request(ListEvents(aggregate="run", aggregate_id=gone), ADMIN)
    assert events.edges[0].node.type == "registry.run.purged.v1"
    again = post(api, "experiments/create", name=name)["experiment_id"]  # the name is free
    assert str(again) != experiment


async def test_a_deleted_logged_model_goes_unless_a_version_is_made_of_it(api: httpx.Client, bus: Bus) -> None:
    name = uuid.uuid4().hex
    experiment = str(post(api, "experiments/create", name=name)["experiment_id"])
    gone, kept, copied = (
        post(api, "logged-models", experiment_id=experiment, name=word)["model"]["info"]["model_id"]
        for word in ("gone", "kept", "copied")
    )
    for registered in (name, f"{name}-copy"):
        post(api, "registered-models/create", name=registered)
    for model in (kept, copied):
        post(api, "model-versions/create", name=name, source=f"models:/{model}", model_id=model)
    post(api, "model-versions/create", name=f"{name}-copy", source=f"models:/{name}/2")
    original = {"name": name, "version": "2"}
    assert status(api, f"{API}/model-versions/delete", "DELETE", json=original) == 200
    for model in (gone, kept, copied):
        assert status(api, f"{API}/logged-models/{model}", "DELETE") == 200
    report, _, _ = await collected(bus, ADMIN, 0.0)
    assert (report.logged_models, set(report.kept_models)) == (1, {kept, copied})
    answers = [status(api, f"{API}/logged-models/{model}?allow_deleted=true") for model in (gone, kept, copied)]
    assert answers == [404, 200, 200]
    events = await bus.request(ListEvents(aggregate="logged_model", aggregate_id=gone), ADMIN)
    assert events.edges[0].node.type == "registry.logged_model.purged.v1"


async def test_files_that_a_killed_purge_left_go_with_the_next(
    api: httpx.Client, bus: Bus, registry: RegistryProcess, mongodb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = str(post(api, "experiments/create", name=uuid.uuid4().hex)["experiment_id"])
    root = f"{experiment}/{run_in(api, experiment, b'0')[0]}/artifacts"
    files = [f"/api/2.0/mlflow-artifacts/artifacts/{root}/{name}" for name in ("a.bin", "b", "c", "d/e", "d/f")]
    for file in files[1:]:
        assert status(api, file, "PUT", content=b"1") == 200
    monkeypatch.setattr(handlers, "DELETE_BATCH", 2)
    async with Store.open(mongodb, registry.database) as store:
        outbox = Outbox(store)
        artifacts = Artifacts(outbox, MongoArtifacts(store), Blobs(str(registry.directory / "artifacts")), lambda: 0)
        change = Change(ADMIN, "purge_run")  # what is committed before the process dies
        (await artifacts.going(ADMIN, f"mlflow-artifacts:/{root}"))(change)
        await outbox.commit(change)
    assert sorted(status(api, file) for file in files) == [200, 200, 200, 404, 404]
    await collected(bus, ADMIN, 1.0)
    assert [status(api, file) for file in files] == [404] * 5


def test_the_command_says_what_went_and_what_stays(api: httpx.Client, nats: str) -> None:
    name = uuid.uuid4().hex
    experiment = str(post(api, "experiments/create", name=name)["experiment_id"])
    gone, _ = run_in(api, experiment, b"gone")
    needed, _ = run_in(api, experiment, b"needed")
    post(api, "registered-models/create", name=name)
    post(api, "model-versions/create", name=name, source=f"runs:/{needed}/m", run_id=needed)
    for run in (gone, needed):
        post(api, "runs/delete", run_id=run)
    done = CliRunner().invoke(app, ["gc", "--older-than", "0"], env={"NATS_URL": nats})
    assert done.exit_code == 0, done.output
    assert "Deleted for good: 1 runs, 0 logged models, 0 experiments" in done.output
    assert f"Kept: run {needed}, which a registered version needs." in done.output


async def test_only_who_may_delete_for_ever_does(bus: Bus) -> None:
    context = Context(Principal(user="anna", role=Role.CONTRIBUTOR, via="token"), "c-purge")
    with pytest.raises(Forbidden):
        await bus.request(PurgeDeleted(), context)
