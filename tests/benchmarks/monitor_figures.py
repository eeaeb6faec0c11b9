"""Each figure of the monitor beside the library that defines it: the largest difference over seeded rows.

    python -m tests.benchmarks.monitor_figures

Counted over the reference's grid, as in production; beside scipy and scikit-learn on the rows themselves. NannyML's and
Evidently's own figures are compared with in tests/unit/monitor/test_figures_of_peers.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn import metrics

from services.contracts.monitor import Performance
from services.monitor.counts.columns import Codes, Columns, Numbers
from services.monitor.counts.service import count_latency
from services.monitor.performance.rules import count_performance, performance
from services.monitor.references.rules import build_reference
from services.monitor.windows.rules import count_batch, drift

Floats = npt.NDArray[np.float64]
ROWS_ALONE = ("bias", "interval coverage", "calibration error")
ROWS, CURRENT, CASES = 50_000, 5_000, 12


def numeric_cases() -> Iterator[tuple[Floats, Floats]]:
    for seed in range(CASES):
        rng = np.random.default_rng(seed)
        shift, scale = rng.normal(0, 0.3), rng.uniform(0.8, 1.2)
        before, now = rng.standard_normal(ROWS), rng.standard_normal(CURRENT)
        if seed % 3:
            before, now = (np.exp(before), np.exp(now)) if seed % 3 == 1 else (before**2, now**2)
        yield before, now * scale + shift


def of_drift() -> dict[str, tuple[str, float]]:
    worst: dict[str, float] = {}
    for before, now in numeric_cases():
        reference = build_reference(Columns(len(before), {"x": Numbers(before)}))
        [ours] = drift(reference, count_batch(reference, Columns(len(now), {"x": Numbers(now)})))
        edges = np.histogram_bin_edges(before, bins="doane")
        r, c = (np.append(np.histogram(x, edges)[0], ((x < edges[0]) | (x > edges[-1])).sum()) for x in (before, now))
        p, q = r / r.sum(), c / c.sum()
        inner = np.quantile(before, np.linspace(0, 1, 11)[1:-1])
        b, n = (np.bincount(np.searchsorted(inner, x, side="right"), minlength=10) for x in (before, now))
        bp, np_ = b / b.sum(), np.where(n > 0, n / n.sum(), 1e-4)
        ks = stats.ks_2samp(before, now, method="asymp")
        for name, value, exact in (
            ("PSI (ten equal bins)", ours.psi, ((bp - np_) * np.log(bp / np_)).sum()),
            ("Jensen-Shannon", ours.js, jensenshannon(p, q, base=2)),
            ("Hellinger", ours.hellinger, np.linalg.norm(np.sqrt(p) - np.sqrt(q)) / np.sqrt(2)),
            ("Kolmogorov-Smirnov", ours.ks, ks.statistic),
            ("its p-value", ours.ks_p, ks.pvalue),
            ("Wasserstein, normed", ours.wasserstein, stats.wasserstein_distance(before, now) / before.std()),
            ("L-infinity", ours.l_infinity, np.abs(bp - n / n.sum()).max()),
            ("chi-square, relative", (ours.chi2 or 0.0) / stats.chi2_contingency([b, n]).statistic, 1.0),
            ("its p-value", ours.chi2_p, stats.chi2_contingency([b, n]).pvalue),
        ):
            assert value is not None
            worst[name] = max(worst.get(name, 0.0), abs(value - float(exact)))
    sources = {"PSI (ten equal bins)": "numpy on the rows", "chi-square, relative": "scipy.stats.chi2_contingency"}
    return {name: (sources.get(name, "scipy on the rows"), value) for name, value in worst.items()}


def of_performance() -> dict[str, tuple[str, float]]:
    worst: dict[str, float] = {}

    def note(name: str, value: float | None, exact: float) -> None:
        assert value is not None, name
        worst[name] = max(worst.get(name, 0.0), abs(value - exact))

    for seed in range(CASES):
        rng = np.random.default_rng(100 + seed)
        score = rng.beta(1 + seed % 3, 2, CURRENT)
        label = (rng.uniform(size=CURRENT) < score).astype(float)
        binary = performance(count_performance("binary", Numbers(label), score=Numbers(score)), CURRENT)
        at = score >= 0.5
        note("ROC-AUC", binary.roc_auc, metrics.roc_auc_score(label, score))
        note("PR-AUC (average precision)", binary.pr_auc, metrics.average_precision_score(label, score))
        note("log loss", binary.log_loss, metrics.log_loss(label, score))
        note("Brier", binary.brier, metrics.brier_score_loss(label, score))
        note("accuracy", binary.accuracy, metrics.accuracy_score(label, at))
        note("precision", binary.precision, metrics.precision_score(label, at))
        note("recall", binary.recall, metrics.recall_score(label, at))
        note("F1", binary.f1, metrics.f1_score(label, at))
        names = ["a", "b", "c", "d"]
        truth, guess = rng.integers(0, 4, CURRENT), rng.integers(0, 4, CURRENT)
        guess = np.where(rng.uniform(size=CURRENT) < 0.6, truth, guess)
        many = performance(count_performance("multiclass", Codes(truth, names), predicted=Codes(guess, names)), CURRENT)
        note("multiclass accuracy", many.accuracy, metrics.accuracy_score(truth, guess))
        note("macro F1", many.f1, metrics.f1_score(truth, guess, average="macro"))
        real = rng.normal(100, 20, CURRENT)
        predicted = real + rng.normal(1, 5, CURRENT)
        one: Performance = performance(
            count_performance("regression", Numbers(real), predicted=Numbers(predicted), center=100.0), CURRENT
        )
        note("MAE", one.mae, metrics.mean_absolute_error(real, predicted))
        note("RMSE", one.rmse, metrics.root_mean_squared_error(real, predicted))
        note("MAPE", one.mape, metrics.mean_absolute_percentage_error(real, predicted))
        note("R2", one.r2, metrics.r2_score(real, predicted))
        low, high = predicted - 6.0, predicted + rng.exponential(8.0, CURRENT)
        bounded = count_performance(
            "regression", Numbers(real), predicted=Numbers(predicted), low=Numbers(low), high=Numbers(high)
        )
        inside = float(((low <= real) & (real <= high)).mean())
        note("interval coverage", performance(bounded, CURRENT).interval_coverage, inside)
        error = float(calibration(label, score))
        note("calibration error", binary.calibration_error, error)
        at = score >= 0.3
        chosen = performance(count_performance("binary", Numbers(label), score=Numbers(score)), CURRENT, threshold=0.3)
        note("F1 at another threshold", chosen.f1, metrics.f1_score(label, at))
        by_class = {each.name: each.f1 for each in many.by_class}
        each_f1 = metrics.f1_score(truth, guess, average=None, labels=range(4))
        for name, value in zip(names, each_f1, strict=True):
            note("F1 of each class", by_class[name], float(value))
        note("bias", one.bias, float((predicted - real).mean()))
        latency = rng.lognormal(3, 1, CURRENT)
        counted = count_latency(latency)
        for share in (0.5, 0.9, 0.99):
            exact = float(np.quantile(latency, share, method="inverted_cdf"))
            note("latency percentiles, relative", (counted.latency_quantile(share) or 0.0) / exact, 1.0)
    return {name: ("numpy" if "latency" in name or name in ROWS_ALONE else "sklearn", v) for name, v in worst.items()}


def calibration(label: Floats, score: Floats) -> float:
    """Expected calibration error over ten equal bins (Naeini, Cooper & Hauskrecht, AAAI 2015), on the rows."""
    bins = np.minimum((score * 10).astype(int), 9)
    gaps = [abs(score[bins == b].mean() - label[bins == b].mean()) * (bins == b).mean() for b in set(bins.tolist())]
    return float(sum(gaps))


def main() -> None:
    print(f"{'figure':32} {'checked against':28} largest difference")
    for name, (source, difference) in {**of_drift(), **of_performance()}.items():
        print(f"{name:32} {source:28} {difference:.1e}")


if __name__ == "__main__":
    main()
