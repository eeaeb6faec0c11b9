"""Retraining: asked for by an alert or a person, answered by a run and its version."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.contracts.base import Event, Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.paging import Page, Paging
from services.contracts.written import Written

RETRAINING_TAG = "lifecycle.retraining"
"""The tag with which a run says which request it answers: its id, or `model/version` for the newest open one."""

RetrainingState = Literal["open", "running", "answered", "declined"]
RetrainingCause = Literal["alert", "person", "schedule"]
BackTo = Literal["gathering", "building"]
"""The stage of the board that a retraining leads back to: new data is needed, or only a new run."""


class RetrainingOpened(Event, frozen=True, kw_only=True):
    """`cause_id`: the alert's id, or empty for a person's wish."""

    service = "registry"
    aggregate = "retraining"
    name = "opened"
    key = ("retraining_id",)

    retraining_id: str
    model_name: str
    version: str
    cause: RetrainingCause
    cause_id: str = ""
    reason: str
    back_to: BackTo = "building"
    by: str


class RetrainingStarted(Event, frozen=True, kw_only=True):
    """A run that means to answer it is under way."""

    service = "registry"
    aggregate = "retraining"
    name = "started"
    key = ("retraining_id",)

    retraining_id: str
    model_name: str
    version: str
    run_id: str
    by: str


class RetrainingRunFailed(Event, frozen=True, kw_only=True):
    """The run that meant to answer it ended as FAILED or KILLED: it is open again."""

    service = "registry"
    aggregate = "retraining"
    name = "run_failed"
    key = ("retraining_id",)

    retraining_id: str
    model_name: str
    version: str
    run_id: str
    status: str


class RetrainingAnswered(Event, frozen=True, kw_only=True):
    """By a finished run; again once the run has become a version (`new_version`)."""

    service = "registry"
    aggregate = "retraining"
    name = "answered"
    key = ("retraining_id",)

    retraining_id: str
    model_name: str
    version: str
    run_id: str
    new_version: str | None = None
    note: str = ""
    by: str


class RetrainingDeclined(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "retraining"
    name = "declined"
    key = ("retraining_id",)

    retraining_id: str
    model_name: str
    version: str
    reason: str
    by: str


class RetrainingView(Message, frozen=True, kw_only=True):
    id: str
    model_name: str
    version: str
    cause: RetrainingCause
    cause_id: str
    reason: str
    back_to: BackTo
    state: RetrainingState
    requested_by: str
    requested_at: datetime
    run_id: str | None = None
    new_version: str | None = None
    note: str = ""
    answered_by: str = ""
    answered_at: datetime | None = None
    revision: int


class RequestRetraining(Request[Written], frozen=True, kw_only=True):
    """Refused while one for the same version is open. `version` may be an alias, written `@champion`."""

    service = "registry"
    name = "retraining.request"

    model_name: str
    version: str
    reason: str
    back_to: BackTo = "building"
    alert_id: str | None = None
    idempotency_key: str | None = None


class AnswerRetraining(Request[Written], frozen=True, kw_only=True):
    """By hand, for a run that doesn't carry the tag."""

    service = "registry"
    name = "retraining.answer"

    id: str
    run_id: str
    note: str = ""
    expected: int | None = None
    idempotency_key: str | None = None


class DeclineRetraining(Request[Written], frozen=True, kw_only=True):
    service = "registry"
    name = "retraining.decline"

    id: str
    reason: str
    expected: int | None = None
    idempotency_key: str | None = None


class GetRetraining(Request[RetrainingView], frozen=True, kw_only=True):
    service = "registry"
    name = "retraining.get"

    id: str


class ListRetrainings(Request[Page[RetrainingView]], frozen=True, kw_only=True):
    """Newest first."""

    service = "registry"
    name = "retraining.list"

    paging: Paging = Paging()
    model_name: str | None = None
    version: str | None = None
    states: list[RetrainingState] = []
    where: Condition | None = None
    order: list[Ordering] = []
