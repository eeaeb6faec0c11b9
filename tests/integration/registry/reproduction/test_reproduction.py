"""A run of MLflow's client is scored when it ends, planned for, and repeated on the record."""

from pathlib import Path

import mlflow
import pandas as pd
import pytest

from services.contracts.errors import Invalid, NotFound
from services.contracts.registry import ListEvents
from services.contracts.reproduction import GetReproducibility, PlanReproduction, RecordReproduction
from tests.integration.registry.asking import Asker
from tests.support.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore")


async def test_a_run_is_scored_planned_and_repeated(ask: Asker, tracking: str, tmp_path: Path) -> None:
    mlflow.set_experiment("reproduction")
    frame = mlflow.data.from_pandas(pd.DataFrame({"x": [1.0]}), source="s3://d/x.csv", name="d", digest="d1")
    (tmp_path / "requirements.txt").write_text("numpy==2.4.0\n")
    tags = {"mlflow.source.name": "train.py", "mlflow.source.git.commit": "abc", "lifecycle.code.dirty": "false"}
    with mlflow.start_run(tags=tags) as first:
        mlflow.log_params({"seed": 1, "lr": 0.1})
        mlflow.log_metrics({"auc": 0.7, "loss": 1.0})
        mlflow.log_input(frame, context="training")
        mlflow.log_artifact(str(tmp_path / "requirements.txt"), "lifecycle")
    run_id = first.info.run_id

    async def scored() -> bool:
        page = await ask(ListEvents(aggregate="reproduction", aggregate_id=run_id))
        return bool(page.edges)

    await until(scored, within=30)
    found = await ask(GetReproducibility(run_id=run_id))
    assert (found.score, found.missing) == (1.0, [])
    plan = await ask(PlanReproduction(run_id=run_id))
    assert (plan.commit, plan.command, plan.params["lr"]) == ("abc", ["python", "train.py"], "0.1")
    assert [(data.dataset, data.digest, data.location) for data in plan.datasets] == [("d", "d1", "s3://d/x.csv")]
    assert [file.path for file in plan.environment] == ["lifecycle/requirements.txt"]

    with mlflow.start_run() as second:
        mlflow.log_metrics({"auc": 0.701, "loss": 1.0})
    await ask(RecordReproduction(run_id=run_id, rerun_id=second.info.run_id))
    await ask(RecordReproduction(run_id=run_id, rerun_id=second.info.run_id, tolerance=0.01))
    await ask(RecordReproduction(run_id=run_id, failed=True, note="no such package"))
    attempts = (await ask(GetReproducibility(run_id=run_id))).attempts
    assert [attempt.outcome for attempt in attempts] == ["failed", "reproduced", "differs"]
    bare = await ask(GetReproducibility(run_id=second.info.run_id))
    assert "datasets" in bare.missing
    assert bare.score < found.score


async def test_what_cant_be_repeated_is_refused(ask: Asker) -> None:
    for wish in (GetReproducibility(run_id="nothing"), PlanReproduction(run_id="nothing")):
        with pytest.raises(NotFound):
            await ask(wish)
    with pytest.raises(Invalid, match="name the run"):
        await ask(RecordReproduction(run_id="nothing"))
