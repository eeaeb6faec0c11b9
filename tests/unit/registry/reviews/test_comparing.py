"""A candidate beside the champion, number by number."""

from services.contracts.evaluations import Importance, SliceScore
from services.registry.evaluations.paired import Paired
from services.registry.reviews import comparing


def test_better_means_lower_for_an_error_and_higher_for_the_rest() -> None:
    test = Paired(test="mcnemar", rows=90, better_by=0.1, p_value=0.01)
    rows = comparing.metric_rows(
        {"auc": 0.8, "rmse": 3.0, "cost": 2.0, "new": 1.0, "same": 1.0},
        {"auc": 0.7, "rmse": 2.0, "cost": 3.0, "old": 1.0, "same": 1.0},
        {"auc": test},
        errors=["cost"],
    )
    assert {row.name: row.better for row in rows} == {
        "auc": True, "cost": True, "new": None, "old": None, "rmse": False, "same": None,
    }  # fmt: skip
    auc = rows[0]
    assert (round(auc.difference or 0, 6), auc.p_value, auc.test) == (0.1, 0.01, "mcnemar")
    assert next(row for row in rows if row.name == "new").difference is None


def test_only_parameters_that_differ_are_shown() -> None:
    rows = comparing.param_rows({"depth": "3", "seed": "1", "new": "x"}, {"depth": "4", "seed": "1", "old": "y"})
    assert [(row.name, row.candidate, row.champion) for row in rows] == [
        ("depth", "3", "4"), ("new", "x", None), ("old", None, "y"),
    ]  # fmt: skip


def test_slices_of_either_side_stand_beside_each_other() -> None:
    ours = [SliceScore(feature="sex", value="f", rows=10, metrics={"auc": 0.8, "f1": 0.5})]
    theirs = [
        SliceScore(feature="sex", value="f", rows=9, metrics={"auc": 0.7}),
        SliceScore(feature="sex", value="m", rows=8, metrics={"auc": 0.6}),
    ]
    rows = comparing.slice_rows(ours, theirs)
    assert [(row.value, row.metric, row.candidate, row.champion, row.better) for row in rows] == [
        ("f", "auc", 0.8, 0.7, True), ("f", "f1", 0.5, None, None), ("m", "auc", None, 0.6, None),
    ]  # fmt: skip
    assert (rows[0].candidate_rows, rows[2].candidate_rows) == (10, None)
    many = [SliceScore(feature="x", value=str(n), rows=1, metrics={"auc": 0.5}) for n in range(600)]
    assert len(comparing.slice_rows(many, [])) == comparing.MOST_SLICES


def test_the_candidates_most_important_feature_comes_first() -> None:
    rows = comparing.importance_rows(
        [Importance(feature="a", value=0.1), Importance(feature="b", value=-0.5)], [Importance(feature="c", value=0.9)]
    )
    assert [(row.name, row.better) for row in rows] == [("b", None), ("a", None), ("c", None)]
