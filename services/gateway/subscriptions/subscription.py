"""The root of subscriptions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

import msgspec
import strawberry

from services.contracts import alerts, monitor
from services.contracts.datasets import DatasetUploadMoved
from services.contracts.errors import Invalid
from services.contracts.registry import RunMetricsMoved
from services.gateway.operation import Info
from services.gateway.subscriptions.events import About
from services.gateway.subscriptions.live import Conflation
from services.gateway.types.alerts import AlertMoved
from services.gateway.types.arguments import SomeModelName, SomeVersionNumber
from services.gateway.types.datasets import DatasetUploadMoved as Upload
from services.gateway.types.events import EventMessage, Followed
from services.gateway.types.fields import watched
from services.gateway.types.live import RunMetrics
from services.gateway.types.monitoring import WindowMoved


def _newest_window(older: monitor.WindowMoved, newer: monitor.WindowMoved) -> monitor.WindowMoved:
    """Of one monitor process the one further on; else the one that came last."""
    return older if older.boot == newer.boot and older.sequence > newer.sequence else newer


def _all_metrics(older: RunMetricsMoved, newer: RunMetricsMoved) -> RunMetricsMoved:
    """An update names only the metrics that moved, so the newest of each is kept."""
    return msgspec.structs.replace(
        newer, metrics={**older.metrics, **newer.metrics}, steps={**older.steps, **newer.steps}
    )


WINDOWS = Conflation[monitor.WindowMoved](
    key=lambda update: (update.model_name, update.version, update.window.start), merge=_newest_window
)
ALERTS = Conflation[alerts.AlertMoved](
    key=lambda update: update.alert.id,
    merge=lambda older, newer: older if older.boot == newer.boot and older.sequence > newer.sequence else newer,
)
UPLOADS = Conflation[DatasetUploadMoved](key=lambda update: update.upload_id, merge=lambda older, newer: newer)
METRICS = Conflation[RunMetricsMoved](key=lambda update: update.run_id, merge=_all_metrics)


async def _events(
    info: Info,
    after: Annotated[
        str | None, strawberry.argument(description="Go on behind this `cursor`; from now on if unsaid.")
    ] = None,
    types: Annotated[
        list[str] | None, strawberry.argument(description="Only of these types, such as `registry.run.started.v1`.")
    ] = None,
    aggregate: Annotated[str | None, strawberry.argument(description="Only about this kind of thing.")] = None,
    aggregate_id: Annotated[str | None, strawberry.argument(description="Only about this one thing.")] = None,
    actor: Annotated[str | None, strawberry.argument(description="Only what this user did.")] = None,
) -> AsyncIterator[Followed]:
    about = About(aggregate, aggregate_id, actor)
    async with aclosing(info.context.events.follow(after, types, about)) as events:
        async for followed in events:
            yield followed


def _of(model: str | None, version: str | None) -> tuple[str, ...]:
    """The beginning of a live update's key. Raises `Invalid` for a version without its model."""
    if version is not None and model is None:
        raise Invalid("a version without its model", field="version", fix="Give `model` too.")
    return tuple(part for part in (model, version) if part is not None)


async def _window_moved(
    info: Info, model: SomeModelName = None, version: SomeVersionNumber = None
) -> AsyncIterator[monitor.WindowMoved]:
    async with aclosing(info.context.live.watch(monitor.WindowMoved, _of(model, version), WINDOWS)) as updates:
        async for update in updates:
            yield update


async def _alert_moved(
    info: Info, model: SomeModelName = None, version: SomeVersionNumber = None
) -> AsyncIterator[alerts.AlertMoved]:
    async with aclosing(info.context.live.watch(alerts.AlertMoved, _of(model, version), ALERTS)) as updates:
        async for update in updates:
            yield update


async def _dataset_upload(
    info: Info, upload_id: Annotated[str, strawberry.argument(description="The upload.")]
) -> AsyncIterator[DatasetUploadMoved]:
    async with aclosing(info.context.live.watch(DatasetUploadMoved, (upload_id,), UPLOADS)) as updates:
        async for update in updates:
            yield update


async def _run_metrics(
    info: Info, run_id: Annotated[str, strawberry.argument(description="The id that MLflow knows the run by.")]
) -> AsyncIterator[RunMetricsMoved]:
    async with aclosing(info.context.live.watch(RunMetricsMoved, (run_id,), METRICS)) as updates:
        async for update in updates:
            yield update


@strawberry.type(description="Everything that can be watched.")
class Subscription:
    events: AsyncIterator[EventMessage] = watched(
        resolver=_events,
        description="What happens, in order and none skipped. With `after` it resumes where a client left off; if that "
        "is longer ago than events are kept, it says so with the reason CURSOR_TOO_OLD.",
    )
    window_moved: AsyncIterator[WindowMoved] = watched(
        resolver=_window_moved,
        description="Windows that are being filled, as they move. For a slow client, only the newest state of each.",
    )
    run_metrics: AsyncIterator[RunMetrics] = watched(
        resolver=_run_metrics,
        description="Metrics of a run that is training, as they are logged. For a slow client, only the newest values.",
    )
    alert_moved: AsyncIterator[AlertMoved] = watched(
        resolver=_alert_moved,
        description="Alerts as they open, move and end. For a slow client, only the newest state of each.",
    )
    dataset_upload: AsyncIterator[Upload] = watched(
        resolver=_dataset_upload, description="How far an upload is. For a slow client, only the newest figures."
    )
