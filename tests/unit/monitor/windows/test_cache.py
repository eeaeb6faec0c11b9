"""What is kept of windows that were shown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.contracts.monitor import FeatureDrift, WindowView
from services.monitor.windows import cache
from services.monitor.windows.buckets import Bucket
from services.monitor.windows.cache import WINDOW_WEIGHT, ViewCache

AT = datetime(2026, 3, 1, tzinfo=UTC)


def bucket(start: int, token: str = "first", *, closed: bool = True) -> Bucket:
    return Bucket(start, 60_000, counts=[{"w": start, "token": token}], closed=closed)


def view(features: int = 0) -> WindowView:
    figures = [FeatureDrift(feature=str(i), kind="numeric", rows=1) for i in range(features)]
    return WindowView(
        model_name="m", version="1", start=AT, end=AT, closed=True, rows=1, updated_at=AT, features=figures
    )


def test_a_view_is_given_back_only_for_what_it_was_made_from() -> None:
    kept, made = ViewCache(), view()
    kept.put("all", bucket(0), made)

    assert kept.get("all", bucket(0)) is made
    for other in (bucket(0, "second"), bucket(0, closed=False), bucket(60_000)):
        assert kept.get("all", other) is None
    assert kept.get("some", bucket(0)) is None


def test_the_oldest_give_way_by_how_many_features_they_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST_KEPT", 4 * WINDOW_WEIGHT)
    kept = ViewCache()
    for start in range(4):
        kept.put("all", bucket(start), view())
    kept.put("all", bucket(0), view())  # made anew: the newest now

    kept.put("all", bucket(9), view(features=WINDOW_WEIGHT))

    assert [start for start in (*range(4), 9) if kept.get("all", bucket(start))] == [0, 3, 9]
