"""Two versions side by side."""

from __future__ import annotations

import strawberry

from services.contracts import reviews as contracts
from services.gateway.types.evaluations import Disparity, EvaluationSummary
from services.gateway.types.fields import viewed
from services.gateway.types.gates import GateResult
from services.gateway.types.limits import KEY, Size
from services.gateway.types.models import ModelVersion
from services.gateway.types.node import reads
from services.gateway.types.reviews import ReviewState
from services.gateway.types.runs import Dataset
from services.gateway.types.scalars import Long
from services.gateway.types.values import KeyValue, named


@strawberry.type(description="One of two versions.")
class ComparedVersion:
    is_type_of = reads(contracts.SideView)

    version: ModelVersion = strawberry.field(description="The version itself.")
    digest: str = strawberry.field(description="Of its content.")
    params: list[KeyValue] = viewed(resolver=named("params"), description="Its parameters, by name.")
    datasets: list[Dataset] = strawberry.field(description="The data that its run used.")
    evaluation: EvaluationSummary | None = strawberry.field(
        description="Its newest evaluation on a sealed split, else its newest."
    )
    gates: GateResult | None = strawberry.field(description="The newest result of its gates.")
    review: ReviewState | None = strawberry.field(description="Where its review stands; null if there is none.")
    runs_in: list[str] = strawberry.field(description="The environments it runs in.")


@strawberry.type(description="A number of both sides: a metric, or a feature's importance.")
class FigureCompared:
    is_type_of = reads(contracts.FigureRow)

    name: str = strawberry.field(description="Its name.")
    candidate: float | None = strawberry.field(description="The candidate's.")
    champion: float | None = strawberry.field(description="The other's.")
    difference: float | None = strawberry.field(description="Candidate minus champion.")
    better: bool | None = strawberry.field(
        description="Whether the candidate's is better; null if neither is, or one is missing."
    )
    p_value: float | None = strawberry.field(
        description="How likely chance alone makes such a difference, where rows could be paired."
    )
    test: str = strawberry.field(description="The test behind `pValue`.")


@strawberry.type(description="A parameter that differs.")
class ParamCompared:
    is_type_of = reads(contracts.ParamRow)

    name: str = strawberry.field(description="Its name.")
    candidate: str | None = strawberry.field(description="The candidate's; null if it isn't there.")
    champion: str | None = strawberry.field(description="The other's; null if it isn't there.")


@strawberry.type(description="A slice's metric on both sides.")
class SliceCompared:
    is_type_of = reads(contracts.SliceRow)

    feature: str = strawberry.field(description="The feature.")
    value: str = strawberry.field(description="Its value.")
    metric: str = strawberry.field(description="The metric.")
    candidate: float | None = strawberry.field(description="The candidate's.")
    champion: float | None = strawberry.field(description="The other's.")
    candidate_rows: Long | None = strawberry.field(description="The candidate's rows.")
    champion_rows: Long | None = strawberry.field(description="The other's rows.")
    better: bool | None = strawberry.field(
        description="Whether the candidate's is better; null if neither is, or one is missing."
    )


@strawberry.type(description="What changed between two versions.")
class VersionComparison:
    is_type_of = reads(contracts.ComparisonView)

    candidate: ComparedVersion = strawberry.field(description="The one that was asked about.")
    champion: ComparedVersion | None = strawberry.field(
        description="The one beside it; null if there is no champion yet."
    )
    same_split: bool = strawberry.field(
        description="Whether both were evaluated on the same rows; otherwise metrics say less than they seem to."
    )
    metrics: list[FigureCompared] = strawberry.field(metadata={KEY: Size(otherwise=20)}, description="Metrics of both.")
    params: list[ParamCompared] = strawberry.field(
        metadata={KEY: Size(otherwise=20)}, description="Parameters that differ."
    )
    slices: list[SliceCompared] = strawberry.field(
        metadata={KEY: Size(otherwise=50)}, description="Slices of both, at most 500."
    )
    importances: list[FigureCompared] = strawberry.field(
        metadata={KEY: Size(otherwise=20)}, description="Features' importances of both."
    )
    disparities: list[Disparity] = strawberry.field(
        metadata={KEY: Size(otherwise=10)}, description="How far the candidate's slices are apart, the widest first."
    )
