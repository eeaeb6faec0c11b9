"""What runs say: events and live updates."""

from __future__ import annotations

from datetime import datetime

from services.contracts.base import Event, LiveUpdate, Message


class RunStarted(Event, frozen=True, kw_only=True):
    """`tags` it started with; None in events from before they were told."""

    service = "registry"
    aggregate = "run"
    name = "started"
    key = ("run_id",)

    run_id: str
    experiment_id: str
    run_name: str
    user: str
    start_time: datetime
    parent_run_id: str | None = None
    source: str | None = None
    git_commit: str | None = None
    tags: dict[str, str] | None = None


class RunDataLogged(Event, frozen=True, kw_only=True):
    """Parameters, metrics or tags were added. `metrics` holds each key's newest value of this batch, at most
    `MAX_METRICS_IN_EVENT` of them; `points` counts all metric points of the batch."""

    service = "registry"
    aggregate = "run"
    name = "data_logged"
    key = ("run_id",)

    run_id: str
    experiment_id: str
    params: dict[str, str] = {}
    tags: dict[str, str] = {}
    removed_tags: list[str] = []
    metrics: dict[str, float] = {}
    points: int = 0


class DatasetRef(Message, frozen=True, kw_only=True):
    """A dataset as a run names it; `digest` is what the client computed over the content."""

    name: str
    digest: str
    source_type: str = ""
    context: str | None = None


class RunInputsLogged(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "run"
    name = "inputs_logged"
    key = ("run_id",)

    run_id: str
    experiment_id: str
    datasets: list[DatasetRef] = []
    model_ids: list[str] = []


class RunOutputsLogged(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "run"
    name = "outputs_logged"
    key = ("run_id",)

    run_id: str
    experiment_id: str
    model_ids: list[str]


class RunUpdated(Event, frozen=True, kw_only=True):
    """Renamed, deleted, restored, or its status changed without ending; `changed` names what."""

    service = "registry"
    aggregate = "run"
    name = "updated"
    key = ("run_id",)

    run_id: str
    experiment_id: str
    run_name: str
    status: str
    lifecycle_stage: str
    changed: list[str]


class RunPurged(Event, frozen=True, kw_only=True):
    """Deleted for good, with its metric points and files."""

    service = "registry"
    aggregate = "run"
    name = "purged"
    key = ("run_id",)

    run_id: str
    experiment_id: str


class RunEnded(Event, frozen=True, kw_only=True):
    """`status` is FINISHED, FAILED or KILLED."""

    service = "registry"
    aggregate = "run"
    name = "ended"
    key = ("run_id",)

    run_id: str
    experiment_id: str
    run_name: str
    user: str
    status: str
    end_time: datetime
    metrics: dict[str, float] = {}


class RunMetricsMoved(LiveUpdate, frozen=True, kw_only=True):
    """The newest metric values of a run that is training. `step` belongs to the newest point of each key."""

    service = "registry"
    name = "run_metrics"
    key = ("run_id",)

    run_id: str
    experiment_id: str
    metrics: dict[str, float]
    steps: dict[str, int]
    time: datetime


MAX_METRICS_IN_EVENT = 200
"""Newest values named in one `RunDataLogged`; keeps it below 64 KB with keys of 250 characters."""
