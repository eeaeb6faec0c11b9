"""Reproduction: what is known of how a run was made, and what came of making it again."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry
from strawberry import enum_value

from services.contracts import reproduction as contracts
from services.gateway.types.about import AboutRun
from services.gateway.types.fields import viewed
from services.gateway.types.limits import KEY, Size
from services.gateway.types.node import reads
from services.gateway.types.scalars import Long
from services.gateway.types.values import KeyValue, Metric, figures, named


@strawberry.enum(description="What a repeat of a run needs.")
class Ingredient(Enum):
    CODE_VERSION = enum_value("code_version", description="The commit.")
    CLEAN_CODE = enum_value("clean_code", description="No uncommitted changes, or their difference.")
    ENTRY_POINT = enum_value("entry_point", description="The program.")
    PARAMETERS = enum_value("parameters", description="The parameters.")
    ENVIRONMENT = enum_value("environment", description="The packages.")
    DATASETS = enum_value("datasets", description="Which data.")
    DATASET_LOCATIONS = enum_value("dataset_locations", description="Where these data are.")
    SEED = enum_value("seed", description="The seed of chance.")


@strawberry.enum(description="What came of a repeat.")
class ReproductionOutcome(Enum):
    REPRODUCED = enum_value("reproduced", description="The metrics are the same, within the tolerance.")
    DIFFERS = enum_value("differs", description="They aren't.")
    FAILED = enum_value("failed", description="It didn't end well.")


@strawberry.type(description="A metric of a run and of its repeat.")
class MetricRepeated:
    is_type_of = reads(contracts.MetricRepeated)

    metric: str = strawberry.field(description="Its name.")
    original: float = strawberry.field(description="As it was.")
    again: float | None = strawberry.field(description="As it is; null if the repeat didn't log it.")
    within: bool = strawberry.field(description="Whether both are the same, within the tolerance.")


@strawberry.type(description="One thing that a repeat needs.")
class IngredientFound:
    is_type_of = reads(contracts.IngredientView)

    name: Ingredient = strawberry.field(description="Which one.")
    title: str = strawberry.field(description="What it is.")
    weight: float = strawberry.field(description="Its part of the score.")
    present: bool = strawberry.field(description="Whether it is recorded.")
    found: str = strawberry.field(description="What is recorded.")
    fix: str = strawberry.field(description="How to record it next time.")


@strawberry.type(description="A repeat of a run.")
class ReproductionAttempt:
    is_type_of = reads(contracts.AttemptView)

    id: str = strawberry.field(description="Its id.")
    outcome: ReproductionOutcome = strawberry.field(description="What came of it.")
    tolerance: float = strawberry.field(description="How far metrics may be apart, relatively.")
    metrics: list[MetricRepeated] = strawberry.field(
        metadata={KEY: Size(otherwise=10)}, description="The metrics of both."
    )
    rerun_id: str | None = strawberry.field(description="The run that repeated it.")
    note: str = strawberry.field(description="What was said to it.")
    by: str = strawberry.field(description="Who tried.")
    at: datetime = strawberry.field(description="When.")


@strawberry.type(description="How well a run can be made again.")
class Reproducibility(AboutRun):
    is_type_of = reads(contracts.ReproducibilityView)

    run_id: str = strawberry.field(description="The run.")
    score: float = strawberry.field(description="0 to 1: the sum of the weights of what is recorded.")
    ingredients: list[IngredientFound] = strawberry.field(
        metadata={KEY: Size(otherwise=8)}, description="What a repeat needs."
    )
    missing: list[Ingredient] = strawberry.field(description="What isn't recorded.")
    attempts: list[ReproductionAttempt] = strawberry.field(
        metadata={KEY: Size(otherwise=5)}, description="Repeats, newest first."
    )


@strawberry.type(description="A dataset that a run used.")
class DataReference:
    is_type_of = reads(contracts.DataReference)

    dataset: str = strawberry.field(description="Its name.")
    digest: str = strawberry.field(description="Its content digest.")
    context: str | None = strawberry.field(description="What for, such as `train`.")
    location: str = strawberry.field(description="Where it is, as the client said.")
    source_type: str = strawberry.field(description="Where it comes from, such as `local` or `http`.")
    sha256: str = strawberry.field(description="Of the file, where it was read.")
    rows: Long | None = strawberry.field(description="How many rows.")


@strawberry.type(description="An artifact that belongs into the bundle.")
class BundleFile:
    is_type_of = reads(contracts.BundleFile)

    path: str = strawberry.field(description="Below the run's artifacts.")
    url_path: str = strawberry.field(description="Its address below the registry's.")
    size: Long = strawberry.field(description="Bytes.")
    sha256: str = strawberry.field(description="Of its content.")


@strawberry.type(description="All that is known for making a run again.")
class ReproductionPlan:
    is_type_of = reads(contracts.ReproductionPlan)

    run_id: str = strawberry.field(description="The run.")
    run_name: str = strawberry.field(description="Its name.")
    experiment_name: str = strawberry.field(description="Its experiment's name.")
    repository: str = strawberry.field(description="The repository of its code.")
    commit: str = strawberry.field(description="The commit.")
    entry_point: str = strawberry.field(description="The program.")
    command: list[str] = strawberry.field(description="The command line; empty if no program is known.")
    working_directory: str = strawberry.field(description="Where to run it.")
    params: list[KeyValue] = viewed(resolver=named("params"), description="Its parameters, by name.")
    metrics: list[Metric] = viewed(resolver=figures("metrics"), description="Its metrics, by name.")
    seeds: list[KeyValue] = viewed(resolver=named("seeds"), description="Its seeds, by name.")
    datasets: list[DataReference] = strawberry.field(
        metadata={KEY: Size(otherwise=5)}, description="The data that it used."
    )
    diff: BundleFile | None = strawberry.field(description="Its uncommitted changes, where they were logged.")
    environment: list[BundleFile] = strawberry.field(
        metadata={KEY: Size(otherwise=3)}, description="Its pinned packages, where they were logged."
    )
    score: float = strawberry.field(description="0 to 1: how much of what a repeat needs is recorded.")
    missing: list[Ingredient] = strawberry.field(description="What isn't.")
