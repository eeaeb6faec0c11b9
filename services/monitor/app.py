"""The monitor's wiring: every route, subscription, request and background task in one place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.types import ASGIApp

from services.contracts.alert_rules import GetAlertRules, SetAlertRules
from services.contracts.alert_webhooks import DeleteWebhook, ListWebhooks, SetWebhook
from services.contracts.alerts import AcknowledgeAlert, CommentAlert, GetAlert, ListAlerts, ResolveAlert
from services.contracts.audit import GetMonitorAuditHead, ListMonitorAudit, VerifyMonitorAudit
from services.contracts.dead_letters import (
    DecideMonitorDeadLetter,
    ListMonitorDeadLetters,
    ListMonitorDeadLettersByPage,
)
from services.contracts.drift import GetDistribution, ListSegmentDrift
from services.contracts.monitor import GetPerformance, ListMonitored, ListWindows
from services.contracts.references import SetReferenceFromPeriod
from services.contracts.silences import EndSilence, ListSilences, ListSilencesByPage, SetSilence
from services.contracts.streams import MONITOR_LABELS, MONITOR_MODELS, MONITOR_PREDICTIONS
from services.monitor.alerts import store as alerts_store
from services.monitor.alerts.handlers import Alerts
from services.monitor.alerts.judging import Judge, LabelJudge, SilenceWatch
from services.monitor.alerts.news import AlertNews
from services.monitor.alerts.rounds import Rounds
from services.monitor.audit.handlers import Audit
from services.monitor.ingest_api.artifacts import RegistryFiles
from services.monitor.ingest_api.handlers import Ingest
from services.monitor.ingest_api.routes import add_routes
from services.monitor.intake import Intake
from services.monitor.labels import store as labels_store
from services.monitor.labels.handlers import LabelJoin
from services.monitor.labels.keeping import PredictionKeeper
from services.monitor.labels.retention import LabelRetention
from services.monitor.labels.waiting import WaitingLabels
from services.monitor.memory import release_unused
from services.monitor.metrics import WindowGauges
from services.monitor.references.commands import ReferenceCommands
from services.monitor.references.handlers import References
from services.monitor.rollups import store as rollups_store
from services.monitor.rollups.handlers import Rollups, Totals
from services.monitor.samples import store as samples_store
from services.monitor.samples.handlers import MultivariateJob, Multivariates, Samples
from services.monitor.settings import MonitorSettings
from services.monitor.silences import store as silences_store
from services.monitor.silences.handlers import Silences
from services.monitor.slots import Slot
from services.monitor.versions import store as versions_store
from services.monitor.versions.handlers import Versions
from services.monitor.versions.naming import Naming
from services.monitor.webhooks import store as webhooks_store
from services.monitor.webhooks.handlers import Webhooks
from services.monitor.windows import store as windows_store
from services.monitor.windows import stored as stored_figures
from services.monitor.windows.buckets import Buckets
from services.monitor.windows.closing import WindowCloser
from services.monitor.windows.closings import Closings
from services.monitor.windows.handlers import WindowCounts
from services.monitor.windows.labelled import LabelledWindows
from services.monitor.windows.live import LiveWindows
from services.monitor.windows.preparing import Preparing
from services.monitor.windows.queries import Queries
from services.monitor.windows.rolling import Rolling
from services.monitor.windows.sliding import SlidingWindows
from services.monitor.windows.stored import StoredFigures
from services.monitor.windows.views import WindowViews
from services.runtime import audit_list
from services.runtime import webhooks as sending
from services.runtime.audit_list import AuditList
from services.runtime.auth import Authenticator, find_through
from services.runtime.bus import Bus
from services.runtime.dead_letters import DeadLetters
from services.runtime.event_numbers import EventNumbers
from services.runtime.health import Health
from services.runtime.http import http_app
from services.runtime.inbox import BatchConsumer, EventConsumer
from services.runtime.lease import Lease
from services.runtime.outbox import Outbox
from services.runtime.relay import Relay
from services.runtime.run import background
from services.runtime.store import Store
from services.runtime.trail import Trail

VERSION = "0.1.0"
PACE_SECONDS = 0.5
"""From one group of small batches to the next: what a group costs (a transaction, a block of rows, live figures) is
shared by all that came meanwhile. With all that follows, a live figure comes well below a second after its batch."""
LARGE_PACE_SECONDS = 0.1
LEASE_SECONDS = 15.0
LABEL_PACE_SECONDS = 0.25
"""Two processes that join labels write the same blocks: the fewer groups, the less often one has to begin anew."""


@asynccontextmanager
async def build(settings: MonitorSettings, health: Health) -> AsyncIterator[ASGIApp]:
    """Everything that lives as long as the process; undone in reverse order."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(Store.open(settings.mongodb_uri.get_secret_value(), settings.database))
        bus = await stack.enter_async_context(Bus.connect(settings.nats_url.get_secret_value(), "monitor"))
        outbox = Outbox(store)
        await outbox.prepare()
        for noun in (
            *(versions_store, windows_store, rollups_store, stored_figures, labels_store, samples_store),
            *(alerts_store, silences_store, sending, audit_list),
        ):
            await store.ensure(noun.INDEXES)
        stack.push_async_callback(outbox.drain)

        await rollups_store.adopt(store, windows_store.ROWS)
        slot = Slot(store)
        await slot.claim()
        stack.push_async_callback(slot.release)

        numbers = EventNumbers(store)
        naming = Naming(versions_store.MongoVersions(store), numbers)
        versions = Versions(versions_store.MongoVersions(store), naming, numbers, outbox, bus)
        windows = windows_store.MongoWindows(store)
        row_marks = rollups_store.MongoMarks(store, "rows")
        label_marks = rollups_store.MongoMarks(store, "labels")
        row_rollups = Rollups(row_marks, rollups_store.MongoRollups(store, "rows"))
        label_rollups = Rollups(label_marks, rollups_store.MongoRollups(store, "labels"))
        partitions = windows_store.window_partitions(store, row_marks.touch)
        buckets = Buckets(windows, row_rollups, label_rollups)
        stored = StoredFigures(store)
        await stored.adopt(row_rollups)
        views = WindowViews(windows, buckets, versions, partitions.known, stored)
        live = LiveWindows(views, versions, bus, WindowGauges(settings.metrics_allowed))
        blocks = labels_store.MongoBlocks(store)
        join = LabelJoin(blocks, windows_store.performance_partitions(store, label_marks.touch), versions, slot)
        intake = Intake(
            versions,
            WindowCounts(partitions, slot),
            PredictionKeeper(blocks, slot),
            join,
            Samples(samples_store.sample_partitions(store), slot),
            live,
        )
        sample_rows = samples_store.MongoSamples(store)
        queries = Queries(versions, windows, views, Multivariates(sample_rows), Totals(row_marks, label_marks))

        references = References(versions, views, outbox)
        setting = ReferenceCommands(references, queries.list_monitored, outbox)
        silences = Silences(silences_store.MongoSilences(store), outbox)
        queue = sending.WebhookQueue(store)
        webhooks = Webhooks(
            webhooks_store.MongoWebhooks(store), queue, outbox, private_allowed=settings.webhooks_private
        )
        alert_rows = alerts_store.MongoAlerts(store)
        news = AlertNews(alert_rows, bus)
        alerts = Alerts(alert_rows, versions, webhooks, news, outbox)
        naming.follow(versions=[alerts.renamed], models=[silences.renamed, webhooks.renamed])
        rounds = Rounds(alert_rows, silences, webhooks)
        judge = Judge(rounds, news, SlidingWindows(windows))
        labelled = LabelledWindows(windows)

        models = EventConsumer(bus, outbox, MONITOR_MODELS, versions.project)
        predictions = BatchConsumer(
            *(bus, outbox, MONITOR_PREDICTIONS, intake.take_predictions),
            pace=PACE_SECONDS,
            large_pace=LARGE_PACE_SECONDS,
            committed=intake.predictions_committed,
        )
        labels = BatchConsumer(
            *(bus, outbox, MONITOR_LABELS, intake.take_labels),
            pace=LABEL_PACE_SECONDS,
            committed=intake.labels_committed,
        )
        await stack.enter_async_context(
            background(
                health,
                models=models.run,
                predictions=predictions.run,
                labels=labels.run,
                relay=Relay(outbox, bus).run,
                closing=WindowCloser(windows, views, versions, judge, outbox, settings.idle_close_seconds).run,
                judging_labels=LabelJudge(labelled, versions, rounds, judge, outbox, settings.idle_close_seconds).run,
                freshness=SilenceWatch(labelled, versions, rounds, judge, outbox).run,
                alert_counts=news.run,
                webhooks=sending.WebhookSender(queue, webhooks.target, private_allowed=settings.webhooks_private).run,
                waiting_labels=WaitingLabels(blocks, join, outbox, live.moved).run,
                label_retention=LabelRetention(blocks, outbox, settings.join_days).run,
                multivariate=MultivariateJob(sample_rows, Closings(windows), versions, judge, outbox).run,
                live=live.run,
                rolling=Rolling(
                    *(buckets, versions, row_rollups, label_rollups),
                    Preparing(buckets, views, stored),
                    Lease(store, "rollups", LEASE_SECONDS),
                ).run,
                slot=slot.run,
                database=store.watch,
                memory=release_unused,
            )
        )
        for consumer in (models, predictions, labels):
            stack.push_async_callback(consumer.stop)

        audit = Audit(Trail(store))
        dead = DeadLetters(outbox)
        await bus.serve(
            "monitor",
            VERSION,
            {
                ListMonitored: queries.list_monitored,
                ListMonitorAudit: AuditList(store).page,
                ListWindows: queries.list_windows,
                SetReferenceFromPeriod: setting.from_period,
                GetDistribution: queries.get_distribution,
                ListSegmentDrift: queries.list_segment_drift,
                GetPerformance: queries.get_performance,
                ListAlerts: alerts.page,
                GetAlert: alerts.get,
                AcknowledgeAlert: alerts.acknowledge,
                CommentAlert: alerts.comment,
                ResolveAlert: alerts.resolve,
                GetAlertRules: alerts.rules,
                SetAlertRules: alerts.set_rules,
                SetSilence: silences.set,
                EndSilence: silences.end,
                ListSilences: silences.listed,
                ListSilencesByPage: silences.page,
                SetWebhook: webhooks.set,
                DeleteWebhook: webhooks.delete,
                ListWebhooks: webhooks.list,
                GetMonitorAuditHead: audit.head,
                VerifyMonitorAudit: audit.verify,
                ListMonitorDeadLetters: dead.listed,
                ListMonitorDeadLettersByPage: dead.page,
                DecideMonitorDeadLetter: dead.decide,
            },
        )
        health.watch("nats", bus.not_ready)
        health.watch("mongodb", store.not_ready)

        authenticator = Authenticator(
            settings.auth, settings.auth_secret.get_secret_value(), find_through(bus, "monitor")
        )
        app = http_app("Monitor", authenticator, max_body_bytes=settings.max_reference_bytes)
        files = RegistryFiles(bus, settings.registry_url, settings.max_reference_bytes)
        add_routes(app, Ingest(versions, references, files, bus), settings.max_batch_bytes)
        yield app
