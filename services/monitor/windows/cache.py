"""Windows as they were shown last: kept in memory, within bounds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

from services.contracts.monitor import WindowView
from services.monitor.windows.buckets import Bucket

MOST_KEPT: Final = 40_960
"""Features, of all windows together, whose figures are kept; 0.7 KB each: 1,024 windows of 20 features."""
WINDOW_WEIGHT: Final = 20
"""What a window weighs beside its features, in features."""


class ViewCache:
    """`kind`: of which version, with which features. A view is given back only for what it was made from."""

    def __init__(self) -> None:
        self._views: OrderedDict[Hashable, tuple[Hashable, WindowView]] = OrderedDict()
        self._weight = 0

    def get(self, kind: Hashable, bucket: Bucket) -> WindowView | None:
        fingerprint, view = self._views.get((kind, bucket.place), (None, None))
        return view if fingerprint == bucket.fingerprint else None

    def put(self, kind: Hashable, bucket: Bucket, view: WindowView) -> None:
        place = (kind, bucket.place)
        if place in self._views:
            self._weight -= _weight(self._views.pop(place)[1])
        self._views[place] = bucket.fingerprint, view
        self._weight += _weight(view)
        while self._weight > MOST_KEPT and len(self._views) > 1:
            _, (_, oldest) = self._views.popitem(last=False)
            self._weight -= _weight(oldest)


def _weight(view: WindowView) -> int:
    return WINDOW_WEIGHT + len(view.features)
