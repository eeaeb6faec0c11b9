import numpy as np
import pytest
from sklearn import metrics

from services.monitor.counts.columns import Codes, as_codes, column_from_list
from services.monitor.performance.classes import (
    ClassCounts,
    accuracy,
    by_class,
    classes,
    count_classes,
    kappa,
    macro_f1,
    matrix,
)


def coded(values: list[str | None]) -> Codes:
    return as_codes(column_from_list(values, "categorical"))


def three_classes(rows: int = 3_000) -> tuple[list[str], list[str]]:
    rng = np.random.default_rng(40)
    labels = rng.choice(["cat", "dog", "owl"], rows, p=[0.5, 0.3, 0.2])
    predicted = np.where(rng.random(rows) < 0.7, labels, rng.choice(["cat", "dog", "owl"], rows))
    return predicted.tolist(), labels.tolist()


def test_figures_of_each_class_are_scikit_learns() -> None:
    predicted, labels = three_classes()
    counts = count_classes(coded(predicted), coded(labels))
    names = ["cat", "dog", "owl"]
    precision, recall, f1, support = metrics.precision_recall_fscore_support(labels, predicted, labels=names)
    for i, figures in enumerate(by_class(counts)):
        assert figures.name == names[i]
        assert figures.support == support[i]
        assert figures.precision is not None
        assert figures.recall is not None
        assert figures.precision.value == pytest.approx(precision[i])
        assert figures.recall.value == pytest.approx(recall[i])
        assert figures.f1 == pytest.approx(f1[i])
    assert macro_f1(counts) == pytest.approx(metrics.f1_score(labels, predicted, average="macro"))
    assert kappa(counts) == pytest.approx(metrics.cohen_kappa_score(labels, predicted))
    assert matrix(counts, names) == metrics.confusion_matrix(labels, predicted, labels=names).tolist()
    right = accuracy(counts)
    assert right is not None
    assert right.value == pytest.approx(metrics.accuracy_score(labels, predicted))


def test_rows_without_label_or_prediction_are_not_counted() -> None:
    assert count_classes(coded(["a", None, "b"]), coded([None, "a", "b"])).pairs == {("b", "b"): 1}


def test_a_new_class_joins_when_it_appears() -> None:
    counts = count_classes(coded(["a"]), coded(["a"])) + count_classes(coded(["new"]), coded(["a"]))
    assert classes(counts) == ["a", "new"]
    assert counts.rows == 2
    assert counts.correct == 1


def test_a_corrected_label_leaves_no_trace() -> None:
    counts = count_classes(coded(["a", "b"]), coded(["a", "a"]))
    corrected = counts - count_classes(coded(["b"]), coded(["a"])) + count_classes(coded(["b"]), coded(["b"]))
    assert corrected.pairs == {("a", "a"): 1, ("b", "b"): 1}


def test_nothing_counted_has_no_figures() -> None:
    assert accuracy(ClassCounts()) is None
    assert macro_f1(ClassCounts()) is None
    assert kappa(ClassCounts()) is None
    assert by_class(ClassCounts()) == []
