"""Lists and shows alerts; acknowledges, comments and resolves them; shows and sets rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from services.contracts.alert_rules import AlertRulesSet, AlertRulesView, GetAlertRules, SetAlertRules
from services.contracts.alerts import (
    AcknowledgeAlert,
    AlertView,
    CommentAlert,
    GetAlert,
    ListAlerts,
    ResolveAlert,
)
from services.contracts.base import Event, Request
from services.contracts.errors import Conflict, Invalid, NotFound
from services.contracts.identity import Action, require
from services.contracts.paging import Page
from services.contracts.written import Written
from services.monitor.alerts import rules
from services.monitor.alerts.news import AlertNews
from services.monitor.alerts.rule_sets import RuleSet, checked, in_force, rules_view
from services.monitor.alerts.rules import Alert
from services.monitor.alerts.store import ALERTS, RULE_SETS, WATCHES, Memory, MongoAlerts, Watches
from services.monitor.alerts.watching import resolved_by_hand
from services.monitor.versions.handlers import Versions, unknown_version
from services.monitor.versions.rules import Watched, key_of
from services.monitor.webhooks.handlers import Webhooks
from services.runtime.context import Context
from services.runtime.documents import put, save
from services.runtime.ids import new_id
from services.runtime.once import once
from services.runtime.outbox import Change, Outbox

MAX_FILTERS = 20


class Alerts:
    """Commands and questions; one per process."""

    def __init__(
        self, alerts: MongoAlerts, versions: Versions, webhooks: Webhooks, news: AlertNews, outbox: Outbox
    ) -> None:
        self._alerts = alerts
        self._versions = versions
        self._webhooks = webhooks
        self._news = news
        self._outbox = outbox

    async def page(self, request: ListAlerts, context: Context) -> Page[AlertView]:
        require(context.principal, Action.READ)
        if len(request.states) > MAX_FILTERS or len(request.severities) > MAX_FILTERS:
            raise Invalid(f"at most {MAX_FILTERS} values to filter by", field="states")
        return await self._alerts.page(request)

    async def get(self, request: GetAlert, context: Context) -> AlertView:
        require(context.principal, Action.READ)
        return rules.view(await self._get(request.alert_id))

    async def acknowledge(self, request: AcknowledgeAlert, context: Context) -> Written:
        by = context.principal.user
        return await self._change(
            request,
            request.alert_id,
            context,
            "acknowledge_alert",
            lambda alert, now: rules.acknowledged(alert, request.note, by, now),
        )

    async def comment(self, request: CommentAlert, context: Context) -> Written:
        by = context.principal.user
        return await self._change(
            request,
            request.alert_id,
            context,
            "comment_alert",
            lambda alert, now: rules.commented(alert, new_id(), request.text, by, now),
        )

    async def resolve(self, request: ResolveAlert, context: Context) -> Written:
        by = context.principal.user
        return await self._change(
            request,
            request.alert_id,
            context,
            "resolve_alert",
            lambda alert, now: rules.resolved(alert, "by_hand", request.reason, by, now),
            ends=True,
        )

    async def rules(self, request: GetAlertRules, context: Context) -> AlertRulesView:
        require(context.principal, Action.READ)
        watched = await self._watched(request.model_name, request.version)
        return rules_view(watched.model_name, watched.version, await self._alerts.rule_set(watched.key))

    async def set_rules(self, request: SetAlertRules, context: Context) -> Written:
        require(context.principal, Action.HANDLE_ALERTS)
        told: list[Alert] = []
        events: list[Event] = []

        async def decide() -> tuple[Change, Written]:
            told.clear()
            events.clear()
            watched = await self._watched(request.model_name, request.version)
            before = await self._alerts.rule_set(watched.key)
            revision = 0 if before is None else before.v
            if request.expected is not None and request.expected != revision:
                raise Conflict(
                    f"the rules are at revision {revision}, not {request.expected}",
                    code="CHANGED_MEANWHILE",
                    field="expected",
                    fix="Look at them again.",
                )
            chosen = None
            if request.rules is not None:
                active = watched.active
                features = active.features if active else []
                chosen = checked(request.rules, features, active.task if active else "")
            after = RuleSet(
                id=watched.key, v=revision + 1, rules=chosen, by=context.principal.user, at=datetime.now(UTC)
            )
            change = Change(context, "set_alert_rules")
            put(change, RULE_SETS, before, after)
            change.emit(
                AlertRulesSet(
                    model_name=watched.model_name,
                    version=watched.version,
                    rules=[rule.name for rule in in_force(after)],
                    default=chosen is None,
                    by=context.principal.user,
                ),
                after.v,
            )
            change.audit(before=_told(before), after=_told(after))
            await self._end_ruleless(change, watched, before, after, told, events, context)
            return change, Written(id=watched.key, revision=after.v)

        reply = await once(self._outbox, request, context, decide, again_on_duplicate=True)
        await self._news.tell(told, events)
        return reply

    async def _end_ruleless(
        self,
        change: Change,
        watched: Watched,
        before: RuleSet | None,
        after: RuleSet,
        told: list[Alert],
        events: list[Event],
        context: Context,
    ) -> None:
        """Resolves alerts whose rule is gone, disabled or about something else now, and forgets what it knew."""
        metrics = {rule.name: rule.metric for rule in in_force(after) if rule.enabled}
        gone = {rule.name for rule in in_force(before) if metrics.get(rule.name) != rule.metric}
        for alert in await self._alerts.unresolved((watched.model_name, watched.version)):
            if metrics.get(alert.rule) == alert.metric:
                continue
            ended, event = rules.resolved(
                alert, "rule_removed", "its rule was removed", context.principal.user, datetime.now(UTC)
            )
            await self._write(change, alert, ended, event)
            told.append(msgspec.structs.replace(ended, r=alert.r + 1))
            events.append(event)
        watches = await self._alerts.watches(watched.key)
        if watches is not None:
            memory = watches.read()
            kept = {name: watch for name, watch in memory.watches.items() if name in metrics and name not in gone}
            self._remember(change, watches, msgspec.structs.replace(memory, watches=kept))

    async def renamed(self, change: Change, key: str, version: str, former: str, name: str) -> None:
        """A version's alerts and rules follow it to its model's new name."""
        for alert_id, r in await self._alerts.of_version(former, version):
            change.update(ALERTS, {"_id": alert_id, "r": r}, {"$set": {"model_name": name}, "$inc": {"r": 1}})
        chosen = await self._alerts.rule_set(key)
        if chosen is not None:
            last = await self._versions.numbers.last(AlertRulesSet.aggregate, key_of(name, version))
            put(change, RULE_SETS, chosen, msgspec.structs.replace(chosen, v=last))

    async def _change(
        self,
        request: Request[Written],
        alert_id: str,
        context: Context,
        action: str,
        change_of: Callable[[Alert, datetime], tuple[Alert, Event]],
        *,
        ends: bool = False,
    ) -> Written:
        require(context.principal, Action.HANDLE_ALERTS)
        told: list[Alert] = []
        events: list[Event] = []

        async def decide() -> tuple[Change, Written]:
            before = await self._get(alert_id)
            after, event = change_of(before, datetime.now(UTC))
            change = Change(context, action)
            await self._write(change, before, after, event)
            if ends:
                await self._mute(change, before)
            told[:] = [msgspec.structs.replace(after, r=before.r + 1)]
            events[:] = [event]
            return change, Written(id=alert_id, revision=before.r + 1)

        reply = await once(self._outbox, request, context, decide)
        await self._news.tell(told, events)
        return reply

    async def _write(self, change: Change, before: Alert, after: Alert, event: Event) -> None:
        save(change, ALERTS, before, after)
        event_id = change.emit(event, after.v)
        view = rules.view(msgspec.structs.replace(after, r=before.r + 1))
        await self._webhooks.enqueue(change, event_id, event, view)

    async def _mute(self, change: Change, alert: Alert) -> None:
        """The rule opens nothing until it was quiet once."""
        key = (await self._watched(alert.model_name, alert.version)).key
        watches = await self._alerts.watches(key)
        if watches is None:
            return
        memory = watches.read()
        watch = memory.watches.get(alert.rule)
        rule = next((r for r in in_force(await self._alerts.rule_set(key)) if r.name == alert.rule), None)
        if watch is None or rule is None or watch.alert != alert.id:
            return
        muted = {**memory.watches, alert.rule: resolved_by_hand(watch, rule)}
        self._remember(change, watches, msgspec.structs.replace(memory, watches=muted))

    def _remember(self, change: Change, watches: Watches, memory: Memory) -> None:
        put(change, WATCHES, watches, Watches(id=watches.id, memory=msgspec.msgpack.encode(memory)))

    async def _get(self, alert_id: str) -> Alert:
        alert = await self._alerts.get(alert_id)
        if alert is None:
            raise NotFound(f"there is no alert {alert_id!r}", field="alert_id")
        return alert

    async def _watched(self, model_name: str, version: str) -> Watched:
        watched = await self._versions.called(model_name, version)
        if watched is None:
            raise unknown_version(model_name, version)
        return watched


def _told(rule_set: RuleSet | None) -> list[dict[str, object]] | None:
    if rule_set is None or rule_set.rules is None:
        return None
    return [msgspec.to_builtins(rule) for rule in rule_set.rules]
