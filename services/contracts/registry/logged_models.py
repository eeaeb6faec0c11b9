"""What logged models say."""

from __future__ import annotations

from services.contracts.base import Event


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
