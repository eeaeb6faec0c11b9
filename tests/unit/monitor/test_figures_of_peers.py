"""Figures computed once by NannyML 0.13.1 and Evidently 0.7.23 (numpy 2.4.6, pandas 2.3) from the same seeded rows.

NannyML: `MethodFactory.create(<method>, <type>)`, fitted on the reference, `calculate` on the current rows. Its
Kolmogorov–Smirnov and Wasserstein figures are estimates over 10,000 equal bins where the reference has 10,000 rows or
more, exact below that. Evidently: `legacy.calculations.stattests.psi._psi`, for up to 20 values or categories.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import ks_2samp, wasserstein_distance

from services.contracts.monitor import FeatureDrift
from services.monitor.counts.columns import Columns, Numbers, column_from_list
from services.monitor.references.rules import build_reference
from services.monitor.windows.rules import count_batch, drift


def samples() -> dict[str, tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    """Name → (reference, current). The order of the draws is part of the recipe."""
    rng = np.random.default_rng(20130401)
    cases = {}
    cases["normal_shifted"] = (rng.normal(0, 1, 20_000), rng.normal(0.2, 1.1, 3_000))
    cases["normal_same"] = (rng.normal(5, 2, 4_000), rng.normal(5, 2, 1_000))
    cases["lognormal_tail"] = (rng.lognormal(0, 1, 15_000), rng.lognormal(0.1, 1.2, 2_000))
    cases["zero_inflated"] = (
        np.where(rng.random(12_000) < 0.9, 0.0, rng.exponential(2, 12_000)),
        np.where(rng.random(2_500) < 0.8, 0.0, rng.exponential(2, 2_500)),
    )
    cases["few_integers"] = (rng.integers(0, 7, 5_000).astype(float), rng.integers(0, 8, 1_500).astype(float))
    cases["category"] = (
        np.array(list("abcdef"))[rng.choice(6, 8_000, p=[0.4, 0.3, 0.15, 0.1, 0.04, 0.01])],
        np.array(list("abcdefg"))[rng.choice(7, 1_200, p=[0.3, 0.35, 0.15, 0.1, 0.05, 0.03, 0.02])],
    )
    cases["two_values"] = (
        np.array(["no", "yes"])[rng.choice(2, 6_000, p=[0.7, 0.3])],
        np.array(["no", "yes"])[rng.choice(2, 900, p=[0.65, 0.35])],
    )
    return cases


# name: (jensen_shannon, hellinger, kolmogorov_smirnov, wasserstein)
NANNYML_NUMERIC = {
    "normal_shifted": (0.0919659781432683, 0.07743544313388549, 0.08839999999998427, 0.1805620571933096),
    "normal_same": (0.052531231288110186, 0.04832919556602094, 0.01625, 0.0509952219453311),
    "lognormal_tail": (0.11696254669903196, 0.09952439187923952, 0.09566666666666912, 0.7166226775748527),
    "zero_inflated": (0.10994909971578512, 0.0939554496029287, 0.10556666666666659, 0.21290797357598867),
    "few_integers": (0.27027443685193553, 0.2679699018478923, 0.138, 0.5448666666666667),
}

# name: (jensen_shannon, hellinger, chi2, chi2 p-value, l_infinity)
NANNYML_CATEGORICAL = {
    "category": (
        0.12893290032888768,
        0.11881754532774938,
        186.36072033762775,
        1.5108571873739715e-37,
        0.09041666666666665,
    ),
    "two_values": (0.06304607393458242, 0.05250814035225832, 17.68616330679328, 2.6051475717952876e-05, 0.0695),
}

EVIDENTLY_PSI = {
    "few_integers": 1.0194723035428757,
    "category": 0.13134385020706665,
    "two_values": 0.02207269789061759,
}


def figures(name: str) -> tuple[FeatureDrift, float]:
    """Our figures, and the standard deviation that Wasserstein is normed by."""
    reference_rows, current_rows = samples()[name]
    reference = build_reference(_columns(reference_rows))
    deviation = reference.grid.deviations[0] if reference.grid.numeric else 1.0
    return drift(reference, count_batch(reference, _columns(current_rows)))[0], float(deviation)


def _columns(rows: npt.NDArray[Any]) -> Columns:
    return Columns(len(rows), {"x": column_from_list(rows.tolist()) if rows.dtype.kind == "U" else Numbers(rows)})


@pytest.mark.parametrize("name", NANNYML_NUMERIC)
def test_numeric_figures_are_nannymls(name: str) -> None:
    ours, deviation = figures(name)
    js, hellinger, ks, wasserstein = NANNYML_NUMERIC[name]
    assert ours.js == pytest.approx(js, abs=1e-13)
    assert ours.hellinger == pytest.approx(hellinger, abs=1e-13)
    assert ours.ks == pytest.approx(ks, abs=3e-4)
    assert ours.wasserstein == pytest.approx(wasserstein / deviation, abs=2e-3)


@pytest.mark.parametrize("name", NANNYML_NUMERIC)
def test_kolmogorov_smirnov_and_wasserstein_are_those_of_the_rows_themselves(name: str) -> None:
    ours, deviation = figures(name)
    reference, current = samples()[name]
    assert ours.ks == pytest.approx(ks_2samp(reference, current).statistic, abs=5e-4)
    assert ours.wasserstein == pytest.approx(wasserstein_distance(reference, current) / deviation, abs=1e-3)


@pytest.mark.parametrize("name", NANNYML_CATEGORICAL)
def test_categorical_figures_are_nannymls(name: str) -> None:
    ours, _ = figures(name)
    js, hellinger, chi2, chi2_p, l_infinity = NANNYML_CATEGORICAL[name]
    assert ours.js == pytest.approx(js, abs=1e-13)
    assert ours.hellinger == pytest.approx(hellinger, abs=1e-13)
    assert ours.chi2 == pytest.approx(chi2, rel=1e-12)
    assert ours.chi2_p == pytest.approx(chi2_p, rel=1e-9)
    assert ours.l_infinity == pytest.approx(l_infinity, abs=1e-13)


@pytest.mark.parametrize("name", EVIDENTLY_PSI)
def test_psi_over_values_is_evidentlys(name: str) -> None:
    ours, _ = figures(name)
    assert ours.psi == pytest.approx(EVIDENTLY_PSI[name], abs=1e-13)
