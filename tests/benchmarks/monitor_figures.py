"""Each figure of the monitor beside the library that defines it: the largest difference over seeded rows.

    python -m tests.benchmarks.monitor_figures

Counted over the reference's grid, as in production; beside scipy and scikit-learn on the rows themselves, and beside
what NannyML and Evidently made of seeded rows (recorded in tests/unit/monitor/test_figures_of_peers.py). The guide
(docs/guides/monitoring.md) shows what this prints; tests/unit/monitor/test_guide.py holds it against the figures.
"""

from __future__ import annotations

import math
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
from tests.unit.monitor import test_figures_of_peers as peers

Floats = npt.NDArray[np.float64]
ROWS_ALONE = ("bias", "interval coverage", "calibration error")
ROWS, CURRENT, CASES = 50_000, 5_000, 12
ROUNDING = 1e-12
"""What floating-point sums in another order may differ by."""


def numeric_cases(cases: int) -> Iterator[tuple[Floats, Floats]]:
    for seed in range(cases):
        rng = np.random.default_rng(seed)
        shift, scale = rng.normal(0, 0.3), rng.uniform(0.8, 1.2)
        before, now = rng.standard_normal(ROWS), rng.standard_normal(CURRENT)
        if seed % 3:
            before, now = (np.exp(before), np.exp(now)) if seed % 3 == 1 else (before**2, now**2)
        yield before, now * scale + shift


Differences = dict[str, tuple[str, float]]
"""By figure: what it was checked against, and the largest difference."""


def of_drift(cases: int) -> Differences:
    worst: dict[str, float] = {}
    for before, now in numeric_cases(cases):
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
            ("PSI, ten equal bins", ours.psi, ((bp - np_) * np.log(bp / np_)).sum()),
            ("Jensen-Shannon", ours.js, jensenshannon(p, q, base=2)),
            ("Hellinger", ours.hellinger, np.linalg.norm(np.sqrt(p) - np.sqrt(q)) / np.sqrt(2)),
            ("Kolmogorov-Smirnov", ours.ks, ks.statistic),
            ("p-value of Kolmogorov-Smirnov", ours.ks_p, ks.pvalue),
            ("Wasserstein, normed", ours.wasserstein, stats.wasserstein_distance(before, now) / before.std()),
            ("L-infinity", ours.l_infinity, np.abs(bp - n / n.sum()).max()),
            ("chi-square, relative", (ours.chi2 or 0.0) / stats.chi2_contingency([b, n]).statistic, 1.0),
            ("p-value of chi-square", ours.chi2_p, stats.chi2_contingency([b, n]).pvalue),
        ):
            assert value is not None
            worst[name] = max(worst.get(name, 0.0), abs(value - float(exact)))
    plain = ("PSI, ten equal bins", "L-infinity", "Hellinger")
    return {name: ("numpy" if name in plain else "scipy", value) for name, value in worst.items()}


def of_categories(cases: int) -> Differences:
    worst: dict[str, float] = {}
    for seed in range(cases):
        rng = np.random.default_rng(200 + seed)
        size = 3 + 4 * seed
        names = [f"value {i}" for i in range(size)]
        before = rng.choice(size, ROWS, p=rng.dirichlet(np.ones(size)))
        now = rng.choice(size, CURRENT, p=rng.dirichlet(np.ones(size)))
        reference = build_reference(Columns(ROWS, {"x": Codes(before, names)}))
        [ours] = drift(reference, count_batch(reference, Columns(CURRENT, {"x": Codes(now, names)})))
        b, n = np.bincount(before, minlength=size), np.bincount(now, minlength=size)
        seen = (b > 0) | (n > 0)
        p, q = b[seen] / ROWS, n[seen] / CURRENT
        filled = np.where(p > 0, p, 1e-4), np.where(q > 0, q, 1e-4)
        test = stats.chi2_contingency([b[seen], n[seen]])
        for name, value, exact in (
            ("PSI of categories", ours.psi, ((filled[0] - filled[1]) * np.log(filled[0] / filled[1])).sum()),
            ("Jensen-Shannon of categories", ours.js, jensenshannon(p, q, base=2)),
            ("Hellinger of categories", ours.hellinger, np.linalg.norm(np.sqrt(p) - np.sqrt(q)) / np.sqrt(2)),
            ("L-infinity of categories", ours.l_infinity, np.abs(p - q).max()),
            ("chi-square of categories, relative", (ours.chi2 or 0.0) / test.statistic, 1.0),
            ("p-value of chi-square of categories", ours.chi2_p, test.pvalue),
        ):
            assert value is not None
            worst[name] = max(worst.get(name, 0.0), abs(value - float(exact)))
    scipy = ("Jensen-Shannon", "chi-square", "p-value")
    return {name: ("scipy" if name.startswith(scipy) else "numpy", value) for name, value in worst.items()}


def of_peers() -> Differences:
    """Jensen–Shannon and Hellinger of numbers, all of categories, PSI over values: as the peers define them."""
    nannyml, evidently = 0.0, 0.0
    for name, (js, hellinger, *_) in {**peers.NANNYML_NUMERIC, **peers.NANNYML_CATEGORICAL}.items():
        ours, _ = peers.figures(name)
        assert ours.js is not None
        assert ours.hellinger is not None
        nannyml = max(nannyml, abs(ours.js - js), abs(ours.hellinger - hellinger))
    for name, (*_, l_infinity) in peers.NANNYML_CATEGORICAL.items():
        ours, _ = peers.figures(name)
        assert ours.l_infinity is not None
        nannyml = max(nannyml, abs(ours.l_infinity - l_infinity))
    for name, psi in peers.EVIDENTLY_PSI.items():
        ours, _ = peers.figures(name)
        assert ours.psi is not None
        evidently = max(evidently, abs(ours.psi - psi))
    return {
        "Jensen-Shannon, Hellinger, L-infinity": ("NannyML 0.13.1", nannyml),
        "PSI over values": ("Evidently 0.7.23", evidently),
    }


def of_performance(cases: int) -> Differences:
    worst: dict[str, float] = {}

    def note(name: str, value: float | None, exact: float) -> None:
        assert value is not None, name
        worst[name] = max(worst.get(name, 0.0), abs(value - exact))

    for seed in range(cases):
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
    return {
        name: ("numpy" if "latency" in name or name in ROWS_ALONE else "scikit-learn", v) for name, v in worst.items()
    }


def calibration(label: Floats, score: Floats) -> float:
    """Expected calibration error over ten equal bins (Naeini, Cooper & Hauskrecht, AAAI 2015), on the rows."""
    bins = np.minimum((score * 10).astype(int), 9)
    gaps = [abs(score[bins == b].mean() - label[bins == b].mean()) * (bins == b).mean() for b in set(bins.tolist())]
    return float(sum(gaps))


def differences(cases: int = CASES) -> Differences:
    return {**of_drift(cases), **of_categories(cases), **of_peers(), **of_performance(cases)}


def main() -> None:
    print("| figure | checked against | largest difference |\n|---|---|---|")
    for name, (source, difference) in differences().items():
        print(f"| {name} | {source} | {rounded_up(difference)} |")


def rounded_up(difference: float) -> str:
    """One digit; what is below ROUNDING differs between machines."""
    if difference <= ROUNDING:
        return f"{ROUNDING:.0e}"
    unit = 10.0 ** math.floor(math.log10(difference))
    return f"{math.ceil(difference / unit - 1e-9) * unit:.0e}"


if __name__ == "__main__":
    main()
