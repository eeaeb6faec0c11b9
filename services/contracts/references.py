"""What a person asks about references: which data a watched version is compared with."""

from __future__ import annotations

from datetime import datetime

from services.contracts.base import Request
from services.contracts.monitor import MonitoredView


class SetReferenceFromPeriod(Request[MonitoredView], frozen=True, kw_only=True):
    """What was predicted from `start` to before `end` is compared with from now on, under the name `reference`. Answers
    with the version under watch. Raises NotFound without windows in that time."""

    service = "monitor"
    name = "reference.set_from_period"

    model_name: str
    version: str
    reference: str
    start: datetime
    end: datetime
    idempotency_key: str | None = None
