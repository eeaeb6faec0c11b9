"""Milliseconds since 1970, MLflow's clock, as moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = int((datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH).total_seconds() * 1000)


def moment(milliseconds: int) -> datetime:
    """The moment; what a calendar can't hold becomes its first or last one."""
    return _EPOCH + timedelta(milliseconds=min(max(milliseconds, -_LATEST // 5), _LATEST))
