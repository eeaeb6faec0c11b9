import numpy as np
import pytest

from services.monitor.counts.columns import Numbers, column_from_list
from services.monitor.performance.rules import (
    count_performance,
    merge_performance,
    no_performance,
    pack_performance,
    performance,
    unpack_performance,
)


def test_a_binary_model_without_a_class_is_judged_at_the_threshold() -> None:
    counts = count_performance("binary", column_from_list([1, 0, 1, 0]), score=column_from_list([0.9, 0.6, 0.4, 0.1]))
    figures = performance(counts, predictions=8)
    assert figures.labelled == 4
    assert figures.coverage == 0.5
    assert figures.roc_auc == pytest.approx(0.75)
    assert figures.accuracy == figures.precision == figures.recall == figures.f1 == 0.5
    assert figures.roc_auc_low is not None
    assert figures.accuracy_high is not None
    assert figures.roc_auc_low < 0.75
    assert figures.mae is None
    assert performance(counts, 8, threshold=0.7).precision == 1.0


def test_a_binary_model_with_a_class_is_judged_by_its_class() -> None:
    counts = count_performance(
        "binary",
        column_from_list(["late", "on time", "late", None]),
        score=column_from_list([0.4, 0.2, 0.3, 0.9]),
        predicted=column_from_list(["late", "late", "on time", "late"]),
        positive="late",
    )
    figures = performance(counts, 4, positive="late")
    assert figures.labelled == 3
    assert figures.accuracy == pytest.approx(1 / 3)
    assert figures.precision == figures.recall == 0.5
    assert figures.roc_auc == 1.0


@pytest.mark.parametrize("labels", [[1, 0, None], [True, False, None], ["1", "0", None], ["true", "false", None]])
def test_labels_of_a_binary_model_come_in_any_usual_form(labels: list[object]) -> None:
    counts = count_performance("binary", column_from_list(labels), score=column_from_list([0.9, 0.1, 0.5]))
    assert counts.labelled == 2
    assert (counts.binary.positives, counts.binary.negatives) == (1, 1)


def test_a_multiclass_model_is_judged_by_the_mean_over_its_classes() -> None:
    counts = count_performance(
        "multiclass", column_from_list(["a", "a", "b", "c"]), predicted=column_from_list(["a", "b", "b", "c"])
    )
    figures = performance(counts, 4)
    assert figures.accuracy == 0.75
    assert figures.precision == pytest.approx((1 + 0.5 + 1) / 3)
    assert figures.recall == pytest.approx((0.5 + 1 + 1) / 3)
    assert figures.roc_auc is None


def test_a_regression_model_is_judged_by_its_errors() -> None:
    counts = count_performance(
        "regression", Numbers(np.array([1.0, 2.0, 3.0])), predicted=Numbers(np.array([1.0, 2.0, 5.0])), center=2.0
    )
    figures = performance(counts, 3)
    assert figures.mae == pytest.approx(2 / 3)
    assert figures.rmse == pytest.approx(np.sqrt(4 / 3))
    assert figures.r2 == pytest.approx(-1.0)
    assert figures.coverage == 1.0


def test_a_window_without_labels_has_no_figures_and_no_coverage() -> None:
    figures = performance(no_performance("binary"), 100)
    assert (figures.labelled, figures.coverage, figures.roc_auc, figures.accuracy) == (0, 0.0, None, None)
    assert performance(no_performance("binary"), 0).coverage == 0.0


def test_packed_counts_come_back_as_they_were() -> None:
    rng = np.random.default_rng(60)
    labels = (rng.random(500) < 0.4).astype(float)
    counts = count_performance(
        "binary", Numbers(labels), score=Numbers(rng.random(500)), predicted=Numbers(np.round(rng.random(500)))
    )
    packed = pack_performance(counts)
    back = unpack_performance(packed)
    assert performance(back, 500) == performance(counts, 500)
    assert back.classes.pairs == counts.classes.pairs
    assert len(packed) < 5_000
    with pytest.raises(ValueError, match="not packed"):
        unpack_performance(b"nonsense")


def test_a_corrected_label_takes_the_place_of_the_first() -> None:
    score = column_from_list([0.9, 0.2])
    both = count_performance("binary", column_from_list([1, 1]), score=score)
    wrong = count_performance("binary", column_from_list([1]), score=column_from_list([0.2]))
    right = count_performance("binary", column_from_list([0]), score=column_from_list([0.2]))
    corrected = performance(both - wrong + right, 2)
    expected = performance(count_performance("binary", column_from_list([1, 0]), score=score), 2)
    assert corrected.labelled == 2
    assert corrected.roc_auc == expected.roc_auc
    assert corrected.log_loss == pytest.approx(expected.log_loss)


def test_counts_of_different_tasks_do_not_merge() -> None:
    with pytest.raises(ValueError, match="add up"):
        merge_performance([no_performance("binary"), no_performance("regression")])
    with pytest.raises(ValueError, match="nothing to merge"):
        merge_performance([])
