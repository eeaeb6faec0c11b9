"""What the registry says (events, live updates), answers (requests) and shows (views)."""

from __future__ import annotations

from datetime import datetime

from services.contracts.base import Event, LiveUpdate, Message, Request
from services.contracts.paging import Page, Paging

# ---------------------------------------------------------------- events


class ExperimentCreated(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "experiment"
    name = "created"
    key = ("experiment_id",)

    experiment_id: str
    experiment_name: str
    artifact_location: str
    tags: dict[str, str] = {}


class ExperimentUpdated(Event, frozen=True, kw_only=True):
    """Renamed, deleted, restored, or its tags changed; `changed` names what."""

    service = "registry"
    aggregate = "experiment"
    name = "updated"
    key = ("experiment_id",)

    experiment_id: str
    experiment_name: str
    lifecycle_stage: str
    changed: list[str]
    tags: dict[str, str] = {}


class RunStarted(Event, frozen=True, kw_only=True):
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


class ExperimentPurged(Event, frozen=True, kw_only=True):
    """Deleted for good, after all its runs; its name is free again."""

    service = "registry"
    aggregate = "experiment"
    name = "purged"
    key = ("experiment_id",)

    experiment_id: str
    experiment_name: str


class LoggedModelPurged(Event, frozen=True, kw_only=True):
    """Deleted for good, with its files."""

    service = "registry"
    aggregate = "logged_model"
    name = "purged"
    key = ("model_id",)

    model_id: str
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


class LoggedModelCreated(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "logged_model"
    name = "created"
    key = ("model_id",)

    model_id: str
    experiment_id: str
    model_name: str
    source_run_id: str | None = None
    model_type: str | None = None


class LoggedModelUpdated(Event, frozen=True, kw_only=True):
    """`status` is PENDING, READY or UPLOAD_FAILED; `changed` names what changed."""

    service = "registry"
    aggregate = "logged_model"
    name = "updated"
    key = ("model_id",)

    model_id: str
    experiment_id: str
    status: str
    lifecycle_stage: str
    changed: list[str]


class ArtifactStored(Event, frozen=True, kw_only=True):
    """A file was uploaded below a run or logged model; `sha256` is its content address."""

    service = "registry"
    aggregate = "artifact"
    name = "stored"
    key = ("path",)

    path: str
    size: int
    sha256: str


class ArtifactRemoved(Event, frozen=True, kw_only=True):
    """The file is gone from its path; its content stays while another path has it."""

    service = "registry"
    aggregate = "artifact"
    name = "removed"
    key = ("path",)

    path: str


class ModelRegistered(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "registered_model"
    name = "registered"
    key = ("model_name",)

    model_name: str
    description: str = ""
    tags: dict[str, str] = {}


class ModelUpdated(Event, frozen=True, kw_only=True):
    """Renamed (from `former_name`), described, tagged or deleted; `changed` names what."""

    service = "registry"
    aggregate = "registered_model"
    name = "updated"
    key = ("model_name",)

    model_name: str
    changed: list[str]
    former_name: str | None = None


class AliasSet(Event, frozen=True, kw_only=True):
    """`alias` now points at `version`; before, at `former_version` (None: it didn't exist)."""

    service = "registry"
    aggregate = "registered_model"
    name = "alias_set"
    key = ("model_name",)

    model_name: str
    alias: str
    version: str
    former_version: str | None = None


class AliasRemoved(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "registered_model"
    name = "alias_removed"
    key = ("model_name",)

    model_name: str
    alias: str
    version: str


class VersionRegistered(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "model_version"
    name = "registered"
    key = ("model_name", "version")

    model_name: str
    version: str
    source: str
    user: str
    run_id: str | None = None
    model_id: str | None = None


class VersionUpdated(Event, frozen=True, kw_only=True):
    """Described, tagged, moved to another stage or deleted; `changed` names what."""

    service = "registry"
    aggregate = "model_version"
    name = "updated"
    key = ("model_name", "version")

    model_name: str
    version: str
    changed: list[str]
    stage: str = "None"
    deleted: bool = False


# ---------------------------------------------------------------- live updates


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


# ---------------------------------------------------------------- views


class ExperimentView(Message, frozen=True, kw_only=True):
    id: str
    name: str
    lifecycle_stage: str
    artifact_location: str
    created_at: datetime
    updated_at: datetime
    tags: dict[str, str] = {}
    run_count: int = 0


class RunView(Message, frozen=True, kw_only=True):
    """`metrics` holds each key's latest value: of the greatest (step, timestamp, value)."""

    id: str
    experiment_id: str
    experiment_name: str
    name: str
    status: str
    lifecycle_stage: str
    user: str
    start_time: datetime
    end_time: datetime | None = None
    artifact_uri: str = ""
    params: dict[str, str] = {}
    metrics: dict[str, float] = {}
    tags: dict[str, str] = {}
    datasets: list[DatasetRef] = []
    parent_run_id: str | None = None
    source: str | None = None
    git_commit: str | None = None


class VersionView(Message, frozen=True, kw_only=True):
    """`run` is filled when it was asked for; `metrics` are the run's latest values."""

    model_name: str
    version: str
    status: str
    stage: str
    source: str
    user: str
    created_at: datetime
    updated_at: datetime
    description: str = ""
    run_id: str | None = None
    model_id: str | None = None
    aliases: list[str] = []
    tags: dict[str, str] = {}
    metrics: dict[str, float] = {}
    params: dict[str, str] = {}


class ModelView(Message, frozen=True, kw_only=True):
    """`latest` is the version with the highest number."""

    name: str
    created_at: datetime
    updated_at: datetime
    description: str = ""
    tags: dict[str, str] = {}
    aliases: dict[str, str] = {}
    version_count: int = 0
    latest: VersionView | None = None


class EventView(Message, frozen=True, kw_only=True):
    """A fact of any service; `data` is its JSON."""

    id: str
    type: str
    service: str
    aggregate: str
    aggregate_id: str
    version: int
    time: datetime
    actor: str
    correlation_id: str
    data: str


class MetricPoint(Message, frozen=True, kw_only=True):
    value: float
    step: int
    time: datetime


# ---------------------------------------------------------------- requests


class PurgeReport(Message, frozen=True, kw_only=True):
    """How much went for good, and the ids of what stayed. `more`: ask again, there is more to do."""

    runs: int = 0
    logged_models: int = 0
    experiments: int = 0
    kept_runs: list[str] = []
    kept_models: list[str] = []
    more: bool = False


class PurgeDeleted(Request[PurgeReport], frozen=True, kw_only=True):
    """Deletes for good what has been in the state "deleted" for at least `days`: a part of it, so ask until it's done.

    What a registered version needs stays; say how many stayed so far, to have them passed over.
    """

    service = "registry"
    name = "deleted.purge"

    days: float = 30.0
    kept_runs: int = 0
    kept_models: int = 0


class ContentReport(Message, frozen=True, kw_only=True):
    """`next` is where to go on; None when all stored content has been looked at."""

    looked_at: int = 0
    removed: int = 0
    bytes: int = 0
    next: str | None = None


class CollectContent(Request[ContentReport], frozen=True, kw_only=True):
    """Removes stored content, at least a day old, that no artifact has any more; a part of it, from `after` on."""

    service = "registry"
    name = "content.collect"

    after: str | None = None


class GetExperiment(Request[ExperimentView], frozen=True, kw_only=True):
    service = "registry"
    name = "experiment.get"

    id: str


class ListExperiments(Request[Page[ExperimentView]], frozen=True, kw_only=True):
    """Newest first; `name_contains` ignores case."""

    service = "registry"
    name = "experiment.list"

    paging: Paging = Paging()
    name_contains: str | None = None


class GetRuns(Request[list[RunView | None]], frozen=True, kw_only=True):
    """One entry for each id, in order; None where there is no such run. At most 100 ids."""

    service = "registry"
    name = "run.get"

    ids: list[str]


class ListRuns(Request[Page[RunView]], frozen=True, kw_only=True):
    """`filter` is an MLflow filter string; `order_by` MLflow order clauses, newest first without any."""

    service = "registry"
    name = "run.list"

    paging: Paging = Paging()
    experiment_ids: list[str] | None = None
    filter: str = ""
    order_by: list[str] = []


class GetMetricHistory(Request[list[MetricPoint]], frozen=True, kw_only=True):
    """At most `max_points` points over all steps, always with the first and the last."""

    service = "registry"
    name = "run.metric_history"

    run_id: str
    metric: str
    max_points: int = 1000


class GetModels(Request[list[ModelView | None]], frozen=True, kw_only=True):
    """One entry for each name, in order; None where there is no such model. At most 100 names."""

    service = "registry"
    name = "model.get"

    names: list[str]


class ListModels(Request[Page[ModelView]], frozen=True, kw_only=True):
    """By name; `name_contains` ignores case. `filter` and `order_by` are as MLflow's, with OR and parentheses."""

    service = "registry"
    name = "model.list"

    paging: Paging = Paging()
    name_contains: str | None = None
    tags: dict[str, str] = {}
    filter: str = ""
    order_by: list[str] = []


class VersionKey(Message, frozen=True, kw_only=True):
    model_name: str
    version: str


class GetVersions(Request[list[VersionView | None]], frozen=True, kw_only=True):
    """One entry for each key, in order; None where there is no such version. At most 100 keys.

    A key's `version` may also be an alias, written `@champion`.
    """

    service = "registry"
    name = "version.get"

    keys: list[VersionKey]


class ListVersions(Request[Page[VersionView]], frozen=True, kw_only=True):
    """Of one model, highest version first; of all models, newest first. `filter` and `order_by` are as MLflow's, with
    OR and parentheses."""

    service = "registry"
    name = "version.list"

    paging: Paging = Paging()
    model_name: str | None = None
    filter: str = ""
    order_by: list[str] = []


class ListEvents(Request[Page[EventView]], frozen=True, kw_only=True):
    """Newest first; the registry keeps a searchable copy of every service's events."""

    service = "registry"
    name = "event.list"

    paging: Paging = Paging()
    types: list[str] = []
    aggregate: str | None = None
    aggregate_id: str | None = None
    actor: str | None = None


class SetAlias(Request[VersionView], frozen=True, kw_only=True):
    service = "registry"
    name = "alias.set"

    model_name: str
    alias: str
    version: str
    idempotency_key: str | None = None


MAX_METRICS_IN_EVENT = 200
"""Newest values named in one `RunDataLogged`; keeps it below 64 KB with keys of 250 characters."""
