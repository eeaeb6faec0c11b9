"""Experiments: events, view and requests."""

from __future__ import annotations

from datetime import datetime

from services.contracts.base import Event, Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.paging import Page, Paging


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


class ExperimentPurged(Event, frozen=True, kw_only=True):
    """Deleted for good, after all its runs; its name is free again."""

    service = "registry"
    aggregate = "experiment"
    name = "purged"
    key = ("experiment_id",)

    experiment_id: str
    experiment_name: str


class ExperimentView(Message, frozen=True, kw_only=True):
    id: str
    name: str
    lifecycle_stage: str
    artifact_location: str
    created_at: datetime
    updated_at: datetime
    tags: dict[str, str] = {}
    run_count: int = 0


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
    where: Condition | None = None
    order: list[Ordering] = []
