"""One look at a version's rules: loads what they remember, applies what fired, writes all of it into one change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from services.contracts.alert_rules import AlertRule
from services.contracts.base import Event
from services.contracts.silences import SilenceView
from services.monitor.alerts import rules
from services.monitor.alerts.rule_sets import in_force
from services.monitor.alerts.rules import BY_ITSELF, Alert, Span
from services.monitor.alerts.signals import Causes, ranked
from services.monitor.alerts.store import ALERTS, WATCHES, MongoAlerts, Watches
from services.monitor.alerts.watching import Watch, first_of, persistent, step
from services.monitor.alerts.wording import next_step, title
from services.monitor.silences.handlers import Silences
from services.monitor.versions.rules import Watched
from services.monitor.webhooks.handlers import Webhooks
from services.runtime.documents import insert, put, save
from services.runtime.ids import new_id
from services.runtime.outbox import Change


class Rounds:
    """Starts rounds; one per process."""

    def __init__(self, alerts: MongoAlerts, silences: Silences, webhooks: Webhooks) -> None:
        self._alerts = alerts
        self._silences = silences
        self._webhooks = webhooks

    async def start(self, watched: Watched, first: Span, last: Span) -> Round:
        """`first`, `last`: the windows that will be looked at, for the silences over them."""
        watches = await self._alerts.watches(watched.key)
        rule_set = await self._alerts.rule_set(watched.key)
        silences = await self._silences.over(
            watched.model_name, watched.version, rules.moment(first.start), rules.moment(last.end)
        )
        chosen = [rule for rule in in_force(rule_set) if rule.enabled]
        return Round(self._alerts, self._webhooks, watched, watches, chosen, silences)


class Round:
    """Decides anew for each attempt to commit; nothing is kept of one that lost a race."""

    def __init__(
        self,
        alerts: MongoAlerts,
        webhooks: Webhooks,
        watched: Watched,
        watches: Watches | None,
        chosen: Sequence[AlertRule],
        silences: Sequence[SilenceView],
    ) -> None:
        self._store = alerts
        self._webhooks = webhooks
        self._watched = watched
        self._former = watches
        self._silences = silences
        self.rules = chosen
        self.memory = (watches or Watches(id=watched.key)).read()
        self._before = self.memory
        self._alerts: dict[str, Alert] = {}
        self._known: dict[str, Alert] = {}
        self.events: list[Event] = []

    @property
    def alerts(self) -> list[Alert]:
        """Those that have changed, as they will be."""
        return [msgspec.structs.replace(a, r=self._known[a.id].r + 1 if a.id in self._known else a.r)
                for a in self._alerts.values()]  # fmt: skip

    def watch(self, rule: AlertRule) -> Watch:
        return self.memory.watches.get(rule.name, Watch())

    def remember(self, rule: AlertRule, watch: Watch) -> None:
        self.memory = msgspec.structs.replace(self.memory, watches={**self.memory.watches, rule.name: watch})

    def told_elsewhere(self, rule: AlertRule, since_ms: int) -> set[str]:
        """Subjects that a rule over fewer windows has told of, in a window that starts at `since_ms` or later: the same
        rows open no second alert."""
        told: set[str] = set()
        for other in self.rules:
            if other.metric == rule.metric and other.windows < rule.windows:
                told.update(name for name, at in self.watch(other).told.items() if at >= since_ms)
        return told

    def silenced(self, rule: AlertRule, window: Span) -> bool:
        return any(
            silence.rule in (None, rule.name)
            and silence.start.timestamp() * 1000 < window.end
            and silence.end.timestamp() * 1000 > window.start
            for silence in self._silences
        )

    async def apply(self, rule: AlertRule, causes: Causes, window: Span) -> None:
        """One more window for one rule. A window that isn't newer than the newest judged changes nothing."""
        watch = self.watch(rule)
        if window.start <= watch.upto or self.silenced(rule, window):
            return
        watch, outcome = step(watch, rule, causes, window.start)
        now = datetime.now(UTC)
        if outcome in ("open", "reopen"):
            lasting = persistent(watch, rule)
            shown = ranked(causes, lasting)
            named = [cause for cause in shown if cause.subject in lasting]
            words = (title(rule.metric, named, rule.windows), shown, next_step(rule.metric, named))
            former = await self._load(watch.former) if outcome == "reopen" else None
            if former is not None:
                alert, event = rules.reopened(former, window, *words, now)
                self._keep(alert, event)
            else:
                first = first_of(watch, rule)
                model_name, version = self._watched.model_name, self._watched.version
                alert, told = rules.opened(new_id(), model_name, version, rule, window, first, *words, now)
                self._keep(alert, *told)
            watch = msgspec.structs.replace(watch, alert=alert.id, former=None)
        elif outcome is not None:
            watch = await self._go_on(rule, watch, outcome, causes, window, now)
        self.remember(rule, watch)

    async def _go_on(
        self, rule: AlertRule, watch: Watch, outcome: str, causes: Causes, window: Span, now: datetime
    ) -> Watch:
        alert_id = watch.former if outcome == "resolve" else watch.alert
        alert = await self._load(alert_id)
        if alert is None or alert.state == "resolved":
            return msgspec.structs.replace(watch, alert=None, former=None)
        if outcome == "firing":
            shown = ranked(causes, persistent(watch, rule))
            named = [cause for cause in shown if cause.subject in persistent(watch, rule)]
            words = title(rule.metric, named, rule.windows)
            self._keep(rules.seen(alert, window, words, shown, next_step(rule.metric, named), now))
        elif outcome == "quiet":
            self._keep(rules.quiet(alert, window, now))
        else:
            reason = f"quiet for {watch.quiet} windows"
            self._keep(*rules.resolved(alert, "by_itself", reason, BY_ITSELF, now, window))
        return watch

    async def write(self, change: Change) -> None:
        """Adds all writes and events to `change`."""
        for alert in self._alerts.values():
            former = self._known.get(alert.id)
            if former is None:
                insert(change, ALERTS, alert)
            else:
                save(change, ALERTS, former, alert)
        versions = {alert_id: (self._known[alert_id].v if alert_id in self._known else 0) for alert_id in self._alerts}
        after = {alert.id: rules.view(alert) for alert in self.alerts}
        for event in self.events:
            alert_id = event.aggregate_id()
            versions[alert_id] += 1
            event_id = change.emit(event, versions[alert_id])
            await self._webhooks.enqueue(change, event_id, event, after[alert_id])
        if self.memory != self._before:
            watches = Watches(id=self._watched.key, memory=msgspec.msgpack.encode(self.memory))
            put(change, WATCHES, self._former, watches)

    async def _load(self, alert_id: str | None) -> Alert | None:
        if alert_id is None:
            return None
        if alert_id in self._alerts:
            return self._alerts[alert_id]
        alert = await self._store.get(alert_id)
        if alert is not None:
            self._known[alert_id] = alert
        return alert

    def _keep(self, alert: Alert, *events: Event) -> None:
        self._alerts[alert.id] = alert
        self.events.extend(events)
