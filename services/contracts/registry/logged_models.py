"""What logged models say, how they are shown, and how they are asked for and changed."""

from __future__ import annotations

from datetime import datetime

from services.contracts.base import Event, Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.paging import Page, Paging
from services.contracts.registry.models import VersionKey


class LoggedModelPurged(Event, frozen=True, kw_only=True):
    """Deleted for good, with its files."""

    service = "registry"
    aggregate = "logged_model"
    name = "purged"
    key = ("model_id",)

    model_id: str
    experiment_id: str


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


class LoggedModelMetric(Message, frozen=True, kw_only=True):
    """A figure that the run `run_id` measured of the model, on the dataset if one is named."""

    key: str
    value: float
    step: int
    time: datetime
    run_id: str
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LoggedModelView(Message, frozen=True, kw_only=True):
    """A model that a run has logged. `status` is PENDING, READY, UPLOAD_FAILED or UNSPECIFIED. `metrics` are all of
    its points in the order of their logging; `versions` are the registered versions that were made of it."""

    id: str
    name: str
    experiment_id: str
    status: str
    lifecycle_stage: str
    artifact_uri: str
    created_at: datetime
    updated_at: datetime
    model_type: str | None = None
    source_run_id: str | None = None
    params: dict[str, str] = {}
    tags: dict[str, str] = {}
    metrics: list[LoggedModelMetric] = []
    versions: list[VersionKey] = []


class GetLoggedModels(Request[list[LoggedModelView | None]], frozen=True, kw_only=True):
    """One entry for each id, in order; None where there is no such model. Deleted ones too. At most 100 ids."""

    service = "registry"
    name = "logged_model.get"

    ids: list[str]


class ListLoggedModels(Request[Page[LoggedModelView]], frozen=True, kw_only=True):
    """Newest first. A metric is compared with each of its points: one that fits is enough. An order by `metrics` (with
    `key`) goes by the newest point; models without one come last. `run_id`: only those that this run logged."""

    service = "registry"
    name = "logged_model.list"

    paging: Paging = Paging()
    experiment_ids: list[str] | None = None
    run_id: str | None = None
    with_deleted: bool = False
    where: Condition | None = None
    order: list[Ordering] = []


class SetLoggedModelTag(Request[LoggedModelView], frozen=True, kw_only=True):
    service = "registry"
    name = "logged_model.set_tag"

    model_id: str
    tag: str
    value: str
    idempotency_key: str | None = None


class DeleteLoggedModelTag(Request[LoggedModelView], frozen=True, kw_only=True):
    service = "registry"
    name = "logged_model.delete_tag"

    model_id: str
    tag: str
    idempotency_key: str | None = None


class DeleteLoggedModel(Request[LoggedModelView], frozen=True, kw_only=True):
    """It can't be restored, but is there until it is purged."""

    service = "registry"
    name = "logged_model.delete"

    model_id: str
    idempotency_key: str | None = None
