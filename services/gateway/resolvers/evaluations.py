"""Evaluations, gates and comparisons: what can be asked and changed of them."""

from __future__ import annotations

from typing import Annotated

import strawberry

from services.contracts import evaluations as contracts
from services.contracts import gates, reviews
from services.contracts.errors import NotFound
from services.contracts.paging import Page
from services.gateway.conditions import condition, ordering
from services.gateway.inputs import evaluations as inputs
from services.gateway.inputs import gates as gate_inputs
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.types.arguments import ModelName, SomeModelName, SomeVersionNumber, VersionNumber
from services.gateway.types.commands import Outcome, Payload, WrittenPayload, answered, commanded
from services.gateway.types.comparisons import VersionComparison
from services.gateway.types.evaluations import Evaluation, EvaluationSummary
from services.gateway.types.fields import viewed
from services.gateway.types.gates import GatePolicy, GateResult
from services.gateway.types.limits import Size
from services.gateway.types.list_filters import EvaluationFilter, GateResultFilter
from services.gateway.types.list_orders import EvaluationOrder, GateResultOrder
from services.gateway.types.node import reads
from services.gateway.types.paging import After, Before, Connection, First, Last, Sort, Where, paging


async def _evaluations(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    model: SomeModelName = None,
    version: SomeVersionNumber = None,
    run_id: Annotated[str | None, strawberry.argument(description="Only of this run.")] = None,
    split: Annotated[str | None, strawberry.argument(description="Only on splits of this name.")] = None,
    sealed: Annotated[bool | None, strawberry.argument(description="Only on sealed splits, or only on others.")] = None,
    where: Where[EvaluationFilter] = None,
    sort: Sort[EvaluationOrder] = None,
) -> Page[contracts.EvaluationSummary]:
    return await info.context.ask(
        contracts.ListEvaluations(
            where=condition(where),
            order=ordering(sort),
            paging=paging(first, after, last, before, Selected.of(info)),
            model_name=model,
            version=version,
            run_id=run_id,
            split=split,
            sealed=sealed,
        )
    )


async def _evaluation(
    info: Info, id_: Annotated[str, strawberry.argument(name="id", description="Its `evaluationId`.")]
) -> contracts.EvaluationView | None:
    try:
        return await info.context.ask(contracts.GetEvaluation(id=id_))
    except NotFound:
        return None


async def _gate_policy(
    info: Info,
    project_id: Annotated[str, strawberry.argument(description="The project.")],
    revision: Annotated[
        int | None, strawberry.argument(description="As it was then, from 1; as it is now if unsaid.")
    ] = None,
) -> gates.GatePolicyView:
    return await info.context.ask(gates.GetGatePolicy(project_id=project_id, revision=revision))


async def _gate_result(info: Info, model: ModelName, version: VersionNumber) -> gates.GateResultView | None:
    return await info.context.ask(gates.GetGateResults(model_name=model, version=version))


async def _gate_results(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    model: SomeModelName = None,
    version: SomeVersionNumber = None,
    project_id: Annotated[str | None, strawberry.argument(description="Only by this project's policy.")] = None,
    where: Where[GateResultFilter] = None,
    sort: Sort[GateResultOrder] = None,
) -> Page[gates.GateResultView]:
    return await info.context.ask(
        gates.ListGateResults(
            where=condition(where),
            order=ordering(sort),
            paging=paging(first, after, last, before, Selected.of(info)),
            model_name=model,
            version=version,
            project_id=project_id,
        )
    )


async def _comparison(
    info: Info,
    model: ModelName,
    version: Annotated[str, strawberry.argument(description="The candidate: a number, or an alias as `@challenger`.")],
    with_: Annotated[
        str, strawberry.argument(name="with", description="The version beside it, a number or an alias.")
    ] = "@champion",
) -> reviews.ComparisonView:
    return await info.context.ask(reviews.CompareVersions(model_name=model, version=version, with_version=with_))


@strawberry.type
class EvaluationQueries:
    """What can be asked."""

    evaluations: Connection[EvaluationSummary] | None = viewed(
        resolver=_evaluations,
        size=Size(asks=True),
        description="Evaluations, newest first. Those of a version include those of its run.",
    )
    evaluation: Evaluation | None = viewed(resolver=_evaluation, description="One evaluation with all its parts.")
    gate_policy: GatePolicy | None = viewed(
        resolver=_gate_policy, description="What versions of a project's models must pass."
    )
    gate_result: GateResult | None = viewed(
        resolver=_gate_result, description="The newest result of a version's gates; null if there is none."
    )
    gate_results: Connection[GateResult] | None = viewed(
        resolver=_gate_results, size=Size(asks=True), description="Results of gates, newest first."
    )
    version_comparison: VersionComparison | None = viewed(
        resolver=_comparison, description="What changed between two versions: a candidate beside the champion."
    )


async def _recorded(parent: strawberry.Parent[Outcome], info: Info) -> contracts.EvaluationView | None:
    return None if parent.answer is None else await _evaluation(info, parent.answer.id)


@strawberry.type(description="What recording an evaluation did.")
class EvaluationPayload(WrittenPayload):
    is_type_of = reads(Outcome)

    evaluation: Evaluation | None = viewed(resolver=_recorded, description="The evaluation; null if there were errors.")


async def _set_policy(parent: strawberry.Parent[Outcome], info: Info) -> gates.GatePolicyView | None:
    if parent.answer is None or not isinstance(parent.request, gates.SetGatePolicy):
        return None
    return await _gate_policy(info, parent.request.project_id)


@strawberry.type(description="What setting a policy did.")
class GatePolicyPayload(WrittenPayload):
    is_type_of = reads(Outcome)

    gate_policy: GatePolicy | None = viewed(
        resolver=_set_policy, description="The policy now; null if there were errors."
    )


@strawberry.type(description="What the gates said.")
class GateResultPayload(Payload):
    is_type_of = reads(Outcome)

    gate_result: GateResult | None = viewed(resolver=answered, description="The result; null if there were errors.")


@strawberry.type
class EvaluationMutations:
    """What can be changed."""

    record_evaluation: EvaluationPayload = commanded(
        inputs.RecordEvaluationInput, contracts.RecordEvaluation, "Records how good a model is on named rows."
    )
    set_gate_policy: GatePolicyPayload = commanded(
        gate_inputs.SetGatePolicyInput, gates.SetGatePolicy, "Says what versions of a project's models must pass."
    )
    evaluate_gates: GateResultPayload = commanded(
        gate_inputs.EvaluateGatesInput, gates.EvaluateGates, "Judges a version now, by its project's policy."
    )
