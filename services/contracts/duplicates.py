"""Has this been tried before: runs that did the same, or nearly the same."""

from __future__ import annotations

from datetime import datetime

from services.contracts.base import Event, Message, Request

MAX_SIMILAR = 50


class SimilarRunsFound(Event, frozen=True, kw_only=True):
    """A run that ended was compared with all before it. `exact` and `near` are the nearest runs, nearest first."""

    service = "registry"
    aggregate = "similarity"
    name = "found"
    key = ("run_id",)

    run_id: str
    experiment_id: str
    run_name: str
    user: str
    exact: list[str] = []
    near: list[str] = []


class Difference(Message, frozen=True, kw_only=True):
    """One thing that differs: a parameter, or `dataset`, `code version`, `entry point`. None: it isn't there."""

    key: str
    asked: str | None = None
    found: str | None = None


class SimilarRun(Message, frozen=True, kw_only=True):
    """`effect` is this run's latest metric value minus the asked run's, where both have the metric."""

    run_id: str
    run_name: str
    experiment_id: str
    experiment_name: str
    user: str
    status: str
    start_time: datetime
    exact: bool
    differences: list[Difference] = []
    metrics: dict[str, float] = {}
    effect: dict[str, float] = {}


class FindSimilarRuns(Request[list[SimilarRun]], frozen=True, kw_only=True):
    """Nearest first: runs that are the same in everything asked, then those that differ in one or two parameters, or
    in the dataset, code version or entry point only.

    Either `run_id`, or `params` and what else is known beforehand. What is None isn't compared. `datasets` are content
    digests. `defaults` are values that parameters have when they aren't named.
    """

    service = "registry"
    name = "run.similar"

    run_id: str | None = None
    params: dict[str, str] | None = None
    datasets: list[str] | None = None
    code_version: str | None = None
    entry_point: str | None = None
    defaults: dict[str, str] = {}
    limit: int = 10
