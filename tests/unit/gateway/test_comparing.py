"""Runs and versions stand side by side, each with its own value or none."""

from __future__ import annotations

from math import nan

from services.contracts.registry import DatasetRef
from services.gateway.comparing import Side, compared
from tests.integration.gateway.doubles import run, version


def test_each_value_stands_where_its_side_does() -> None:
    data = DatasetRef(name="flights", digest="5f2c", source_type="local", context="train")
    first = run("r1", params={"depth": "6", "seed": "1"}, metrics={"auc": 0.7, "loss": nan}, datasets=[data])
    second = run("r2", params={"depth": "8", "seed": "1"}, metrics={"auc": 0.74}, tags={"mlflow.user": "anna"})
    third = Side(first, version(params={"depth": "6"}, metrics={"auc": 0.7}, tags={"team": "ops"}))
    found = compared([Side(first), Side(second), third])
    assert {row.key: (row.values, row.same) for row in found.params} == {
        "depth": (["6", "8", "6"], False),
        "seed": (["1", "1", None], False),
    }
    auc, loss = found.metrics
    assert (auc.values, auc.least, auc.greatest, auc.same) == ([0.7, 0.74, 0.7], 0.7, 0.74, False)
    assert (loss.values, loss.least, loss.same) == ([None, None, None], None, False)
    assert [(row.key, row.values) for row in found.tags] == [("team", ["ops", None, "ops"])]
    assert [(row.key, row.values) for row in found.datasets] == [("flights (train)", ["5f2c", None, "5f2c"])]


def test_what_is_the_same_in_all_is_told() -> None:
    found = compared([Side(run("r1")), Side(run("r2"))])
    same = [row.same for row in found.params] + [row.same for row in found.metrics] + [row.same for row in found.tags]
    assert same == [True, True, True]
