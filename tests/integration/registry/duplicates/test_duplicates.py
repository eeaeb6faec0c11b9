"""Two colleagues do the same: asked before, told after, with the real mlflow client."""

import asyncio
import uuid

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient

from services.contracts.duplicates import FindSimilarRuns, SimilarRun
from services.contracts.errors import Invalid, NotFound
from tests.integration.registry.asking import Asker
from tests.support.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore")


def train(experiment: str, rows: int = 10, auc: float = 0.7, **params: object) -> tuple[str, str]:
    """The run's id and its dataset's digest."""
    mlflow.set_experiment(experiment)
    data = mlflow.data.from_numpy(np.arange(rows, dtype=float), name="flights")
    with mlflow.start_run() as run:
        mlflow.log_input(data, context="training")
        mlflow.log_params(params)
        mlflow.log_metric("auc", auc)
    return run.info.run_id, data.digest


async def told(ask: Asker, client: MlflowClient, run_id: str) -> str:
    async def tag() -> str | None:
        run = await asyncio.to_thread(client.get_run, run_id)
        return run.data.tags.get("lifecycle.duplicate_of")

    return await until(tag, what="the run is told that it was tried before") or ""


async def test_a_second_run_of_the_same_experiment_is_told_so(ask: Asker, client: MlflowClient) -> None:
    name = f"tried-{uuid.uuid4().hex[:8]}"
    first, digest = await asyncio.to_thread(train, name, lr=0.1, depth=3, solver=name)

    async def found() -> list[SimilarRun]:
        return await ask(FindSimilarRuns(params={"depth": "3.0", "solver": name, "lr": "1e-1"}, datasets=[digest]))

    similar = await until(found, what="the first run can be found")
    assert [(run.run_id, run.exact, run.metrics, run.user) for run in similar] == [(first, True, {"auc": 0.7}, "anna")]

    second, _ = await asyncio.to_thread(train, name, auc=0.8, lr=0.1, depth=3, solver=name)
    assert await told(ask, client, second) == first

    near, _ = await asyncio.to_thread(train, name, auc=0.75, lr=0.2, depth=3, solver=name)

    async def both() -> list[SimilarRun] | None:
        similar = await ask(FindSimilarRuns(run_id=near))
        return similar if len(similar) == 2 else None

    similar = await until(both, what="both runs are near the third") or []
    assert {run.run_id for run in similar} == {first, second}
    assert [(entry.key, entry.asked, entry.found) for entry in similar[0].differences] == [("lr", "0.2", "0.1")]
    assert {round(run.effect["auc"], 9) for run in similar} == {-0.05, 0.05}
    tags = (await asyncio.to_thread(client.get_run, near)).data.tags
    assert "lifecycle.duplicate_of" not in tags


def search(experiment: str) -> tuple[str, str]:
    """The ids of a run and of the one within it."""
    mlflow.set_experiment(experiment)
    with mlflow.start_run() as run:
        mlflow.log_param("space", experiment)
        with mlflow.start_run(nested=True) as within:
            mlflow.log_param("depth", experiment)
    return run.info.run_id, within.info.run_id


async def test_a_repeated_search_is_told_so_and_the_runs_within_it_keep_their_tags(
    ask: Asker, client: MlflowClient
) -> None:
    name = f"tried-{uuid.uuid4().hex[:8]}"
    first, first_within = await asyncio.to_thread(search, name)
    await until(lambda: ask(FindSimilarRuns(params={"space": name})), what="the first search can be found")
    second, within = await asyncio.to_thread(search, name)
    assert await told(ask, client, second) == first
    assert [run.run_id for run in await ask(FindSimilarRuns(run_id=within)) if run.exact] == [first_within]
    assert "lifecycle.duplicate_of" not in (await asyncio.to_thread(client.get_run, within)).data.tags


async def test_other_data_and_forgotten_parameters_are_near(ask: Asker, client: MlflowClient) -> None:
    name = f"tried-{uuid.uuid4().hex[:8]}"
    run_id, digest = await asyncio.to_thread(train, name, rows=11, solver=name, lr=1, depth=2)

    async def keys(request: FindSimilarRuns) -> list[str] | None:
        return next(([d.key for d in run.differences] for run in await ask(request) if run.run_id == run_id), None)

    asked = {"solver": name, "lr": "1", "depth": "2"}
    other_data = await until(lambda: keys(FindSimilarRuns(params=asked, datasets=["other"])), what="other data is near")
    assert other_data == ["dataset"]
    assert await keys(FindSimilarRuns(params={"solver": name, "lr": "1"}, datasets=[digest])) == ["depth"]
    assert await keys(FindSimilarRuns(params={"solver": name}, datasets=[digest])) == ["depth", "lr"]
    assert await keys(FindSimilarRuns(params={"solver": name, "lr": "1"}, defaults={"depth": "2"})) == ["depth"]
    assert await keys(FindSimilarRuns(params={"a": "1", "b": "2", "c": "3"})) is None
    await asyncio.to_thread(client.delete_run, run_id)
    assert await keys(FindSimilarRuns(params=asked)) is None


async def test_bad_questions_are_refused(ask: Asker) -> None:
    for request in (FindSimilarRuns(), FindSimilarRuns(run_id="r", params={}), FindSimilarRuns(params={}, limit=0)):
        with pytest.raises(Invalid):
            await ask(request)
    with pytest.raises(NotFound):
        await ask(FindSimilarRuns(run_id="nothing"))
    assert await ask(FindSimilarRuns(params={})) == []
