"""The time of day, passed in wherever it is needed."""

from __future__ import annotations

import time
from collections.abc import Callable

Now = Callable[[], int]
"""Milliseconds since 1970."""


def now_milliseconds() -> int:
    return time.time_ns() // 1_000_000
