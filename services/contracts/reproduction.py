"""Reproduction: what is known of how a run was made, and what came of making it again."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.contracts.base import Event, Message, Request
from services.contracts.written import Written

Ingredient = Literal[
    "code_version", "clean_code", "entry_point", "parameters", "environment", "datasets", "dataset_locations", "seed"
]
Outcome = Literal["reproduced", "differs", "failed"]
"""`failed`: the command didn't end well, or logged none of the metrics."""


class MetricRepeated(Message, frozen=True, kw_only=True):
    """`within`: |again - original| ≤ the tolerance × max(|again|, |original|), or both not a number."""

    metric: str
    original: float
    again: float | None
    within: bool


class RunScored(Event, frozen=True, kw_only=True):
    """At the end of a run: how much of what a repeat needs is recorded (0…1), and what isn't."""

    service = "registry"
    aggregate = "reproduction"
    name = "scored"
    key = ("run_id",)

    run_id: str
    experiment_id: str
    score: float
    missing: list[Ingredient] = []


class RunReproduced(Event, frozen=True, kw_only=True):
    """It was run again, with this outcome; recorded on the original run."""

    service = "registry"
    aggregate = "reproduction"
    name = "reproduced"
    key = ("run_id",)

    run_id: str
    experiment_id: str
    attempt: str
    rerun_id: str | None
    outcome: Outcome
    tolerance: float
    differing: list[str] = []
    by: str


class IngredientView(Message, frozen=True, kw_only=True):
    """`weight` is its part of the score; `found` says what is there, `fix` how to record it next time."""

    name: Ingredient
    title: str
    weight: float
    present: bool
    found: str = ""
    fix: str = ""


class AttemptView(Message, frozen=True, kw_only=True):
    id: str
    outcome: Outcome
    tolerance: float
    metrics: list[MetricRepeated]
    rerun_id: str | None
    note: str
    by: str
    at: datetime


class ReproducibilityView(Message, frozen=True, kw_only=True):
    """`score` 0…1 is the sum of the weights of what is present. Attempts newest first."""

    run_id: str
    score: float
    ingredients: list[IngredientView]
    missing: list[Ingredient]
    attempts: list[AttemptView] = []


class DataReference(Message, frozen=True, kw_only=True):
    """A dataset that the run used. `location` is what the client said; `sha256` where the file itself was read."""

    dataset: str
    digest: str
    context: str | None
    location: str
    source_type: str
    sha256: str = ""
    rows: int | None = None


class BundleFile(Message, frozen=True, kw_only=True):
    """An artifact of the run that belongs into the bundle; `path` is below the run's artifacts, `url_path` is its
    address below the registry's."""

    path: str
    url_path: str
    size: int
    sha256: str


class ReproductionPlan(Message, frozen=True, kw_only=True):
    """All that the registry knows for making a run again.

    `command` is empty if no entry point is known; `diff` holds the uncommitted changes, `environment` the pinned
    packages (requirements, conda, python version), where they were logged.
    """

    run_id: str
    run_name: str
    experiment_name: str
    repository: str
    commit: str
    entry_point: str
    command: list[str]
    working_directory: str
    params: dict[str, str]
    metrics: dict[str, float]
    seeds: dict[str, str]
    datasets: list[DataReference]
    diff: BundleFile | None
    environment: list[BundleFile]
    score: float
    missing: list[Ingredient]


class GetReproducibility(Request[ReproducibilityView], frozen=True, kw_only=True):
    service = "registry"
    name = "reproduction.get"

    run_id: str


class PlanReproduction(Request[ReproductionPlan], frozen=True, kw_only=True):
    service = "registry"
    name = "reproduction.plan"

    run_id: str


class RecordReproduction(Request[Written], frozen=True, kw_only=True):
    """The registry compares: the metrics of `rerun_id`, or `metrics` as they were measured, with the original's.

    `failed` says that there is nothing to compare, and `note` why. `tolerance` is relative.
    """

    service = "registry"
    name = "reproduction.record"

    run_id: str
    rerun_id: str | None = None
    metrics: dict[str, float] = {}
    failed: bool = False
    tolerance: float = 0.0
    note: str = ""
    idempotency_key: str | None = None
