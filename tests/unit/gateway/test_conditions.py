"""Typed filters of lists become conditions on fields that their owners know."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.contracts.conditions import Condition, Ordering
from services.contracts.errors import Invalid
from services.gateway.conditions import condition, ordering
from services.gateway.types import (
    filters,
    list_filters,
    list_orders,
    logged_model_lists,
    operation_lists,
    running_lists,
)
from services.gateway.types.filters import FigureFilter, KeyedFilter, ModelFilter, NumberFilter, TextFilter, TimeFilter
from services.gateway.types.list_filters import DatasetFilter, ReviewFilter
from services.gateway.types.reviews import ReviewState
from services.monitor.alerts import store as alerts
from services.monitor.silences import store as silences
from services.registry.audit import store as audit
from services.registry.cards import store as cards
from services.registry.datasets import registered as datasets
from services.registry.deployments import store as deployments
from services.registry.evaluations import store as evaluations
from services.registry.events import handlers as events
from services.registry.experiments import store as experiments
from services.registry.gates import store as gates
from services.registry.identity import handlers as tokens
from services.registry.insights import store as insights
from services.registry.logged_models import store as logged_models
from services.registry.models import store as models
from services.registry.projects import store as projects
from services.registry.retraining import store as retraining
from services.registry.reviews import store as reviews
from services.runtime import dead_letters
from services.runtime.conditions import Fields, keys, query

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
OWNED: dict[str, Fields] = {
    "Alert": alerts.FIELDS,
    "Audit": audit.FIELDS,
    "DataSource": datasets.SOURCE_FIELDS,
    "Dataset": datasets.NAME_FIELDS,
    "DatasetUse": datasets.USE_FIELDS,
    "DatasetVersion": datasets.VERSION_FIELDS,
    "Evaluation": evaluations.FIELDS,
    "DeadLetter": dead_letters.FIELDS,
    "Deployment": deployments.FIELDS,
    "Event": events.FIELDS,
    "Experiment": experiments.FIELDS,
    "GateResult": gates.FIELDS,
    "Insight": insights.FIELDS,
    "LoggedModel": logged_models.FIELDS,
    "Model": models.MODEL_FIELDS,
    "ModelCard": cards.FIELDS,
    "Project": projects.FIELDS,
    "Retraining": retraining.FIELDS,
    "Review": reviews.FIELDS,
    "Silence": silences.FIELDS,
    "Token": tokens.FIELDS,
    "Version": models.VERSION_FIELDS,
}
ENUMERATIONS = {("Review", "state"), ("Retraining", "state"), ("Alert", "state"), ("Alert", "severity")}
ENUMERATIONS |= {("LoggedModel", "status"), ("Token", "role")}


def _named(name: str) -> Any:
    for module in (filters, list_filters, list_orders, logged_model_lists, operation_lists, running_lists):
        if hasattr(module, name):
            return getattr(module, name)
    raise AssertionError(f"there is no {name}")


def _sample(name: str, kind: str) -> Any:
    """Some comparison that fits a field."""
    if kind == "tags":
        return [KeyedFilter(key="k", eq="v")]
    if kind == "figures":
        return [FigureFilter(key="k", ge=1)]
    if kind in ("time", "milliseconds"):
        return TimeFilter(from_=NOON)
    if kind in ("flag", "presence"):
        return True
    return NumberFilter(ge=1) if kind == "number" else TextFilter(ilike="%a%")


@pytest.mark.parametrize("name", OWNED)
def test_each_filter_asks_for_fields_of_its_list_and_each_order_too(name: str) -> None:
    fields, filter_type = OWNED[name], _named(f"{name}Filter")
    asked = {f.python_name for f in filter_type.__strawberry_definition__.fields} - {"and_", "or_", "not_"}
    assert asked == set(fields)
    for field, (_, kind, _) in fields.items():
        if (name, field) in ENUMERATIONS:
            continue
        for where in (
            filter_type(**{field: _sample(field, kind)}),
            filter_type(not_=filter_type(**{field: _sample(field, kind)})),
        ):
            assert query(condition(where), fields)
    for by in _named(f"{name}OrderBy"):
        if by.value == "metrics":
            continue  # computed from the figures by the list itself
        order = [_named(f"{name}Order")(by=by, descending=True)]
        assert keys(ordering(order), fields, [("_id", 1)])[0][1] == -1


def test_and_or_and_not_are_kept_and_comparisons_are_split() -> None:
    where = ModelFilter(
        or_=[ModelFilter(name=TextFilter(like="fl%")), ModelFilter(tags=[KeyedFilter(key="team", eq="ops", ne="x")])],
        not_=ModelFilter(created_at=TimeFilter(from_=NOON, before=NOON)),
    )
    assert condition(where) == Condition(
        all=[
            Condition(
                any=[
                    Condition(field="name", operator="like", text="fl%"),
                    Condition(
                        all=[
                            Condition(field="tags", key="team", operator="eq", text="ops"),
                            Condition(field="tags", key="team", operator="ne", text="x"),
                        ]
                    ),
                ]
            ),
            Condition(
                all=[
                    Condition(
                        all=[
                            Condition(field="created_at", operator="ge", time=NOON),
                            Condition(field="created_at", operator="lt", time=NOON),
                        ]
                    )
                ],
                negated=True,
            ),
        ]
    )


def test_numbers_and_enumerations_are_compared() -> None:
    assert condition(DatasetFilter(versions=NumberFilter(gt=2))) == Condition(field="versions", operator="gt", number=2)
    states = condition(ReviewFilter(state=[ReviewState.OPEN, ReviewState.LAPSED]))
    assert states == Condition(field="state", operator="in", texts=["open", "lapsed"])
    assert condition(None) is None
    assert ordering(None) == []
    order = list_orders.DatasetOrder(by=list_orders.DatasetOrderBy.NAME)
    assert ordering([order]) == [Ordering(by="name", descending=False)]


@pytest.mark.parametrize("where", [ModelFilter(), ModelFilter(name=TextFilter()), ModelFilter(or_=[ModelFilter()])])
def test_a_filter_that_says_nothing_is_refused(where: ModelFilter) -> None:
    with pytest.raises(Invalid):
        condition(where)
