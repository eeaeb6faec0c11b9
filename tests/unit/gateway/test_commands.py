"""Inputs of mutations become the contracts' requests, field by field."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from services.contracts.alert_rules import AlertRule, SetAlertRules
from services.contracts.base import Request
from services.contracts.errors import Conflict
from services.contracts.evaluations import RecordEvaluation
from services.contracts.projects import FillAnswer
from services.gateway.inputs.alerts import AlertRuleInput, SetAlertRulesInput
from services.gateway.inputs.evaluations import EvaluatedSplitInput, RecordEvaluationInput, SliceScoreInput
from services.gateway.resolvers.mutation import Mutation
from services.gateway.resolvers.projects import FillAnswerInput
from services.gateway.types.alerts import RuleMetric, Severity
from services.gateway.types.commands import FigureInput, KeyValueInput, request_of, spelled, user_error
from services.gateway.types.scalars import Long
from services.gateway.types.values import UserError

TAKES: list[tuple[type, type[Request[Any]]]] = [
    field.base_resolver.wrapped_func.takes
    for field in Mutation.__strawberry_definition__.fields  # type: ignore[attr-defined]  # put there by strawberry
    if hasattr(field.base_resolver.wrapped_func, "takes")
]


class Asked:
    """An operation whose caller sent an idempotency key in a header."""

    class context:  # noqa: N801  # an attribute of strawberry's Info
        class ask:  # noqa: N801  # an attribute of our Operation
            class context:  # noqa: N801  # an attribute of our Asking
                idempotency_key = "from-the-header"


def request(input_: Any, kind: type[Request[Any]]) -> Any:
    """The request, which must be one."""
    info: Any = Asked
    made = request_of(input_, kind, info)
    assert isinstance(made, kind), made
    return made


@pytest.mark.parametrize(("input_type", "request_type"), TAKES, ids=lambda kind: kind.__name__)
def test_each_field_of_an_input_is_one_of_the_request(input_type: Any, request_type: type[Request[Any]]) -> None:
    given = {field.python_name for field in input_type.__strawberry_definition__.fields}
    known = {field.name for field in msgspec.structs.fields(request_type)}
    assert given == known


def test_what_is_not_said_keeps_the_default_of_the_request() -> None:
    made = request(FillAnswerInput(project_id="p", item="objective", text="x"), FillAnswer)
    assert (made.fields, made.expected, made.idempotency_key) == ({}, None, "from-the-header")


def test_named_texts_and_figures_become_mappings_at_any_depth() -> None:
    fields = [KeyValueInput(key="metric", value="auc")]
    made = request(FillAnswerInput(project_id="p", item="i", text="", fields=fields, idempotency_key="k"), FillAnswer)
    assert (made.fields, made.idempotency_key) == ({"metric": "auc"}, "k")
    slices = [SliceScoreInput(feature="f", value="v", rows=Long(1), metrics=[FigureInput(key="auc", value=0.5)])]
    recorded = request(
        RecordEvaluationInput(split=EvaluatedSplitInput(name="test"), metrics=[], slices=slices), RecordEvaluation
    )
    assert recorded.metrics == {}
    assert recorded.slices[0].metrics == {"auc": 0.5}


def test_no_rules_and_the_built_in_rules_are_different_things() -> None:
    assert request(SetAlertRulesInput(model_name="m", version="1", rules=None), SetAlertRules).rules is None
    assert request(SetAlertRulesInput(model_name="m", version="1", rules=[]), SetAlertRules).rules == []
    rule = AlertRuleInput(name="r", metric=RuleMetric.VOLUME, severity=Severity.CRITICAL)
    made = request(SetAlertRulesInput(model_name="m", version="1", rules=[rule]), SetAlertRules)
    assert made.rules == [AlertRule(name="r", metric="volume", severity="critical")]


def test_what_the_contract_refuses_is_an_error_of_the_payload() -> None:
    info: Any = Asked
    split = EvaluatedSplitInput(name=3)  # type: ignore[arg-type]  # what no checker would let through
    refused = request_of(RecordEvaluationInput(split=split, metrics=[]), RecordEvaluation, info)
    assert isinstance(refused, UserError)
    assert refused.code == "INVALID"


def test_errors_name_fields_as_the_schema_does() -> None:
    assert [spelled(name) for name in (None, "model_name", "project_id", "text")] == [
        None,
        "model",
        "projectId",
        "text",
    ]
    error = user_error(Conflict("taken", code="ALREADY_EXISTS", field="project_name"))
    assert (error.code, error.field, error.retryable) == ("ALREADY_EXISTS", "projectName", False)
