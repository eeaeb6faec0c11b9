import numpy as np
import pytest

from services.contracts.errors import NotFound
from services.monitor.counts.columns import Columns, Numbers, as_numbers, columns_from_lists
from services.monitor.references.rules import Reference, build_reference
from services.monitor.windows import rules
from services.monitor.windows.rules import (
    count_batch,
    distribution,
    drift,
    merge,
    no_counts,
    pack,
    quality,
    split,
    split_rows,
    unpack,
    window_start,
)

HOUR = 3_600_000


def times(*hours: float) -> np.ndarray:
    return np.array([int(hour * HOUR) for hour in hours], dtype=np.int64)


@pytest.fixture(scope="module")
def reference() -> Reference:
    rng = np.random.default_rng(20)
    return build_reference(
        columns_from_lists(
            {
                "temperature": rng.normal(10, 5, 10_000).tolist(),
                "carrier": rng.choice(["UA", "B6", "EV"], 10_000, p=[0.5, 0.3, 0.2]).tolist(),
                "engines": rng.choice([1, 2, 4], 10_000, p=[0.1, 0.8, 0.1]).tolist(),
            }
        )
    )


def batch(rows: int = 2_000, shift: float = 0.0, seed: int = 21) -> Columns:
    rng = np.random.default_rng(seed)
    return columns_from_lists(
        {
            "temperature": rng.normal(10 + shift, 5, rows).tolist(),
            "carrier": rng.choice(["UA", "B6", "EV"], rows, p=[0.5, 0.3, 0.2]).tolist(),
            "engines": rng.choice([1, 2, 4], rows, p=[0.1, 0.8, 0.1]).tolist(),
        }
    )


def test_a_window_holds_its_start_and_not_its_end() -> None:
    assert window_start(2 * HOUR, HOUR) == 2 * HOUR
    assert window_start(3 * HOUR - 1, HOUR) == 2 * HOUR
    assert window_start(-1, HOUR) == -HOUR


def test_rows_in_time_order_are_split_without_a_copy() -> None:
    parts = list(split_rows(times(0.1, 0.9, 1.0, 3.5), HOUR))
    assert parts == [(0, slice(0, 2)), (HOUR, slice(2, 3)), (3 * HOUR, slice(3, 4))]


def test_rows_out_of_order_go_to_their_window_and_keep_their_order() -> None:
    values = Numbers(np.array([0.0, 1.0, 2.0, 3.0, 4.0]))
    parts = dict(split(times(5.5, 0.1, 5.1, 0.2, 2.0), HOUR, Columns(5, {"x": values})))
    assert {start // HOUR: as_numbers(part.by_name["x"]).values.tolist() for start, part in parts.items()} == {
        0: [1.0, 3.0],
        2: [4.0],
        5: [0.0, 2.0],
    }
    assert list(parts) == sorted(parts)


def test_a_batch_within_one_window_is_passed_on_as_it_is() -> None:
    columns = Columns(2, {"x": Numbers(np.array([1.0, 2.0]))})
    [(start, part)] = split(times(0.2, 0.1), HOUR, columns)
    assert start == 0
    assert part is columns


def test_no_rows_fall_into_no_window() -> None:
    assert list(split_rows(times(), HOUR)) == []


def test_a_late_row_merges_into_its_window_as_if_it_had_come_in_time(reference: Reference) -> None:
    whole = batch(3_000)
    early, late = whole.pick(slice(0, 2_500)), whole.pick(slice(2_500, 3_000))
    stored = unpack(pack(count_batch(reference, early)))
    merged = merge([stored, count_batch(reference, late)])
    for ours, expected in zip(drift(reference, merged), drift(reference, count_batch(reference, whole)), strict=True):
        assert ours.psi == expected.psi
        assert ours.wasserstein == pytest.approx(expected.wasserstein)


def test_several_windows_at_once_have_the_figures_of_each_alone(
    reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows = [count_batch(reference, batch(rows, seed=rows, shift=rows / 1_000)) for rows in (50, 400, 900)]
    windows.insert(1, no_counts(reference))
    for at_once in (1, 2_000):
        monkeypatch.setattr(rules, "MOST_TOGETHER", at_once)
        together = rules.drifts(reference, windows, 7)
        assert [each.features for each in together] == [drift(reference, window, 7) for window in windows]
        carrier = rules.drifts(reference, windows, 7, {"carrier"})
        assert [each.features for each in carrier] == [
            [figures for figures in each.features if figures.feature == "carrier"] for each in together
        ]
        assert [each.quality for each in carrier] == [each.quality for each in together]


def test_a_shifted_feature_drifts_and_the_others_do_not(reference: Reference) -> None:
    figures = {f.feature: f for f in drift(reference, count_batch(reference, batch(5_000, shift=1.5)))}
    assert figures["temperature"].drifted
    assert figures["temperature"].wasserstein == pytest.approx(0.3, abs=0.05)
    assert not figures["carrier"].drifted
    assert not figures["engines"].drifted


def test_figures_that_a_kind_does_not_have_are_none(reference: Reference) -> None:
    figures = {f.feature: f for f in drift(reference, count_batch(reference, batch()))}
    assert figures["carrier"].ks is None
    assert figures["carrier"].wasserstein is None
    assert None not in (figures["carrier"].chi2, figures["carrier"].l_infinity, figures["temperature"].ks_p)


def test_a_window_without_rows_has_no_figures(reference: Reference) -> None:
    for figures in drift(reference, no_counts(reference)):
        assert figures.rows == 0
        assert figures.psi is figures.js is figures.ks is figures.psi_threshold is None
        assert not figures.drifted


def test_quality_adds_up_to_the_rows_of_the_window(reference: Reference) -> None:
    dirty = columns_from_lists(
        {
            "temperature": [1.0, None, "warm", float("inf"), 500.0],
            "carrier": ["UA", "ZZ", None, 3.5, "UA"],
            "new": [1] * 5,
        },
        reference.kinds,
    )
    found = quality(reference, count_batch(reference, dirty))
    for f in found.features:
        assert f.usable + f.missing + f.absent + f.invalid + f.infinite == f.rows == 5
    temperature, carrier, engines = found.features
    assert (temperature.missing, temperature.invalid, temperature.infinite, temperature.above) == (1, 1, 1, 1)
    assert (carrier.unseen, carrier.unseen_values, carrier.invalid, carrier.missing) == (1, ["ZZ"], 1, 1)
    assert engines.absent == 5
    assert found.unknown == {"new": 5}
    assert temperature.mean == pytest.approx(250.5)
    assert temperature.deviation == pytest.approx(249.5)
    assert (temperature.minimum, temperature.maximum) == (1.0, 500.0)


def test_a_distribution_shows_the_same_bins_for_both_sides(reference: Reference) -> None:
    counts = count_batch(reference, batch(5_000, shift=15))
    shown = distribution(reference, counts, "temperature")
    assert len(shown.edges) == len(shown.labels) + 1 == len(shown.reference) + 1 == len(shown.current) + 1
    assert sum(shown.reference) == pytest.approx(1.0)
    assert sum(shown.current) == pytest.approx(1.0)
    assert shown.edges == sorted(shown.edges)
    assert shown.reference[-1] == 0.0
    assert shown.current[-1] > 0.0


def test_a_distribution_of_values_names_them_and_sums_the_others(reference: Reference) -> None:
    current = columns_from_lists({"carrier": ["UA", "XX", "XX", "B6"], "engines": [2, 2, 3, 4]})
    counts = count_batch(reference, current)
    carrier = distribution(reference, counts, "carrier")
    assert carrier.labels == ["UA", "B6", "EV", "(others)"]
    assert carrier.current == [0.25, 0.25, 0.0, 0.5]
    engines = distribution(reference, counts, "engines")
    assert engines.labels == ["1", "2", "4", "(others)"]
    assert engines.current == [0.0, 0.5, 0.25, 0.25]
    assert engines.edges == []


def test_a_distribution_of_a_window_without_rows_shows_the_reference(reference: Reference) -> None:
    shown = distribution(reference, no_counts(reference), "temperature")
    assert sum(shown.reference) == pytest.approx(1.0)
    assert sum(shown.current) == 0.0


def test_an_unknown_feature_has_no_distribution(reference: Reference) -> None:
    with pytest.raises(NotFound) as refused:
        distribution(reference, no_counts(reference), "nope")
    assert "temperature" in (refused.value.fix or "")
