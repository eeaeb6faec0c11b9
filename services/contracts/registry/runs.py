"""Runs as they are shown and asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.contracts.base import Message, Request
from services.contracts.paging import Page, Paging
from services.contracts.registry.run_events import DatasetRef


class RunView(Message, frozen=True, kw_only=True):
    """`metrics` holds each key's latest value: of the greatest (step, timestamp, value). `as_of`: it is of then."""

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
    as_of: datetime | None = None


class MetricPoint(Message, frozen=True, kw_only=True):
    value: float
    step: int
    time: datetime


class GetRuns(Request[list[RunView | None]], frozen=True, kw_only=True):
    """One entry for each id, in order; None where there is no such run. At most 100 ids.

    `as_of`: as they were then; None where a run hadn't started. Refused (`NOT_KNOWN_THEN`) if that can't be told.
    """

    service = "registry"
    name = "run.get"

    ids: list[str]
    as_of: datetime | None = None


class ListRuns(Request[Page[RunView]], frozen=True, kw_only=True):
    """`filter` is an MLflow filter string; `order_by` MLflow order clauses, newest first without any."""

    service = "registry"
    name = "run.list"

    paging: Paging = Paging()
    experiment_ids: list[str] | None = None
    filter: str = ""
    order_by: list[str] = []


class GroupMetric(Message, frozen=True, kw_only=True):
    """A metric within a group: over the `runs` that have a finite value. `deviation` is that of a sample (over n - 1),
    None of fewer than two; a figure is None too if it is too large for a number."""

    key: str
    runs: int
    mean: float | None = None
    deviation: float | None = None
    least: float | None = None
    greatest: float | None = None


class RunGroup(Message, frozen=True, kw_only=True):
    """Runs that have `values` in common, one for each thing they are grouped by; None: they don't have it. `newest`:
    when the last of them started."""

    values: list[str | None]
    runs: int
    newest: datetime
    metrics: list[GroupMetric] = []


class GroupOrder(Message, frozen=True, kw_only=True):
    """`mean`, `least` and `greatest` are those of `metric`, one of those asked for; without a value groups are last."""

    by: Literal["runs", "newest", "value", "mean", "least", "greatest"] = "runs"
    metric: str | None = None
    descending: bool = True


class ListRunGroups(Request[Page[RunGroup]], frozen=True, kw_only=True):
    """The runs that `ListRuns` would list, in groups. `by`: one or two of `params.…`, `tags.…`, `attributes.status`,
    `attributes.user_id`, `attributes.run_name`; `metrics`: keys, at most 20. At most 10,000 groups."""

    service = "registry"
    name = "run.groups"

    paging: Paging = Paging()
    experiment_ids: list[str] | None = None
    filter: str = ""
    by: list[str]
    metrics: list[str] = []
    order: GroupOrder = GroupOrder()


class GetMetricHistory(Request[list[MetricPoint]], frozen=True, kw_only=True):
    """At most `max_points` points over all steps, always with the first and the last. `as_of`: those stored by then."""

    service = "registry"
    name = "run.metric_history"

    run_id: str
    metric: str
    max_points: int = 1000
    as_of: datetime | None = None
