"""References in every form, replaced, repeated, and announced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from services.contracts.datasets import DatasetVersionView, GetDatasetVersions
from services.contracts.errors import LifecycleError
from services.contracts.monitor import ReferenceSet
from services.contracts.references import SetReferenceFromPeriod
from services.monitor.settings import MonitorSettings
from services.runtime.bus import Bus
from services.runtime.context import Context, service_context
from tests.integration.monitor import rows
from tests.integration.monitor.conftest import Monitor, Run


async def test_all_four_forms_give_the_same_reference(monitor: Monitor) -> None:
    table = rows.reference(500)
    await monitor.set_reference(table)
    await monitor.send("predictions", rows.predictions(300))
    figures = []
    for name, body, content_type in (
        ("arrow", rows.arrow(table), rows.ARROW),
        ("parquet", rows.parquet(table), "application/vnd.apache.parquet"),
        ("csv", rows.csv(table), "text/csv; charset=utf-8"),
    ):
        answer = await monitor.set_reference(body, content_type, name=name)
        assert answer.status_code == 201, answer.text
        assert answer.json()["features"] == ["temp", "load", "site"]
        reference = await monitor.monitored()
        figures.append((reference[0].reference, reference[0].reference_rows))
    answer = await monitor.http.put(
        f"{monitor.path}/references/json", json={"columns": rows.json_columns(table)}, params={"window": "1h"}
    )
    assert answer.status_code == 201, answer.text
    assert figures == [("arrow", 500), ("parquet", 500), ("csv", 500)]


async def test_a_repeated_reference_changes_nothing(monitor: Monitor, bus: Bus) -> None:
    subscription = await bus.client.subscribe(f"events.{ReferenceSet.type()}.>")
    await bus.client.flush()
    first = await monitor.set_reference()
    again = await monitor.set_reference()
    other = await monitor.set_reference(rows.reference(900))
    assert [first.status_code, again.status_code, other.status_code] == [201, 200, 201]
    events: dict[str, bytes] = {}
    while len(events) < 2 or subscription.pending_msgs:
        message = await subscription.next_msg(timeout=30)
        assert message.headers is not None
        events[message.headers["Nats-Msg-Id"]] = message.data  # the stream takes a repeated one once, we hear it twice
    of_first, of_other = events.values()
    assert b'"rows":2000' in of_first
    assert b'"rows":900' in of_other


async def test_after_a_new_reference_windows_are_compared_with_it(monitor: Monitor) -> None:
    await monitor.set_reference()
    warm = rows.predictions(2_000, shift=5.0)
    await monitor.send("predictions", warm)
    [before] = await monitor.counted(2_000)
    await monitor.set_reference(warm.drop_columns(["id", "timestamp"]), name="warm weeks")
    await monitor.send("predictions", rows.predictions(1_000, first=2_000, shift=5.0))
    [after] = await monitor.counted(3_000)

    def psi(window: object) -> float:
        return next(f.psi for f in window.features if f.feature == "temp")  # type: ignore[attr-defined,no-any-return]

    assert psi(before) > 0.5
    assert psi(after) < 0.1
    assert after.rows == 3_000


async def test_columns_may_have_other_names(monitor: Monitor) -> None:
    table = rows.reference(500).rename_columns(["temp", "load", "site", "p", "guess", "truth"])
    answer = await monitor.set_reference(table, score="p", prediction="guess", label="truth")
    assert answer.status_code == 201, answer.text
    assert answer.json()["features"] == ["temp", "load", "site"]
    assert (await monitor.send("predictions", rows.predictions(10))).status_code == 202


async def test_a_past_period_becomes_the_reference(monitor: Monitor) -> None:
    await monitor.set_reference()
    for i in range(5):
        warm = rows.predictions(1_000, first=1_000 * i, at=rows.START + i * rows.HOUR, shift=5.0)
        await monitor.send("predictions", warm)
    before = await monitor.counted(5_000)
    assert all(figure.drifted for view in before for figure in view.features if figure.feature == "temp")

    answer = await monitor.http.put(
        f"{monitor.path}/references/warm week/from-windows",
        params={"start": "2026-03-01T00:00:00Z", "end": "2026-03-01T04:00:00Z"},
    )

    assert answer.status_code == 201, answer.text
    assert answer.json()["rows"] == 4_000
    await monitor.send("predictions", rows.predictions(1_000, first=9_000, at=rows.START + 6 * rows.HOUR, shift=5.0))
    after = (await monitor.counted(6_000))[-1]
    figures = {figure.feature: figure for figure in after.features}
    assert figures["temp"].psi is not None
    assert figures["temp"].psi < 0.05
    assert not figures["temp"].drifted
    [view] = await monitor.monitored()
    assert (view.reference, view.reference_rows) == ("warm week", 4_000)


async def test_a_period_without_windows_is_no_reference(monitor: Monitor) -> None:
    await monitor.set_reference()
    path = f"{monitor.path}/references/empty/from-windows"
    nothing = await monitor.http.put(path, params={"start": "2020-01-01", "end": "2020-01-02"})
    assert (nothing.status_code, nothing.json()["error"]["code"]) == (404, "NO_WINDOWS")
    odd = await monitor.http.put(path, params={"start": "soon", "end": "2020-01-02"})
    assert (odd.status_code, odd.json()["error"]["field"]) == (400, "start")
    with pytest.raises(LifecycleError) as refused:
        await monitor.bus.request(
            SetReferenceFromPeriod(
                model_name=monitor.model, version=monitor.version, reference="x",
                start=datetime(2026, 3, 1), end=datetime(2026, 3, 2),  # noqa: DTZ001  # that is what is refused
            ),
            service_context("test"),
        )  # fmt: skip
    assert refused.value.code == "NO_TIME_ZONE"


async def test_windows_are_compared_with_the_one_before_the_same_weekday_and_other_references(monitor: Monitor) -> None:
    day = 24 * rows.HOUR
    await monitor.set_reference(window="1d")
    for number in range(8):
        shift = 6.0 if number in (0, 7) else 0.0  # the same weekday
        sent = rows.predictions(500, first=1_000 * number, at=rows.START + number * day, shift=shift)
        await monitor.send("predictions", sent)
    await monitor.counted(4_000)

    async def drifted(**question: Any) -> dict[str, bool]:
        [window] = await monitor.windows(last=1, **question)
        assert window.rows == 500
        return {figure.feature: figure.drifted for figure in window.features}

    moved, still = {"temp": True, "load": False, "site": False}, {"temp": False, "load": False, "site": False}
    assert await drifted() == await drifted(against="training") == await drifted(against="previous") == moved
    assert await drifted(against="weekday") == still
    assert await drifted(against="year") == {}, "nothing was counted a year ago"
    assert await drifted(against="month") == {}
    for day_before, shift in ((360, 6.0), (358, 6.0), (400, 0.0)):  # two days of the same month, one of another
        sent = rows.predictions(500, first=100_000 + day_before, at=rows.START - day_before * day, shift=shift)
        await monitor.send("predictions", sent)
    await monitor.counted(5_500)
    assert await drifted(against="month") == still
    assert await drifted(against="previous", features=["load"]) == {"load": False}
    path = f"{monitor.path}/references/warm/from-windows"
    period = {"start": "2026-03-08T00:00:00Z", "end": "2026-03-09T00:00:00Z"}
    assert (await monitor.http.put(path, params=period)).status_code == 201
    assert await drifted(against="warm") == still
    assert (await monitor.set_reference(rows.reference(700), name="other", window="1d")).status_code == 201
    assert (await monitor.monitored())[0].references == ["other", "warm", "training"]
    for against, code in (("other", "OTHER_BINS"), ("nothing", "UNKNOWN_REFERENCE")):
        with pytest.raises(LifecycleError) as refused:
            await drifted(against=against)
        assert refused.value.code == code


@asynccontextmanager
async def files(held: Mapping[str, bytes], asked: list[str]) -> AsyncIterator[str]:
    """A registry's HTTP side that knows these files by a piece of the request's first line."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(head)
        body = next((held[name] for name in held if name in head.splitlines()[0]), None)
        status = "404 Not Found" if body is None else "200 OK"
        if "secret" in head.splitlines()[0]:
            status, body = "403 Forbidden", b"not for you"
        writer.write(f"HTTP/1.1 {status}\r\ncontent-length: {len(body or b'')}\r\nconnection: close\r\n\r\n".encode())
        writer.write(body or b"")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_file_or_dataset_in_the_registry_becomes_the_reference(
    settings: MonitorSettings, run_monitor: Run, registry: set[tuple[str, str]], bus: Bus
) -> None:
    async def datasets(question: GetDatasetVersions, _: Context) -> list[DatasetVersionView | None]:
        now = datetime.now(UTC)
        return [
            DatasetVersionView(dataset=key.dataset, digest="d", number=1, origin="mlflow", created_at=now, by="anna",
                               location="runs:/r1/data/train.parquet" if key.dataset == "flights" else "")
            if key.dataset != "nothing" else None
            for key in question.keys
        ]  # fmt: skip

    table, asked = rows.reference(500), list[str]()
    held = {"train.parquet": rows.parquet(table), "train.csv": rows.csv(table)}
    await bus.serve("registry", "0.1.0", {GetDatasetVersions: datasets})
    async with files(held, asked) as url, run_monitor(settings.model_copy(update={"registry_url": url})) as monitor:

        async def put(name: str, **query: str) -> tuple[int, Any]:
            answer = await monitor.http.put(
                f"{monitor.path}/references/{name}/from-artifact", params={"window": "1h", **query},
                headers={"authorization": "Bearer mine"},
            )  # fmt: skip
            return answer.status_code, answer.json()

        for number, place in enumerate(
            (
                {"artifact": "runs:/r1/data/train.parquet"},
                {"artifact": "mlflow-artifacts:/0/r1/artifacts/train.csv"},
                {"dataset": "flights"},
            )
        ):
            status, made = await put(f"number {number}", **place)
            assert (status, made.get("rows"), made.get("features")) == (201, 500, ["temp", "load", "site"]), made
        assert asked[0].startswith("GET /get-artifact?run_id=r1&path=data%2Ftrain.parquet ")
        assert asked[1].startswith("GET /api/2.0/mlflow-artifacts/artifacts/0/r1/artifacts/train.csv ")
        assert all("Bearer mine" in head for head in asked), "the caller's own credentials go along"
        before = len(asked)
        for what, query, refusal in (
            ("a file of this machine", {"artifact": "file:///etc/passwd.csv"}, (400, "BAD_LOCATION")),
            ("another server", {"artifact": "http://10.0.0.1/train.csv"}, (400, "BAD_LOCATION")),
            ("a pickle", {"artifact": "runs:/r1/model.pkl"}, (400, "UNSUPPORTED_MEDIA_TYPE")),
            ("nothing", {}, (400, "BAD_QUERY")),
            ("two places", {"artifact": "runs:/r1/train.csv", "dataset": "flights"}, (400, "BAD_QUERY")),
            ("an unknown option", {"artifact": "runs:/r1/train.csv", "colour": "red"}, (400, "UNKNOWN_OPTION")),
            ("an unknown dataset", {"dataset": "nothing"}, (404, "NO_DATASET")),
            ("a dataset that lies nowhere", {"dataset": "words"}, (404, "NO_LOCATION")),
        ):
            status, said = await put("x", **query)
            assert (status, said["error"]["code"]) == refusal, what
        assert len(asked) == before, "nothing was asked for"
        status, said = await put("x", artifact="runs:/r1/data/other.parquet")
        assert (status, said["error"]["code"]) == (404, "NO_ARTIFACT")
        status, said = await put("x", artifact="runs:/r1/data/secret.parquet")
        assert (status, said["error"]["code"], said["error"]["field"]) == (403, "FORBIDDEN", "artifact")
        assert "not for you" not in said["error"]["message"]
    gone = settings.model_copy(update={"registry_url": url})
    async with run_monitor(gone) as monitor:
        status, said = await put("x", artifact="runs:/r1/data/train.parquet")
        assert (status, said["error"]["code"]) == (503, "NO_REGISTRY")
