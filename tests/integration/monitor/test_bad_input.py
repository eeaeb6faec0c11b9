"""Bad input: each is refused with a typed error that names the field and the fix, and nothing of it is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pyarrow as pa
import pytest

from services.contracts.registry import GetVersions, VersionView
from services.contracts.streams import LABELS, PREDICTIONS
from services.monitor.settings import MonitorSettings
from services.runtime.bus import Bus
from services.runtime.context import Context
from services.runtime.store import Store
from tests.integration.monitor import rows
from tests.integration.monitor.conftest import MODEL, Monitor, Run

Columns = dict[str, Any]
JSON = "application/json"


def columns(**replaced: Any) -> Columns:
    """Three good rows in JSON form, with some columns replaced; `features` are merged, None removes."""
    good: Columns = dict(rows.json_columns(rows.predictions(3)))
    features = {**good["features"], **replaced.pop("features", {})}
    good["features"] = {name: values for name, values in features.items() if values is not None}
    good.update(replaced)
    return {name: values for name, values in good.items() if values is not None}


BAD_JSON: Mapping[str, tuple[Columns, str, str]] = {
    "an unknown column": (columns(features={"wind": [1, 2, 3]}), "UNKNOWN_COLUMN", "columns.features.wind"),
    "a missing feature": (columns(features={"temp": None}), "MISSING_COLUMN", "columns.features.temp"),
    "a missing id column": (columns(id=None), "MISSING_COLUMN", "columns.id"),
    "a missing timestamp column": (columns(timestamp=None), "MISSING_COLUMN", "columns.timestamp"),
    "a missing score column": (columns(score=None), "MISSING_COLUMN", "columns.score"),
    "text for a number": (columns(features={"temp": [1.0, "warm", 3.0]}), "WRONG_TYPE", "columns.features.temp"),
    "a list for a number": (columns(features={"temp": [1.0, [2.0], 3.0]}), "WRONG_TYPE", "columns.features.temp"),
    "a fraction for a category": (
        columns(features={"site": ["north", 0.5, "west"]}),
        "WRONG_TYPE",
        "columns.features.site",
    ),
    "columns of unequal lengths": (columns(features={"load": [1, 2]}), "COLUMN_LENGTHS_DIFFER", "columns.load"),
    "a column that is no list": (columns(features={"load": 7}), "MALFORMED_BODY", "columns.features.load"),
    "no rows": (
        {"id": [], "timestamp": [], "score": [], "prediction": [], "features": {"temp": [], "load": [], "site": []}},
        "EMPTY_BATCH",
        "columns",
    ),
    "a missing id": (columns(id=["a", None, "c"]), "MISSING_VALUE", "columns.id"),
    "a fractional id": (columns(id=[1.5, 2.5, 3.5]), "WRONG_TYPE", "columns.id"),
    "an empty id": (columns(id=["a", "", "c"]), "BAD_ID", "columns.id"),
    "an endless id": (columns(id=["a", "b" * 300, "c"]), "BAD_ID", "columns.id"),
    "a missing time": (columns(timestamp=[rows.START, None, rows.START]), "MISSING_VALUE", "columns.timestamp"),
    "a time that is none": (columns(timestamp=["yesterday", "today", "now"]), "WRONG_TYPE", "columns.timestamp"),
    "times of mixed types": (columns(timestamp=[rows.START, "2026-03-01", 1]), "WRONG_TYPE", "columns.timestamp"),
    "seconds for milliseconds": (columns(timestamp=[rows.START // 1000] * 3), "TIME_OUT_OF_RANGE", "columns.timestamp"),
    "a time in the future": (columns(timestamp=["2199-01-01T00:00:00Z"] * 3), "TIME_OUT_OF_RANGE", "columns.timestamp"),
    "a score that is no probability": (columns(score=[0.5, 1.5, 0.5]), "OUT_OF_RANGE", "columns.score"),
    "text for a score": (columns(score=["high", "low", "low"]), "WRONG_TYPE", "columns.score"),
    "a negative latency": (columns(latency=[1.0, -2.0, 3.0]), "OUT_OF_RANGE", "columns.latency"),
    "a class nobody named": (columns(prediction=["late", "on time", "late"]), "UNKNOWN_CLASS", "columns.prediction"),
    "a reserved name": (columns(**{"@id": [1, 2, 3]}), "UNKNOWN_COLUMN", "columns.features.@id"),
    "a column named twice": (columns(temp=[1, 2, 3]), "DUPLICATE_COLUMN", "columns.temp"),
    "too many windows": (
        {
            **rows.json_columns(rows.predictions(500, at=rows.START - 500 * rows.HOUR, every_ms=rows.HOUR)),
        },
        "TOO_MANY_WINDOWS",
        "columns.timestamp",
    ),
}

BAD_LABELS: Mapping[str, tuple[Columns, str, str]] = {
    "no label column": ({"id": ["a"]}, "MISSING_COLUMN", "columns.label"),
    "a missing label": ({"id": ["a", "b"], "label": [1, None]}, "MISSING_VALUE", "columns.label"),
    "a class nobody named": ({"id": ["a"], "label": ["late"]}, "UNKNOWN_CLASS", "columns.label"),
    "a fraction": ({"id": ["a"], "label": [0.5]}, "WRONG_TYPE", "columns.label"),
    "a column without meaning": ({"id": ["a"], "label": [1], "weight": [2]}, "UNKNOWN_COLUMN", "columns.weight"),
    "unequal lengths": ({"id": ["a", "b"], "label": [1]}, "COLUMN_LENGTHS_DIFFER", "columns.label"),
}

BODIES: Mapping[str, tuple[bytes, str, str]] = {
    "nothing": (b"", JSON, "EMPTY_BODY"),
    "broken JSON": (b'{"columns": {"id": [1, 2', JSON, "MALFORMED_JSON"),
    "NaN in JSON": (b'{"columns": {"id": [NaN]}}', JSON, "MALFORMED_JSON"),
    "JSON nested too deep": (b'{"columns": {"id": ' + b"[" * 100_000, JSON, "MALFORMED_JSON"),
    "JSON without columns or rows": (b'{"lines": []}', JSON, "MALFORMED_BODY"),
    "JSON with both": (b'{"rows": [], "columns": {}}', JSON, "MALFORMED_BODY"),
    "JSON with no rows": (b'{"rows": []}', JSON, "EMPTY_BATCH"),
    "rows that are no objects": (b'{"rows": [1]}', JSON, "MALFORMED_BODY"),
    "a JSON list": (b"[1, 2]", JSON, "MALFORMED_BODY"),
    "text that isn't Arrow": (b"id,timestamp\n1,2\n", rows.ARROW, "NOT_ARROW"),
    "half an Arrow stream": (rows.arrow(rows.predictions(1000))[:5000], rows.ARROW, "NOT_ARROW"),
    "an unknown media type": (b"<rows/>", "text/xml", "UNSUPPORTED_MEDIA_TYPE"),
    "no media type": (b"{}", "", "UNSUPPORTED_MEDIA_TYPE"),
}


@pytest.fixture
async def nothing_stored(bus: Bus, store: Store) -> Callable[[], Any]:
    async def check() -> None:
        for stream in (PREDICTIONS, LABELS):
            assert (await bus.jetstream.stream_info(stream.name)).state.last_seq == 0
        for collection in ("windows", "prediction_blocks", "waiting_labels", "dead_letters"):
            assert await store[collection].count_documents({}) == 0

    return check


def said(answer: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = answer.json()["error"]
    return error


async def test_bad_batches_are_refused_by_name(monitor: Monitor, nothing_stored: Callable[[], Any]) -> None:
    await monitor.set_reference()
    for what, (bad, code, field) in BAD_JSON.items():
        answer = await monitor.send_json("predictions", {"columns": bad})
        assert answer.status_code == 400, f"{what}: {answer.status_code} {answer.text}"
        assert (said(answer)["code"], said(answer)["field"]) == (code, field), f"{what}: {said(answer)}"
        assert said(answer)["fix"], what
    for what, (bad, code, field) in BAD_LABELS.items():
        answer = await monitor.send_json("labels", {"columns": bad})
        assert answer.status_code == 400, f"{what}: {answer.status_code} {answer.text}"
        assert (said(answer)["code"], said(answer)["field"]) == (code, field), f"{what}: {said(answer)}"
    await nothing_stored()


async def test_bodies_that_are_not_what_they_say_are_refused(
    monitor: Monitor, nothing_stored: Callable[[], Any]
) -> None:
    await monitor.set_reference()
    for what, (body, content_type, code) in BODIES.items():
        answer = await monitor.send("predictions", body, content_type)
        assert answer.status_code == 400, f"{what}: {answer.status_code} {answer.text}"
        assert said(answer)["code"] == code, f"{what}: {said(answer)}"
    await nothing_stored()
    assert (await monitor.send("predictions", rows.predictions(10))).status_code == 202, "the service is unharmed"


async def test_arrow_of_wrong_types_is_refused(monitor: Monitor, nothing_stored: Callable[[], Any]) -> None:
    await monitor.set_reference()
    good = rows.predictions(3)

    def with_column(name: str, values: pa.Array) -> pa.Table:
        return good.set_column(good.schema.get_field_index(name), name, values)

    for what, (table, code, field) in {
        "text for a number": (with_column("temp", pa.array(["a", "b", "c"])), "WRONG_TYPE", "columns.features.temp"),
        "a time for a number": (with_column("temp", pa.array([1, 2, 3], pa.timestamp("ms"))), "WRONG_TYPE",
                                "columns.features.temp"),
        "a list for a category": (with_column("site", pa.array([["a"], ["b"], []])), "WRONG_TYPE",
                                  "columns.features.site"),
        "a NaN time": (with_column("timestamp", pa.array([1e12, float("nan"), 1e12])), "MISSING_VALUE",
                       "columns.timestamp"),
        "a missing time": (with_column("timestamp", pa.array([1, None, 1], pa.timestamp("ms"))), "MISSING_VALUE",
                           "columns.timestamp"),
        "a binary id": (with_column("id", pa.array([b"a", b"b", b"c"])), "WRONG_TYPE", "columns.id"),
        "an infinite score": (with_column("score", pa.array([0.1, float("inf"), 0.2])), "WRONG_TYPE", "columns.score"),
        "a column twice": (pa.Table.from_arrays([*good.columns, good["temp"]], names=[*good.schema.names, "temp"]),
                           "DUPLICATE_COLUMN", "columns.temp"),
        "no rows": (good.slice(0, 0), "EMPTY_BATCH", "columns"),
        "2,001 columns": (pa.table({f"n{i}": [1.0] for i in range(2_001)}), "TOO_MANY_COLUMNS", "columns"),
        "a row that no message holds": (with_column("site", pa.array(["north", "x" * 5_000_000, "west"])),
                                        "ROW_TOO_LARGE", "columns"),
    }.items():  # fmt: skip
        answer = await monitor.send("predictions", table)
        assert answer.status_code == 400, f"{what}: {answer.status_code} {answer.text}"
        assert (said(answer)["code"], said(answer)["field"]) == (code, field), f"{what}: {said(answer)}"
    await nothing_stored()


async def test_values_that_are_allowed_are_counted_not_refused(monitor: Monitor) -> None:
    await monitor.set_reference()
    table = pa.table(
        {
            "id": [1, 2, 3, 3],
            "timestamp": pa.array([rows.START] * 4).cast(pa.timestamp("ms")),
            "score": [0.5, None, 0.1, 0.9],
            "prediction": [True, False, None, True],
            "temp": [None, float("nan"), float("inf"), 500.0],
            "load": [None, 1, 2, 3],
            "site": ["east", None, "north", "north"],
        }
    )
    assert (await monitor.send("predictions", table)).status_code == 202
    [window] = await monitor.counted(4)
    figures = {figure.feature: figure for figure in window.features}
    assert figures["temp"].missing_share == 0.5
    assert figures["temp"].out_of_range_share == 0.25
    assert figures["temp"].infinite_share == 0.25
    assert window.quality is not None
    assert window.quality.duplicate_ids == 1
    assert window.quality.unseen_feature == "site"
    assert figures["site"].unseen_share == 0.25
    assert figures["site"].missing_share == 0.25


async def test_an_unknown_version_says_how_to_register(monitor: Monitor) -> None:
    monitor.version = "99"
    for what in ("predictions", "labels"):
        answer = await monitor.send(what, rows.predictions(1))
        assert answer.status_code == 404
        assert said(answer)["code"] == "VERSION_NOT_FOUND"
        assert "register" in said(answer)["fix"].lower()
    assert (await monitor.set_reference()).status_code == 404


async def test_a_version_without_a_reference_says_so(monitor: Monitor) -> None:
    answer = await monitor.send("predictions", rows.predictions(1))
    assert answer.status_code == 409
    assert said(answer)["code"] == "REFERENCE_MISSING"
    assert "references" in said(answer)["fix"]


async def test_a_body_over_the_limit_is_refused(
    settings: MonitorSettings, run_monitor: Run, registry: set[tuple[str, str]]
) -> None:
    small = settings.model_copy(update={"max_batch_bytes": 10_000})
    async with run_monitor(small) as monitor:
        await monitor.set_reference()
        answer = await monitor.send("predictions", rows.predictions(1_000))
        assert answer.status_code == 413
        assert (said(answer)["code"], said(answer)["field"]) == ("TOO_LARGE", "body")
        assert (await monitor.send("predictions", rows.predictions(10))).status_code == 202


async def test_bad_references_are_refused(monitor: Monitor) -> None:
    good = rows.reference(100)
    for what, (body, options, code) in {
        "no duration": (good, {"window": "soon"}, "BAD_DURATION"),
        "a window of a millisecond": (good, {"window": "1ms"}, "OUT_OF_RANGE"),
        "an unknown task": (good, {"task": "ranking"}, "BAD_TASK"),
        "an unknown option": (good, {"colour": "red"}, "UNKNOWN_OPTION"),
        "no outputs": (good.select(["temp", "load"]), {}, "MISSING_COLUMN"),
        "no features": (good.select(["score", "prediction"]), {}, "EMPTY_REFERENCE"),
        "no rows": (good.slice(0, 0), {}, "EMPTY_BATCH"),
        "four segments": (good, {"segments": "site,a,b,c"}, "TOO_MANY_SEGMENTS"),
        "a segment that is a number": (good, {"segments": "temp"}, "BAD_SEGMENT"),
        "a reserved name": (good.append_column("@odd", good["temp"]), {}, "RESERVED_NAME"),
        "no schema": (good, {"schema": "[1]"}, "BAD_SCHEMA"),
        "bounds the wrong way round": (good, {"schema": '{"temp": {"low": 2, "high": 1}}'}, "BAD_SCHEMA"),
        "scores that are all missing": (
            good.set_column(good.schema.get_field_index("score"), "score", pa.nulls(good.num_rows, pa.float64())),
            {}, "EMPTY_OUTPUT",
        ),
    }.items():  # fmt: skip
        answer = await monitor.set_reference(body, **options)
        assert answer.status_code == 400, f"{what}: {answer.status_code} {answer.text}"
        assert said(answer)["code"] == code, f"{what}: {said(answer)}"
    for content_type, code in (
        (rows.ARROW, "NOT_ARROW"),
        ("application/vnd.apache.parquet", "NOT_PARQUET"),
        ("text/csv", "NOT_CSV"),
        (JSON, "MALFORMED_JSON"),
    ):
        answer = await monitor.set_reference(b"not\nat,all", content_type)
        assert (answer.status_code, said(answer)["code"]) == (400, code), f"{content_type}: {answer.text}"
    answer = await monitor.set_reference(good, name="a*b")
    assert (answer.status_code, said(answer)["code"]) == (400, "BAD_NAME")
    answer = await monitor.http.put(f"{monitor.path}/references/x/from-windows", params={"start": "then", "end": "now"})
    assert (answer.status_code, said(answer)["code"]) == (400, "BAD_TIME")
    assert await monitor.monitored() == []


async def test_while_a_model_is_being_renamed_its_new_name_has_to_wait(
    settings: MonitorSettings, run_monitor: Run, bus: Bus
) -> None:
    async def versions(question: GetVersions, _: Context) -> list[VersionView | None]:
        now = datetime.now(UTC)
        return [
            VersionView(model_name=key.model_name, version=key.version, status="READY", stage="None", source="",
                        user="", created_at=now, updated_at=now,
                        registered_as=None if key.model_name == MODEL else MODEL)
            for key in question.keys
        ]  # fmt: skip

    await bus.serve("registry", "0.1.0", {GetVersions: versions})
    async with run_monitor(settings) as monitor:
        await monitor.set_reference()
        monitor.model = "newer flights"
        answer = await monitor.send("predictions", rows.predictions(1))
        assert (answer.status_code, said(answer)["code"]) == (503, "VERSION_MOVING")


async def test_another_address_or_method_is_refused(monitor: Monitor) -> None:
    answer = await monitor.http.get(f"{monitor.path}/predictions")
    assert (answer.status_code, said(answer)["code"]) == (405, "METHOD_NOT_ALLOWED")
    answer = await monitor.http.post(f"{monitor.path}/rows", content=b"{}")
    assert (answer.status_code, said(answer)["code"]) == (404, "ENDPOINT_NOT_FOUND")


async def test_a_batch_id_must_be_short(monitor: Monitor) -> None:
    await monitor.set_reference()
    answer = await monitor.send("predictions", rows.predictions(1), batch="b" * 200)
    assert answer.status_code == 400
    assert (said(answer)["code"], said(answer)["field"]) == ("BAD_BATCH_ID", "batch_id")
