"""What happens at the edges: servers away, streams full, roles, messages published past the HTTP surface."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import numpy as np
import pyarrow as pa
import pytest
from pydantic import SecretStr

from services.contracts.identity import FindToken, Role, TokenView
from services.contracts.monitor import BatchHeader
from services.contracts.registry import VersionRegistered, VersionUpdated
from services.contracts.streams import PREDICTIONS
from services.monitor.settings import MonitorSettings
from services.runtime.auth import digest_of, new_token
from services.runtime.bus import Bus, stream_config
from services.runtime.context import Context, service_context
from services.runtime.health import Health
from services.runtime.inbox import batch_headers
from services.runtime.outbox import Change, Outbox
from services.runtime.relay import Relay
from services.runtime.run import background
from services.runtime.store import Store
from tests.integration.monitor import rows
from tests.integration.monitor.conftest import MODEL, VERSION, Monitor, Run
from tests.support.servers import Server
from tests.support.waiting import until


async def test_a_full_stream_asks_to_come_back_later(monitor: Monitor, bus: Bus) -> None:
    await monitor.set_reference()
    config = stream_config(PREDICTIONS)
    config.max_bytes = 1
    await bus.jetstream.update_stream(config)
    refused = await monitor.send("predictions", rows.predictions(1_000), batch="b")
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.json()["error"]["code"] == "STREAM_FULL"
    assert refused.json()["error"]["retryable"]
    await bus.jetstream.update_stream(stream_config(PREDICTIONS))
    assert (await monitor.send("predictions", rows.predictions(1_000), batch="b")).status_code == 202
    assert (await monitor.counted(1_000))[0].rows == 1_000


async def test_while_nats_is_away_nothing_is_acknowledged_and_afterwards_nothing_is_missing(
    monitor: Monitor, own_nats: Server
) -> None:
    await monitor.set_reference()
    await monitor.send("predictions", rows.predictions(100), batch="a")
    own_nats.kill9()
    refused = await monitor.send("predictions", rows.predictions(100, first=100), batch="b")
    assert refused.status_code == 503
    assert "retry-after" in refused.headers
    own_nats.start()

    async def taken() -> bool:
        return (await monitor.send("predictions", rows.predictions(100, first=100), batch="b")).status_code == 202

    await until(taken, 20, "the batch is taken once NATS is back")
    assert sum(view.rows for view in await monitor.counted(200, within=30)) == 200


async def test_roles_are_checked(settings: MonitorSettings, run_monitor: Run, registry: set[tuple[str, str]]) -> None:
    secret = "s" * 40
    tokens = {role: new_token() for role in (Role.VIEWER, Role.CONTRIBUTOR)}
    known = {digest_of(token, secret): role for role, token in tokens.items()}
    guarded = settings.model_copy(update={"auth": "token", "auth_secret": SecretStr(secret)})

    async def find(question: FindToken, _: Context) -> TokenView | None:
        role = known.get(question.digest)
        return None if role is None else TokenView(id="t", user="anna", role=role, created_at=datetime.now(UTC))

    async with Bus.connect(settings.nats_url.get_secret_value(), "tokens") as bus:
        await bus.serve("registry-tokens", "0.1.0", {FindToken: find})
        async with run_monitor(guarded) as monitor:
            statuses = []
            for headers in (
                {},
                {"authorization": f"Bearer {tokens[Role.VIEWER]}"},
                {"authorization": f"Bearer {tokens[Role.CONTRIBUTOR]}"},
            ):
                async with httpx.AsyncClient(headers=headers, timeout=30) as http:
                    caller = Monitor(monitor.url, http, monitor.bus)
                    statuses.append((await caller.set_reference()).status_code)
            assert statuses == [401, 403, 201]


async def test_a_batch_published_to_nats_directly_counts_like_any_other(
    monitor: Monitor, bus: Bus, store: Store
) -> None:
    await monitor.set_reference()

    async def publish(body: pa.Table | dict[str, Any], batch: str, kind: str = "predictions") -> None:
        header = BatchHeader(
            batch_id=batch, model_name=MODEL, version=VERSION, rows=1, actor="anna",
            correlation_id="c", received_at=datetime.now(UTC),
        )  # fmt: skip
        data = rows.arrow(body) if isinstance(body, pa.Table) else msgspec.json.encode(body)
        await bus.publish(f"ingest.{kind}.any.1", data, message_id=batch, headers=batch_headers(header))

    await publish(rows.predictions(300), "direct")
    await publish(rows.predictions(10).drop_columns(["temp"]), "bad")
    await publish(rows.predictions(100, first=300), "direct 2")
    await publish({"columns": rows.json_columns(rows.predictions(50, first=400))}, "direct 3")
    await publish({"rows": [{"id": "r0", "label": 1}, {"id": "r449", "label": 0}]}, "direct 4", "labels")
    [window] = await monitor.counted(450, labelled=2)
    assert window.rows == 450

    async def buried() -> bool:
        letters = await store["dead_letters"].find().to_list(None)
        return [letter["code"] for letter in letters] == ["MISSING_COLUMN"]

    await until(buried, 30, "the bad message in the dead letters")


async def test_rows_as_json_objects_count_like_columns(monitor: Monitor) -> None:
    await monitor.set_reference()
    table = rows.predictions(20)
    listed = table.to_pylist()
    for row in listed:
        row["features"] = {name: row.pop(name) for name in ("temp", "load", "site")}
    del listed[3]["features"]["temp"]
    answer = await monitor.send_json("predictions", {"rows": listed})
    assert answer.status_code == 202, answer.text
    [window] = await monitor.counted(20)
    assert {f.feature: f.missing_share for f in window.features}["temp"] == 0.05


async def test_a_body_that_comes_too_slowly_is_refused(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    await monitor.set_reference()
    monkeypatch.setattr("services.monitor.ingest_api.routes.BATCH_SECONDS", 0.2)
    host, port = monitor.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    path = monitor.path.removeprefix(monitor.url).replace(" ", "%20")
    lines = (
        f"POST {path}/predictions HTTP/1.1",
        "host: localhost",
        f"content-type: {rows.ARROW}",
        "content-length: 1000",
    )
    writer.write("\r\n".join((*lines, "", "begun, but")).encode())
    async with asyncio.timeout(30):
        answer = (await reader.readuntil(b"}}")).decode()
    writer.close()
    assert answer.startswith("HTTP/1.1 400 ")
    assert '"code":"TOO_SLOW"' in answer
    assert (await monitor.send("predictions", rows.predictions(10))).status_code == 202, "the room was given back"


async def test_the_share_of_labels_within_predicted_intervals_is_known(monitor: Monitor) -> None:
    table = rows.reference().drop_columns(["score"])
    assert (await monitor.set_reference(table, task="regression")).status_code == 201
    sent = rows.predictions(5_000, every_ms=100).drop_columns(["score"])  # large enough to travel counted
    value = sent["temp"].to_numpy()
    sent = sent.set_column(sent.schema.get_field_index("prediction"), "prediction", pa.array(value))
    low, high = pa.array(value - 1.0), pa.array(np.where(np.arange(5_000) % 2, value + 1.0, np.nan))
    sent = sent.append_column("prediction_low", low).append_column("prediction_high", high)
    assert (await monitor.send("predictions", sent)).status_code == 202
    far = np.where(np.arange(5_000) % 10 < 5, 0.5, 2.0)
    assert (await monitor.send("labels", pa.table({"id": sent["id"], "label": value + far}))).status_code == 202
    [window] = await monitor.counted(5_000, labelled=5_000)
    assert window.performance is not None
    assert window.performance.interval_coverage == pytest.approx(0.4)  # of rows 1, 3, 5, 7, 9 the first two


async def test_versions_are_known_from_the_registrys_events(
    monitor: Monitor, bus: Bus, mongodb: str, database: str
) -> None:
    async with Store.open(mongodb, f"{database}_r") as store:
        outbox = Outbox(store)
        await outbox.prepare()
        async with background(Health(), relay=Relay(outbox, bus).run):
            monitor.model, monitor.version = "brand new", "7"
            change = Change(service_context("registry"), "register")
            change.emit(VersionRegistered(model_name="brand new", version="7", source="", user="anna"), 1)
            await outbox.commit(change)

            async def accepted() -> bool:
                return (await monitor.set_reference()).status_code in (200, 201)

            await until(accepted, 10, "the version is known")
            change = Change(service_context("registry"), "delete")
            change.emit(VersionUpdated(model_name="brand new", version="7", changed=["deleted"], deleted=True), 2)
            await outbox.commit(change)

            async def refused() -> bool:
                return (await monitor.send("predictions", rows.predictions(1))).status_code == 404

            await until(refused, 10, "the deleted version is refused")
        await store._client.drop_database(store.name)


async def test_a_regression_model_gets_its_figures(monitor: Monitor) -> None:
    table = rows.reference().drop_columns(["score"])
    answer = await monitor.set_reference(table, task="regression")
    assert answer.status_code == 201, answer.text
    sent = rows.predictions(500).drop_columns(["score"])
    value = sent["temp"].to_numpy() * 2
    sent = sent.set_column(sent.schema.get_field_index("prediction"), "prediction", pa.array(value))
    assert (await monitor.send("predictions", sent)).status_code == 202
    truth = pa.table({"id": sent["id"], "label": value + 3.0})
    assert (await monitor.send("labels", truth)).status_code == 202
    [window] = await monitor.counted(500, labelled=500)
    assert window.performance is not None
    assert window.performance.mae is not None
    assert abs(window.performance.mae - 3.0) < 1e-9
    assert window.performance.roc_auc is None


async def test_a_multiclass_model_gets_its_figures(monitor: Monitor) -> None:
    names = pa.array(["low", "mid", "high"])
    table = rows.reference(300)
    table = table.set_column(
        table.schema.get_field_index("prediction"), "prediction", names.take(pa.array([0, 1, 2] * 100))
    )
    answer = await monitor.set_reference(table.drop_columns(["score"]), task="multiclass")
    assert answer.status_code == 201, answer.text
    sent = rows.predictions(300).drop_columns(["score"])
    sent = sent.set_column(
        sent.schema.get_field_index("prediction"), "prediction", names.take(pa.array([0, 1, 2] * 100))
    )
    await monitor.send("predictions", sent)
    truth = pa.table({"id": sent["id"], "label": names.take(pa.array([0, 1, 1] * 100))})
    await monitor.send("labels", truth)
    [window] = await monitor.counted(300, labelled=300)
    assert window.performance is not None
    assert window.performance.accuracy is not None
    assert abs(window.performance.accuracy - 2 / 3) < 1e-9
