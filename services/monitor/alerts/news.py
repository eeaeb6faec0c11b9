"""What follows once a change of alerts is durable: live updates and metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog
from prometheus_client import Counter, Gauge, Histogram
from pymongo.errors import PyMongoError

from services.contracts.alerts import (
    AlertAcknowledged,
    AlertMoved,
    AlertOpened,
    AlertReopened,
    AlertResolved,
)
from services.contracts.base import Event
from services.contracts.errors import LifecycleError
from services.monitor.alerts import rules
from services.monitor.alerts.rules import Alert
from services.monitor.alerts.store import MongoAlerts
from services.runtime.bus import Bus
from services.runtime.ids import new_id

log = structlog.get_logger()

EVERY_SECONDS: Final = 10.0
MOST_SERIES: Final = 1_000
_ANSWER_BUCKETS: Final = (60, 300, 900, 1800, 3600, 4 * 3600, 8 * 3600, 24 * 3600, 72 * 3600, 7 * 24 * 3600)

_open = Gauge("lifecycle_monitor_alerts_open", "Alerts not resolved", ["model", "version", "severity", "state"])
_opened = Counter("lifecycle_monitor_alerts_opened_total", "Alerts opened or reopened", ["metric", "severity"])
_resolved = Counter("lifecycle_monitor_alerts_resolved_total", "Alerts resolved", ["metric", "resolution"])
_acknowledge_seconds = Histogram(
    "lifecycle_monitor_alert_acknowledge_seconds", "From opening to acknowledgement", buckets=_ANSWER_BUCKETS
)
_resolve_seconds = Histogram(
    "lifecycle_monitor_alert_resolve_seconds", "From opening to resolution", buckets=_ANSWER_BUCKETS
)


class AlertNews:
    """One per process."""

    def __init__(self, alerts: MongoAlerts, bus: Bus) -> None:
        self._alerts = alerts
        self._bus = bus
        self._boot = new_id()
        self._sequence = 0
        self._shown: set[tuple[str, str, str, str]] = set()

    async def tell(self, alerts: Sequence[Alert], events: Sequence[Event]) -> None:
        """Called after the commit with the alerts as they are now and what was told about them."""
        by_id = {alert.id: alert for alert in alerts}
        for event in events:
            if isinstance(event, AlertOpened | AlertReopened):
                _opened.labels(by_id[event.alert_id].metric, event.severity).inc()
            elif isinstance(event, AlertAcknowledged):
                _acknowledge_seconds.observe(event.after_seconds)
            elif isinstance(event, AlertResolved):
                _resolved.labels(by_id[event.alert_id].metric, event.resolution).inc()
                _resolve_seconds.observe(event.after_seconds)
        for alert in alerts:
            self._sequence += 1
            await self._bus.live(
                AlertMoved(
                    model_name=alert.model_name,
                    version=alert.version,
                    boot=self._boot,
                    sequence=self._sequence,
                    alert=rules.view(alert),
                )
            )
        if events:
            await self.count()

    async def count(self) -> None:
        """Sets the gauges to what the database says."""
        counts = await self._alerts.open_counts()
        newest = dict(sorted(counts.items())[:MOST_SERIES])
        for labels, number in newest.items():
            _open.labels(*labels).set(number)
        for labels in self._shown - newest.keys():
            _open.remove(*labels)
        self._shown = set(newest)

    async def run(self) -> None:
        """Counts until cancelled: other processes open and resolve alerts, too."""
        while True:
            try:
                await self.count()
            except (LifecycleError, PyMongoError) as error:
                log.warning("alerts can't be counted at the moment", error=str(error))
            await asyncio.sleep(EVERY_SECONDS)
