"""What a running registry makes of the monitor's alerts: attention, a request for retraining, and calm again."""

import asyncio
import uuid
from datetime import UTC, datetime

import mlflow
import msgspec
import pytest
from mlflow import MlflowClient

from services.contracts.alerts import AlertOpened, AlertResolved, RetrainingRequested
from services.contracts.base import Envelope, Event
from services.contracts.projects import CreateProject, GetProject, Pattern, StageView
from services.contracts.retraining import ListRetrainings, RetrainingView
from services.runtime import cloudevents
from services.runtime.bus import Bus
from services.runtime.context import new_correlation_id
from services.runtime.ids import new_id
from tests.integration.registry.asking import Asker
from tests.support.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore")

NOW = datetime.now(UTC)


async def tell(bus: Bus, version: int, event: Event) -> None:
    """As the monitor's relay does; `version` counts the alert's events."""
    envelope = Envelope(
        id=new_id(),
        type=event.type(),
        service=event.service,
        aggregate=event.aggregate,
        aggregate_id=event.aggregate_id(),
        version=version,
        time=datetime.now(UTC),
        actor="service:monitor",
        correlation_id=new_correlation_id(),
        data=msgspec.json.encode(event),
    )
    headers = cloudevents.to_headers(envelope)
    await bus.publish(envelope.subject(), envelope.data, message_id=envelope.id, headers=headers)


async def test_an_alert_asks_for_attention_and_retraining_until_both_are_answered(
    ask: Asker, client: MlflowClient
) -> None:
    name, alert_id = f"model-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    project = (await ask(CreateProject(project_name=name, patterns=[Pattern(kind="model", glob=name)]))).id
    about = {"alert_id": alert_id, "model_name": name, "version": "1", "rule": "drift"}
    window = {"metric": "feature_drift", "severity": "critical", "window_start": NOW, "window_end": NOW, "causes": []}

    async def monitoring(state: str) -> StageView | None:
        stage = (await ask(GetProject(project_id=project))).stages[13]
        return stage if stage.state == state else None

    await tell(
        ask.bus, 1, msgspec.convert({**about, **window, "title": "temp drifts", "next_step": "look"}, AlertOpened)
    )
    stage = await until(lambda: monitoring("needs_attention"), 30, "the board asks for attention")
    assert any("temp drifts" in reason for reason in (stage.attention if stage else []))
    wish = msgspec.convert({**about, **window, "reason": "temp drifts for days"}, RetrainingRequested)
    await tell(ask.bus, 2, wish)

    async def asked() -> RetrainingView | None:
        edges = (await ask(ListRetrainings(model_name=name))).edges
        return edges[0].node if edges else None

    request = await until(asked, 30, "retraining is asked for")
    assert request is not None
    assert (request.cause, request.cause_id, request.back_to, request.state) == ("alert", alert_id, "gathering", "open")
    resolved = {
        "severity": "critical",
        "resolution": "by_hand",
        "reason": "retrained",
        "by": "eve",
        "after_seconds": 60,
    }
    await tell(ask.bus, 3, msgspec.convert({**about, **resolved}, AlertResolved))

    def retrain() -> None:
        mlflow.set_experiment(name)
        with mlflow.start_run():
            mlflow.set_tag("lifecycle.retraining", f"{name}/1")

    await asyncio.to_thread(retrain)

    async def calm() -> bool:
        view = await ask(GetProject(project_id=project))
        states = {item.key: item.state for item in view.stages[13].items}
        return (states["alerts_answered"], states["retraining"]) == ("done", "done")

    await until(calm, 30, "the alert is resolved and the loop closed")
    moves = (await ask(GetProject(project_id=project))).moves
    assert [(move.stage, move.to, move.by) for move in moves] == [("monitoring", "gathering", "monitor")]
