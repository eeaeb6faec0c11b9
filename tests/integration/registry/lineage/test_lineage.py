"""The graph on a running registry: from the source of the data to the run that answered an alert, and back."""

import uuid
from datetime import UTC, datetime, timedelta

import mlflow
import msgspec
import pandas as pd
import pytest
from mlflow import MlflowClient

from services.contracts.alerts import AlertOpened
from services.contracts.base import Envelope, Event
from services.contracts.datasets import DatasetKey, DescribeSource, RegisterDataset
from services.contracts.errors import Invalid, NotFound
from services.contracts.lineage import LineageView, NodeRef, WalkLineage
from services.contracts.monitor import WindowClosed, WindowFigures
from services.contracts.retraining import RequestRetraining
from services.contracts.reviews import RequestReview
from services.runtime import cloudevents
from services.runtime.ids import new_id
from tests.integration.registry.asking import Asker
from tests.support.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore")
START = datetime(2026, 3, 1, tzinfo=UTC)


async def say(ask: Asker, event: Event) -> None:
    """An event as the monitor would publish it."""
    envelope = Envelope(
        id=new_id(), type=event.type(), service=event.service, aggregate=event.aggregate,
        aggregate_id=event.aggregate_id(), version=1, time=START, actor="monitor", correlation_id="c",
        data=msgspec.json.encode(event),
    )  # fmt: skip
    headers = cloudevents.to_headers(envelope)
    await ask.bus.publish(envelope.subject(), envelope.data, message_id=envelope.id, headers=headers)


def keys(view: LineageView) -> set[str]:
    return {f"{node.kind}/{node.id}" for node in view.nodes}


async def test_one_walk_leads_from_the_source_to_the_run_that_answered_the_alert(
    ask: Asker, client: MlflowClient
) -> None:
    model = f"model-{uuid.uuid4().hex[:8]}"
    data, raw = f"{model}-clean", f"{model}-raw"
    await ask(DescribeSource(source=f"{model}-census"))
    await ask(RegisterDataset(dataset=raw, digest="d1", sources=[f"{model}-census"]))
    await ask(RegisterDataset(dataset=data, digest="d2", parents=[DatasetKey(dataset=raw, digest="d1")]))
    mlflow.set_experiment(model)
    frame = mlflow.data.from_pandas(pd.DataFrame({"x": [1.0]}), name=data, digest="d2")
    with mlflow.start_run(run_name="first") as first:
        mlflow.log_input(frame, context="training")
        mlflow.log_metric("auc", 0.7)
    client.create_registered_model(model)
    client.create_model_version(model, first.info.artifact_uri + "/model", first.info.run_id)
    await ask(RequestReview(model_name=model, version="1"))
    await say(
        ask,
        WindowClosed(
            model_name=model, version="1", start=START, end=START + timedelta(hours=1),
            figures=WindowFigures(rows=9, drifted=["x"]),
        ),
    )  # fmt: skip
    alert = f"{model}-alert"
    await say(
        ask,
        AlertOpened(
            alert_id=alert, model_name=model, version="1", rule="drift", metric="feature_drift", severity="warning",
            title="x drifted", window_start=START, window_end=START, causes=[], next_step="",
        ),
    )  # fmt: skip
    asked = await ask(RequestRetraining(model_name=model, version="1", reason="drift", alert_id=alert))
    with mlflow.start_run(run_name="second", tags={"lifecycle.retraining": asked.id}) as second:
        mlflow.log_metric("auc", 0.8)

    start = NodeRef(kind="source", id=f"{model}-census")
    wanted = {
        f"source/{start.id}", f"dataset/{raw}@d1", f"dataset/{data}@d2", f"run/{first.info.run_id}",
        f"version/{model}/1", f"review/{model}/1", f"window/{model}/1/{START.isoformat()}", f"alert/{alert}",
        f"retraining/{asked.id}", f"run/{second.info.run_id}",
    }  # fmt: skip

    async def complete() -> LineageView | None:
        try:
            view = await ask(WalkLineage(start=start, direction="down"))
        except NotFound:  # nothing of it has arrived yet
            return None
        return view if wanted <= keys(view) else None

    view = await until(complete, within=30, what="the whole graph is drawn")
    labels = {node.kind: node.label for node in view.nodes}
    assert (labels["alert"], labels["version"], labels["dataset"]) == ("x drifted", f"{model} 1", f"{data} 1")
    assert {edge.kind for edge in view.edges} >= {
        "provides", "derived", "used", "registered", "reviewed", "watched", "raised", "asked", "answered",
    }  # fmt: skip

    back = await ask(WalkLineage(start=NodeRef(kind="run", id=second.info.run_id), direction="up"))
    assert f"source/{start.id}" in keys(back)
    alerts = await ask(WalkLineage(start=start, direction="down", kinds=["alert"]))
    assert keys(alerts) == {f"source/{start.id}", f"alert/{alert}"}
    near = await ask(WalkLineage(start=NodeRef(kind="version", id=f"{model}/1"), direction="up", depth=1))
    assert keys(near) == {f"version/{model}/1", f"run/{first.info.run_id}"}
    assert next(node.more for node in near.nodes if node.kind == "version") == 2, "the review and the window"


async def test_what_nothing_is_known_of_and_what_cant_be_walked_is_refused(ask: Asker) -> None:
    with pytest.raises(NotFound):
        await ask(WalkLineage(start=NodeRef(kind="run", id="nothing")))
    with pytest.raises(Invalid):
        await ask(WalkLineage(start=NodeRef(kind="run", id="nothing"), most=100_000))
