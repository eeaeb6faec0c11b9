"""The real data are what FACTS says of them, and what the model and the monitor rely on."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from deploy.demo import flights as module
from deploy.demo.flights import CATEGORICAL, FEATURES, ID, LABEL, NUMERIC, TIMESTAMP, load_flights
from deploy.demo.splits import split


def test_every_flight_of_2013_is_there_once(flights: pa.Table) -> None:
    assert flights.num_rows == 336_776
    assert len(pc.unique(flights[ID])) == 336_776


def test_there_are_thirteen_numeric_and_seven_categorical_features(flights: pa.Table) -> None:
    assert (len(NUMERIC), len(CATEGORICAL)) == (13, 7)
    assert all(flights.schema.field(name).type == pa.float64() for name in NUMERIC)
    assert all(pa.types.is_dictionary(flights.schema.field(name).type) for name in CATEGORICAL)


@pytest.mark.parametrize(
    ("column", "share"),
    [("wind_gust", 0.7613), ("pressure", 0.1152), ("plane_year", 0.1720), ("temp", 0.0047), ("carrier", 0.0)],
)
def test_missing_shares_are_those_of_the_source(flights: pa.Table, column: str, share: float) -> None:
    assert flights[column].null_count / flights.num_rows == pytest.approx(share, abs=5e-5)


def test_the_label_is_late_by_more_than_fifteen_minutes_and_absent_without_an_arrival(flights: pa.Table) -> None:
    assert flights[LABEL].null_count == 9_430
    assert flights[LABEL].null_count / flights.num_rows == pytest.approx(0.028, abs=5e-4)
    assert pc.mean(flights[LABEL]).as_py() == pytest.approx(0.2371, abs=5e-5)


def test_event_time_is_the_scheduled_departure_in_utc_and_ascends(flights: pa.Table) -> None:
    first = flights.slice(0, 1).to_pylist()[0]
    assert first[ID] == "2013-01-01_UA1545_EWR_IAH"
    assert first[TIMESTAMP] == datetime(2013, 1, 1, 10, 15, tzinfo=UTC)  # 5:15 in New York
    assert (first["plane_model"], first["manufacturer"]) == ("737-824", "BOEING")
    assert np.all(np.diff(flights[TIMESTAMP].cast(pa.int64()).to_numpy()) >= 0)


def test_summer_time_moves_event_time_not_the_minute_of_the_local_day(flights: pa.Table) -> None:
    july = flights.filter(pc.equal(flights[ID], "2013-07-01_B6939_JFK_BQN")).to_pylist()
    assert [(row[TIMESTAMP].hour * 60 + row[TIMESTAMP].minute) - row["sched_dep_minute"] for row in july] == [240]


def test_training_validation_and_holdout_share_no_row_and_hold_no_cancelled_flight(flights: pa.Table) -> None:
    parts = split(flights)
    rows = [set(part.to_pylist()) for part in (parts.training, parts.validation, parts.holdout)]
    assert len(set.union(*rows)) == sum(map(len, rows)) == 77_911
    assert max(set.union(*rows)) < parts.replayed_from == 80_789
    assert flights[LABEL].take(pa.array(sorted(set.union(*rows)))).null_count == 0


def test_the_replay_begins_with_the_first_of_april(flights: pa.Table) -> None:
    start = split(flights).replayed_from
    months = flights["month"].to_numpy()
    assert months[:start].max() == 3
    assert months[start:].min() == 4


def test_temperature_drifts_all_summer_and_the_quiet_controls_do_not(flights: pa.Table) -> None:
    temperature = [_psi(flights, "temp", month) for month in range(4, 11)]
    assert min(temperature) > 3
    assert max(temperature) < 9
    for control in ("carrier", "origin", "distance"):
        assert max(_psi(flights, control, month) for month in range(4, 13)) < 0.03


def test_a_second_call_reads_what_the_first_one_kept(
    flights: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_joined", lambda: flights.slice(0, 10))
    assert load_flights(tmp_path).num_rows == 10
    monkeypatch.setattr(module, "_joined", lambda: pytest.fail("joined again"))
    assert load_flights(tmp_path).equals(flights.slice(0, 10))
    assert [path.suffix for path in tmp_path.iterdir()] == [".arrow"]


def _psi(flights: pa.Table, feature: str, month: int) -> float:
    """Σ(r−c)·ln(r/c) with zeros as 1e-4: ten reference quantiles or the categories; missing values left out."""
    months = flights["month"].to_numpy()
    assert feature in FEATURES
    if feature in NUMERIC:
        values = flights[feature].to_numpy()
        edges = np.unique(np.nanquantile(values[months <= 3], np.linspace(0, 1, 11)[1:-1]))
        codes = np.where(np.isnan(values), -1, np.searchsorted(edges, values))
        bins = len(edges) + 1
    else:
        column = flights[feature].combine_chunks()
        codes, bins = column.indices.fill_null(-1).to_numpy(), len(column.dictionary)
    shares = []
    for rows in (months <= 3, months == month):
        counts = np.bincount(codes[rows & (codes >= 0)], minlength=bins)
        shares.append(np.where(counts == 0, 1e-4, counts / counts.sum()))
    reference, current = shares
    return float(np.sum((reference - current) * np.log(reference / current)))
