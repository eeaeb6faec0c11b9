"""What the registry answers and tells other services over NATS."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import httpx
import pytest

from services.contracts.errors import NotFound
from services.contracts.identity import Principal, Role
from services.contracts.paging import Paging
from services.contracts.registry import (
    GetExperiment,
    GetMetricHistory,
    GetModels,
    GetRuns,
    GetVersions,
    ListEvents,
    ListExperiments,
    ListModels,
    ListRuns,
    ListVersions,
    RunMetricsMoved,
    SetAlias,
    VersionKey,
)
from services.runtime.bus import Bus
from services.runtime.context import Context
from tests.integration.registry.processes import RegistryProcess

CONTEXT = Context(Principal(user="anna", role=Role.ADMIN, via="open"), "test")


class Mlflow:
    """Speaks MLflow's API, raw."""

    def __init__(self, url: str) -> None:
        self._client = httpx.AsyncClient(base_url=f"{url}/api/2.0/mlflow/", timeout=20, auth=("anna", ""))

    async def post(self, path: str, **body: object) -> dict:  # type: ignore[type-arg]
        answer = await self._client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def close(self) -> None:
        await self._client.aclose()


@pytest.fixture
async def api(registry: RegistryProcess) -> AsyncIterator[Mlflow]:
    mlflow = Mlflow(registry.url)
    yield mlflow
    await mlflow.close()


@pytest.fixture
async def bus(registry: RegistryProcess, nats: str) -> AsyncIterator[Bus]:
    async with Bus.connect(nats, "test") as bus:
        yield bus


async def run_of(api: Mlflow, **more: object) -> tuple[str, str]:
    """A new experiment and a run in it."""
    experiment = (await api.post("experiments/create", name=uuid.uuid4().hex))["experiment_id"]
    run = await api.post("runs/create", experiment_id=experiment, user_id="bert", start_time=1000, run_name="r", **more)
    return experiment, run["run"]["info"]["run_id"]


async def test_a_run_is_seen_with_what_it_logged(api: Mlflow, bus: Bus) -> None:
    tags = [{"key": "mlflow.source.git.commit", "value": "abc"}, {"key": "mlflow.source.name", "value": "train.py"}]
    experiment, run = await run_of(api, tags=tags)
    metrics = [{"key": "auc", "value": v / 10, "timestamp": v, "step": v} for v in range(10)]
    await api.post("runs/log-batch", run_id=run, metrics=metrics, params=[{"key": "p", "value": "1"}])
    [view, nothing] = await bus.request(GetRuns(ids=[run, "nope"]), CONTEXT)
    assert nothing is None
    assert view is not None
    assert (view.user, view.metrics, view.params) == ("bert", {"auc": 0.9}, {"p": "1"})
    assert (view.git_commit, view.source) == ("abc", "train.py")
    points = await bus.request(GetMetricHistory(run_id=run, metric="auc", max_points=4), CONTEXT)
    assert [point.step for point in points] == [0, 3, 6, 9]
    assert (await bus.request(GetExperiment(id=experiment), CONTEXT)).run_count == 1


async def test_runs_are_listed_in_pages_with_filter_and_order(api: Mlflow, bus: Bus) -> None:
    experiment = (await api.post("experiments/create", name=uuid.uuid4().hex))["experiment_id"]
    for number in range(5):
        run = await api.post(
            "runs/create", experiment_id=experiment, user_id="a", start_time=number, run_name=f"r{number}"
        )
        value = {"key": "auc", "value": number, "timestamp": 1, "step": 0}
        await api.post("runs/log-batch", run_id=run["run"]["info"]["run_id"], metrics=[value])
    names: list[str] = []
    after = None
    while True:
        page = await bus.request(
            ListRuns(
                paging=Paging(first=2, after=after, with_total=True),
                experiment_ids=[experiment],
                filter="metrics.auc > 0",
                order_by=["metrics.auc DESC"],
            ),
            CONTEXT,
        )
        assert page.total == 4
        names += [edge.node.name for edge in page.edges]
        after = page.edges[-1].cursor
        if not page.has_next:
            break
    assert names == ["r4", "r3", "r2", "r1"]
    page = await bus.request(ListRuns(paging=Paging(last=2), experiment_ids=[experiment]), CONTEXT)
    assert [edge.node.name for edge in page.edges] == ["r1", "r0"]


async def test_models_and_versions_are_seen_by_name_number_and_alias(api: Mlflow, bus: Bus) -> None:
    name = uuid.uuid4().hex
    await api.post("registered-models/create", name=name, tags=[{"key": "team", "value": name}])
    for _ in range(2):
        await api.post("model-versions/create", name=name, source="s3://b/m")
    set_version = await bus.request(SetAlias(model_name=name, alias="champion", version="1"), CONTEXT)
    assert set_version.aliases == ["champion"]
    [model, nothing] = await bus.request(GetModels(names=[name, "nope"]), CONTEXT)
    assert nothing is None
    assert model is not None
    assert model.latest is not None
    assert (model.version_count, model.latest.version, model.aliases) == (2, "2", {"champion": "1"})
    keys = [VersionKey(model_name=name, version=version) for version in ("@champion", "2", "7", "@nope")]
    found = await bus.request(GetVersions(keys=keys), CONTEXT)
    assert [view and view.version for view in found] == ["1", "2", None, None]
    page = await bus.request(ListVersions(model_name=name), CONTEXT)
    assert [edge.node.version for edge in page.edges] == ["2", "1"]
    models = await bus.request(ListModels(tags={"team": name}), CONTEXT)
    assert [edge.node.name for edge in models.edges] == [name]
    with pytest.raises(NotFound):
        await bus.request(SetAlias(model_name=name, alias="champion", version="9"), CONTEXT)


async def test_every_change_is_an_event_in_order(api: Mlflow, bus: Bus) -> None:
    _, run = await run_of(api)
    await api.post("runs/log-parameter", run_id=run, key="a", value="1")
    await api.post("runs/set-tag", run_id=run, key="t", value="1")
    await api.post("runs/update", run_id=run, status="FINISHED", end_time=2000)
    await api.post("runs/delete", run_id=run)
    page = await bus.request(ListEvents(aggregate="run", aggregate_id=run), CONTEXT)
    events = [edge.node for edge in page.edges][::-1]
    assert [event.type for event in events] == [
        "registry.run.started.v1",
        "registry.run.data_logged.v1",
        "registry.run.data_logged.v1",
        "registry.run.ended.v1",
        "registry.run.updated.v1",
    ]
    assert [event.version for event in events] == [1, 2, 3, 4, 5]
    assert {event.actor for event in events} == {"anna"}


async def test_a_name_used_again_counts_its_events_on(api: Mlflow, bus: Bus, registry: RegistryProcess) -> None:
    name = uuid.uuid4().hex
    for _ in range(2):
        await api.post("registered-models/create", name=name)
        await api.post("model-versions/create", name=name, source="s3://b/m")
        async with httpx.AsyncClient(base_url=registry.url) as client:
            path = "/api/2.0/mlflow/registered-models/delete"
            assert (await client.request("DELETE", path, json={"name": name})).status_code == 200
    for aggregate, key in (("registered_model", name), ("model_version", f"{name}/1")):
        page = await bus.request(ListEvents(aggregate=aggregate, aggregate_id=key), CONTEXT)
        assert [edge.node.version for edge in page.edges] == [4, 3, 2, 1]


async def test_training_metrics_go_out_live(api: Mlflow, bus: Bus) -> None:
    _, run = await run_of(api)
    async with bus.hear(RunMetricsMoved, run) as queue:
        await bus.client.flush()
        await api.post("runs/log-metric", run_id=run, key="loss", value=0.5, timestamp=1, step=7)
        update = await asyncio.wait_for(queue.get(), 10)
    assert (update.metrics, update.steps) == ({"loss": 0.5}, {"loss": 7})


async def test_deleting_an_experiment_takes_its_runs_along(api: Mlflow, bus: Bus) -> None:
    experiment, run = await run_of(api)
    await api.post("experiments/delete", experiment_id=experiment)
    [view] = await bus.request(GetRuns(ids=[run]), CONTEXT)
    assert view is not None
    assert view.lifecycle_stage == "deleted"
    page = await bus.request(ListExperiments(paging=Paging(first=1)), CONTEXT)
    assert page.edges[0].node.lifecycle_stage == "deleted"
