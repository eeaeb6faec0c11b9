"""The default rules over a year of real flights: what must be quiet is quiet, what has changed is told, once."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from deploy.demo.flights import FEATURES, load_flights
from services.contracts.monitor import WindowView
from services.monitor.alerts.rule_sets import DEFAULTS
from services.monitor.alerts.signals import AT_CLOSING, Evidence, window_causes
from services.monitor.alerts.watching import Watch, persistent, remembering, step
from services.monitor.counts.arrow import columns_from_arrow
from services.monitor.counts.counting import BatchCounts, merge
from services.monitor.references.rules import Reference, build_reference
from services.monitor.references.shares import reference_shares
from services.monitor.windows.rules import count_batch, drift, split
from services.monitor.windows.segment_drift import worst_drift
from services.monitor.windows.sliding import lasting_drift

DAY = 86_400_000


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> tuple[Reference, dict[int, BatchCounts]]:
    """The first quarter as reference, and every later day's counts by its start."""
    flights = load_flights(tmp_path_factory.mktemp("flights") / "cache")
    times = flights["timestamp"].cast(pa.int64()).to_numpy()
    columns = columns_from_arrow(flights.select(FEATURES))
    early = int((flights["month"].to_numpy() <= 3).sum())
    reference = build_reference(
        columns.pick(slice(0, early)), windows=times[:early] // DAY, segments=["origin", "carrier"]
    )
    late = columns.pick(slice(early, None))
    days = {start: count_batch(reference, rows) for start, rows in split(times[early:], DAY, late)}
    return reference, days


def test_carrier_origin_and_distance_never_alert_and_temperature_does(
    year: tuple[Reference, dict[int, BatchCounts]],
) -> None:
    reference, days = year
    shares = reference_shares(reference)
    rules = [rule for rule in DEFAULTS if rule.metric in AT_CLOSING]
    watches = {rule.name: Watch() for rule in rules}
    told: dict[str, set[str]] = {rule.name: set() for rule in rules}
    opened: list[tuple[str, str]] = []
    starts = list(days)
    for number, (start, counts) in enumerate(days.items()):
        moment = datetime.fromtimestamp(start / 1000, UTC)
        view = WindowView(
            model_name="m", version="1", start=moment, end=moment, closed=True, rows=counts.rows, updated_at=moment,
            features=drift(reference, counts), worst_drift=worst_drift(reference, counts),
        )  # fmt: skip
        for rule in rules:
            watch = watches[rule.name]
            looked_at = view
            if rule.windows > 1:
                if 2 * (number + 1) < rule.windows:
                    continue
                together = [days[each] for each in starts[max(0, number + 1 - rule.windows) : number + 1]]
                looked_at = msgspec.structs.replace(view, features=lasting_drift(reference, together, rule.windows))
            causes = window_causes(rule, Evidence(view=looked_at, reference=shares, usual_rows=watch.rows))
            if causes is None:
                continue
            if rule.windows > 1:
                since = start - (rule.windows - 1) * DAY
                causes = {name: c for name, c in causes.items() if watches["feature-drift"].told.get(name, 0) < since}
            watch, outcome = step(watch, rule, causes, start)
            told[rule.name].update(persistent(watch, rule))
            if outcome in ("open", "reopen"):
                opened.append((rule.name, moment.date().isoformat()))
                watch = msgspec.structs.replace(watch, alert="a", former=None)
            if rule.metric == "volume":
                watch = remembering(watch, counts.rows)
            watches[rule.name] = watch
    assert len(days) >= 275
    within = {name for name in told["feature-drift"] if " where " in name}
    assert not {name for name in within if name.split(" where ")[0] in ("carrier", "origin", "distance")}, within
    assert {name for name in told["feature-drift"] if " where " not in name} == {"temp", "dewp", "seats"}
    assert told["volume"] == told["unseen-values"] == told["type-errors"] == set()
    assert ("feature-drift", "2013-05-17") in opened
    assert len([name for name, _ in opened if name == "feature-drift"]) <= 6
    slow = [day for name, day in opened if name == "slow-drift"]
    assert "2013-04-07" <= slow[0] <= "2013-04-22", "single days of April lie within March's; its weeks don't"
    assert not told["slow-drift"] & {"carrier", "origin", "distance", "dest", "manufacturer", "engine"}
    assert "temp" in told["slow-drift"]
    assert len(slow) <= 6
    assert [day for name, day in opened if name == "missing-values"] == ["2014-01-01"]  # the weather data end there


def test_months_are_judged_by_how_the_references_months_differ(year: tuple[Reference, dict[int, BatchCounts]]) -> None:
    """A day of April can be as warm as one of March has been; April as a whole can't."""
    reference, days = year
    months: dict[str, list[BatchCounts]] = {}
    for start, counts in days.items():
        months.setdefault(np.datetime64(start, "ms").astype("datetime64[M]").item().isoformat()[:7], []).append(counts)
    quiet = {"carrier", "origin", "distance", "dest", "plane_model", "manufacturer", "plane_type", "engine", "seats"}
    for month, parts in months.items():
        drifted = {figure.feature for figure in drift(reference, merge(parts), windows=30) if figure.drifted}
        if month < "2014":
            assert not drifted & quiet, month
        if "2013-04" <= month <= "2013-10":
            assert "temp" in drifted, month
