"""What makes an evaluation, and what follows from its slices and seeds."""

import math
from typing import Any

import msgspec
import pytest

from services.contracts.base import MAX_EVENT_BYTES
from services.contracts.errors import Invalid, TooLarge
from services.contracts.evaluations import (
    ConfusionMatrix,
    Contribution,
    Curve,
    Example,
    Explanation,
    Importance,
    RecordEvaluation,
    RowScores,
    SeedScore,
    SliceScore,
    SplitRef,
)
from services.registry.evaluations import rules

SPLIT = SplitRef(name="test", dataset="flights", digest="d1", sealed=True)


def request(**more: Any) -> RecordEvaluation:
    return RecordEvaluation(**{"split": SPLIT, "metrics": {"auc": 0.7}, "run_id": "r1", **more})


def score(feature: str, value: str, rows: int = 10, kind: str = "slice", **metrics: float) -> SliceScore:
    return SliceScore(feature=feature, value=value, rows=rows, metrics=metrics, kind=kind)  # type: ignore[arg-type]


def test_the_worst_slice_is_named_with_its_difference_and_ratio() -> None:
    slices = [score("carrier", "AA", auc=0.8), score("carrier", "UA", auc=0.6), score("carrier", "ZZ", rows=0, auc=0.0)]
    [found] = rules.disparities(slices)
    assert (found.worst, found.best, found.worst_rows) == ("UA", "AA", 10)
    assert (round(found.difference, 6), found.ratio) == (0.2, pytest.approx(0.75))


def test_for_an_error_the_largest_value_is_the_worst() -> None:
    slices = [score("sex", "f", rmse=3.0, cost=1.0), score("sex", "m", rmse=2.0, cost=2.0)]
    found = {entry.metric: entry for entry in rules.disparities(slices, errors=["cost"])}
    assert (found["rmse"].worst, found["cost"].worst) == ("f", "m")


def test_fairness_comes_before_slices_and_the_widest_first() -> None:
    slices = [
        score("hour", "7", auc=0.9), score("hour", "8", auc=0.1),
        score("sex", "f", kind="fairness", auc=0.7, f1=0.5), score("sex", "m", kind="fairness", auc=0.71, f1=0.7),
    ]  # fmt: skip
    assert [(entry.feature, entry.metric) for entry in rules.disparities(slices)] == [
        ("sex", "f1"), ("sex", "auc"), ("hour", "auc"),
    ]  # fmt: skip


def test_a_value_that_isnt_positive_has_no_ratio() -> None:
    [found] = rules.disparities([score("x", "a", r2=-0.5), score("x", "b", r2=0.5)])
    assert (found.ratio, found.difference) == (None, 1.0)


def test_stability_needs_two_seeds() -> None:
    seeds = [SeedScore(seed=str(n), metrics={"auc": 0.6 + n / 10, **({"f1": 0.5} if n == 0 else {})}) for n in range(3)]
    [found] = rules.stability(seeds)
    assert (found.metric, found.count, found.least, found.most) == ("auc", 3, 0.6, 0.8)
    assert (round(found.mean, 6), round(found.deviation, 6)) == (0.7, 0.1)


@pytest.mark.parametrize(
    ("metric", "lower"),
    [("rmse", True), ("test_log_loss", True), ("val/mae", True), ("latency_ms", True), ("auc", False), ("r2", False),
     ("close_rate", False), ("f1", False)],
)  # fmt: skip
def test_errors_are_known_by_their_names(metric: str, lower: bool) -> None:
    assert rules.lower_is_better(metric) is lower


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"run_id": None}, "model_name"),
        ({"split": SplitRef(name=" ")}, "split.name"),
        ({"metrics": {}}, "metrics"),
        ({"metrics": {"auc": math.nan}}, "metrics.auc"),
        ({"slices": [score("a", "b"), score("a", "b")]}, "slices[1]"),
        ({"slices": [score("a", "b", rows=-1)]}, "slices[0].rows"),
        ({"confusion": ConfusionMatrix(labels=["a", "b"], counts=[[1, 2]])}, "confusion.counts"),
        ({"confusion": ConfusionMatrix(labels=["a", "a"], counts=[[1, 2], [3, 4]])}, "confusion.labels"),
        ({"confusion": ConfusionMatrix(labels=["a"], counts=[[-1]])}, "confusion.counts"),
        ({"curves": [Curve(name="roc", x=[0], y=[])]}, "curves[0]"),
        ({"curves": [Curve(name="roc", x=[0], y=[math.inf])]}, "curves[0]"),
        ({"explanation": Explanation(method="")}, "explanation.method"),
        (
            {"explanation": Explanation(method="shap", importances=[Importance(feature="a", value=math.nan)])},
            "explanation.importances[0].value",
        ),
        ({"row_scores": [RowScores(measure="m", scores=[math.nan], rows_digest="r")]}, "row_scores[0].scores"),
        ({"row_scores": [RowScores(measure="m", scores=[], rows_digest="r")] * 2}, "row_scores[0].measure"),
    ],
)
def test_what_makes_no_sense_is_refused_and_the_field_is_named(more: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.check(request(**more))
    assert refused.value.field == field


@pytest.mark.parametrize(
    "more",
    [
        {"note": "x" * 2_000_000},
        {"metrics": {str(n): 0.0 for n in range(rules.METRICS + 1)}},
        {"row_scores": [RowScores(measure="m", scores=[0.0] * (rules.ROWS + 1), rows_digest="r")]},
        {"curves": [Curve(name="roc", x=[0.0] * 3000, y=[0.0] * 3000)]},
    ],
)
def test_what_is_too_large_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(TooLarge):
        rules.check(request(**more))


def test_an_event_fits_whatever_the_evaluation_holds() -> None:
    names = [f"{number:03d}" + "ü" * 240 for number in range(300)]
    whole = request(
        model_name="m",
        version="1",
        metrics=dict.fromkeys(names, 0.1234567890123),
        slices=[score(name, name, auc=0.1, **{names[0]: 0.2}) for name in names],
        seeds=[SeedScore(seed=str(seed), metrics=dict.fromkeys(names, 0.1)) for seed in range(2)],
        explanation=Explanation(
            method="shap",
            importances=[Importance(feature=name, value=0.5) for name in names],
            examples=[
                Example(row="1", prediction="x", contributions=[Contribution(feature="a", value="1", amount=0.1)])
            ],
        ),
    )
    kept, shown, event = rules.recorded(
        "e1", whole, experiment_id="7", run_id="r1", uses=["u" * 300] * 20, now=1, who="anna"
    )
    assert len(msgspec.json.encode(event)) < MAX_EVENT_BYTES
    assert len(shown.metrics) == 300
    assert kept.about == ["model/m", "run/r1", "version/m/1"]
    assert (event.sealed_uses, event.examples) == (21, 1)
