"""No message changes unnoticed: every contract's shape stands in a committed snapshot."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.contracts import monitor
from services.contracts.base import MAX_EVENT_BYTES, Event, Request
from services.contracts.catalogue import EVENTS, LIVE_UPDATES, REQUESTS
from services.contracts.errors import MANNERS, LifecycleError, NotFound, manner_of, raised_from
from services.contracts.registry import MAX_METRICS_IN_EVENT, RunDataLogged

SNAPSHOT = Path(__file__).with_name("snapshot.json")
REGENERATE = "UPDATE_SNAPSHOTS"


def shapes() -> dict[str, Any]:
    requests = {request.subject(): request for request in REQUESTS}
    updates = {update.pattern(): update for update in LIVE_UPDATES}
    described: dict[str, Any] = {}
    for group, classes in (("events", EVENTS), ("requests", requests), ("live", updates)):
        described[group] = {name: msgspec.json.schema(cls) for name, cls in sorted(classes.items())}
    described["replies"] = {
        subject: msgspec.json.schema(request.reply_type()) for subject, request in sorted(requests.items())
    }
    described["ingest"] = {"header": msgspec.json.schema(monitor.BatchHeader)}
    return json.loads(json.dumps(described))  # type: ignore[no-any-return]


def test_no_message_has_changed_without_its_snapshot() -> None:
    if os.environ.get(REGENERATE):
        SNAPSHOT.write_text(json.dumps(shapes(), indent=1, sort_keys=True) + "\n")
    assert shapes() == json.loads(SNAPSHOT.read_text()), (
        f"A message changed. If the change is additive, run this test with {REGENERATE}=1 and commit the snapshot; "
        "anything else is a new class with the next major."
    )


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_an_event_names_its_aggregate_by_its_own_fields(event: type[Event]) -> None:
    assert event.key
    assert set(event.key) <= set(event.__struct_fields__)


@pytest.mark.parametrize("request_type", REQUESTS, ids=[request.subject() for request in REQUESTS])
def test_a_request_says_what_it_is_answered_with(request_type: type[Request[Any]]) -> None:
    msgspec.msgpack.Decoder(request_type.reply_type())


def test_the_largest_batch_of_metrics_fits_into_an_event() -> None:
    metrics = {f"{number:03d}".ljust(250, "k"): -1.2345678901234567e-300 for number in range(MAX_METRICS_IN_EVENT)}
    event = RunDataLogged(run_id="r" * 32, experiment_id="1" * 20, metrics=metrics, points=1000)
    assert len(msgspec.json.encode(event)) < MAX_EVENT_BYTES


def test_every_kind_of_error_has_its_manner() -> None:
    def all_kinds(error: type[LifecycleError]) -> set[str]:
        return {error.kind}.union(*(all_kinds(sub) for sub in error.__subclasses__()))

    assert all_kinds(LifecycleError) <= set(MANNERS)


def test_an_error_survives_the_wire_and_a_newer_kind_is_internal() -> None:
    error = NotFound("no such model", field="name", fix="List them.")
    again = raised_from(error.reply())
    assert (type(again), again.message, again.field, again.fix) == (NotFound, "no such model", "name", "List them.")
    unknown = msgspec.structs.replace(error.reply(), kind="from_the_future")
    assert manner_of(raised_from(unknown)).http_status == 500
