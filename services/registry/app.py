"""The registry, wired: every request, subscription, background task and HTTP route it has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from starlette.types import ASGIApp

from services.contracts import (
    audit,
    dead_letters,
    deployments,
    duplicates,
    evaluations,
    gates,
    insights,
    projects,
    registry,
    retraining,
    reviews,
    streams,
    webhooks,
)
from services.registry import provenance as origins
from services.registry import states
from services.registry.artifacts import store as artifact_store
from services.registry.artifacts.garbage import Garbage
from services.registry.artifacts.handlers import Artifacts
from services.registry.artifacts.uploads import Uploads
from services.registry.audit import store as audit_store
from services.registry.audit.handlers import Audit
from services.registry.clock import now_milliseconds
from services.registry.datasets import store as dataset_store
from services.registry.datasets.handlers import Datasets
from services.registry.deployments import store as deployment_store
from services.registry.deployments.handlers import Deployments
from services.registry.duplicates import store as fingerprint_store
from services.registry.duplicates.handlers import Duplicates
from services.registry.evaluations import store as evaluation_store
from services.registry.evaluations.files import EvaluationFiles
from services.registry.evaluations.handlers import Evaluations
from services.registry.events import handlers as event_handlers
from services.registry.events.handlers import Events
from services.registry.experiments import store as experiment_store
from services.registry.experiments.handlers import Experiments
from services.registry.experiments.queries import ExperimentQueries
from services.registry.gates import store as gate_store
from services.registry.gates.handlers import Gates
from services.registry.identity import handlers as identity_handlers
from services.registry.identity.handlers import Tokens
from services.registry.insights import store as insight_store
from services.registry.insights.handlers import Insights
from services.registry.logged_models import store as logged_model_store
from services.registry.logged_models.handlers import LoggedModels
from services.registry.mlflow_api import errors, retries, routes
from services.registry.mlflow_api.retries import Retries
from services.registry.mlflow_api.surface import Surface
from services.registry.models import store as model_store
from services.registry.models.handlers import Models
from services.registry.models.history import ModelHistory
from services.registry.models.queries import ModelQueries
from services.registry.models.versions import Versions
from services.registry.preparing import prepared, together
from services.registry.projects import store as project_store
from services.registry.projects.catching_up import CatchingUp
from services.registry.projects.following import Following
from services.registry.projects.handlers import Projects
from services.registry.projects.levels import Levels
from services.registry.projects.owners import Owners
from services.registry.projects.shown import Reading
from services.registry.projects.things import Things
from services.registry.provenance import Provenance
from services.registry.purging.handlers import Purging
from services.registry.retraining import store as retraining_store
from services.registry.retraining.handlers import Retrainings
from services.registry.reviews import store as review_store
from services.registry.reviews.comparison import Comparisons
from services.registry.reviews.content import Contents
from services.registry.reviews.handlers import Reviews
from services.registry.reviews.sights import Sights
from services.registry.runs import store as run_store
from services.registry.runs.freshness import FreshRunIndex
from services.registry.runs.handlers import Runs
from services.registry.runs.queries import RunQueries
from services.registry.saved_views import store as saved_view_store
from services.registry.saved_views.handlers import SavedViews
from services.registry.settings import RegistrySettings
from services.registry.tracked import Tracked
from services.registry.turns import Turns
from services.registry.webhooks import store as webhook_store
from services.registry.webhooks.handlers import Webhooks
from services.runtime import webhooks as sending
from services.runtime.auth import Authenticator
from services.runtime.bus import Bus
from services.runtime.context import service_context
from services.runtime.dead_letters import DeadLetters
from services.runtime.event_numbers import EventNumbers
from services.runtime.health import Health
from services.runtime.http import http_app
from services.runtime.inbox import EventConsumer
from services.runtime.outbox import Outbox
from services.runtime.relay import Relay
from services.runtime.run import background
from services.runtime.sharing import Shared
from services.runtime.store import Store
from services.runtime.trail import Trail

log = structlog.get_logger()

SERVICE = "registry"
VERSION = "0.1.0"
MAX_BODY_BYTES = 64 * 1024 * 1024
"""A dataset's profile alone may have 16 MB; artifacts aren't bounded by this."""

INDEXES = (
    experiment_store.INDEXES,
    run_store.INDEXES,
    dataset_store.INDEXES,
    logged_model_store.INDEXES,
    model_store.INDEXES,
    artifact_store.INDEXES,
    event_handlers.INDEXES,
    identity_handlers.INDEXES,
    retries.INDEXES,
    project_store.INDEXES,
    fingerprint_store.INDEXES,
    insight_store.INDEXES,
    saved_view_store.INDEXES,
    audit_store.INDEXES,
    review_store.INDEXES,
    evaluation_store.INDEXES,
    gate_store.INDEXES,
    deployment_store.INDEXES,
    retraining_store.INDEXES,
    states.INDEXES,
    sending.INDEXES,
    *origins.INDEXES,
)


@asynccontextmanager
async def build(settings: RegistrySettings, health: Health) -> AsyncIterator[ASGIApp]:
    async with (
        Store.open(settings.mongodb_uri.get_secret_value(), settings.database) as store,
        Bus.connect(settings.nats_url.get_secret_value(), SERVICE) as bus,
    ):
        now = now_milliseconds
        secret = settings.auth_secret.get_secret_value()
        outbox = Outbox(store)
        relay = Relay(outbox, bus)
        experiments_ = experiment_store.MongoExperiments(store)
        runs_ = run_store.MongoRuns(store)
        datasets_ = Datasets(dataset_store.MongoDatasets(store))
        models_ = model_store.MongoModels(store)
        states_ = states.States(store)
        numbers = EventNumbers(store)
        turns = Turns()
        events = Shared(bus, streams.REGISTRY_EVENTS, streams.REGISTRY_SHARERS)

        experiment = Experiments(outbox, experiments_, now)
        logged = LoggedModels(outbox, logged_model_store.MongoLoggedModels(store), experiment, now)
        searches = FreshRunIndex(run_store.MongoRunSearch(store), runs_, bus)
        run = Runs(outbox, bus, runs_, datasets_, experiment, logged, now, searches.seen)
        experiment_queries = ExperimentQueries(experiment, run)
        run_queries = RunQueries(runs_, searches, datasets_, experiment)
        model = Models(outbox, models_, turns, now)
        versions = Versions(outbox, models_, model, run, logged, turns, now)
        model_queries = ModelQueries(models_, model, versions, run, run_queries, ModelHistory(models_, states_))
        files_, blobs = artifact_store.MongoArtifacts(store), artifact_store.Blobs(settings.artifacts)
        files = Artifacts(outbox, files_, blobs, now)
        garbage = Garbage(files_, blobs)
        purging = Purging(run, logged, experiment, files, model_queries, now)
        tracked = Tracked(
            outbox,
            experiments=experiment,
            experiment_queries=experiment_queries,
            runs=run,
            run_queries=run_queries,
            logged_models=logged,
            models=model,
            versions=versions,
            model_queries=model_queries,
            files=files,
            now=now,
        )
        event_log = Events(store)
        tokens = Tokens(store, outbox, secret, now)
        creations = Retries(store)
        projects_ = project_store.MongoProjects(store)
        reading = Reading(run_queries)
        things = Things(experiment, model_queries, lambda request, context: provenance.versions.names(request, context))
        project = Projects(outbox, projects_, things, CatchingUp(projects_, reading, run_queries, now), now)
        following = Following(Owners(projects_, things), reading, now)
        boards = EventConsumer(bus, outbox, streams.REGISTRY_BOARDS, following.take_in, shared=events)
        insight = Insights(outbox, insight_store.MongoInsights(store), project.things_of, run_queries, now)
        saved = SavedViews(outbox, saved_view_store.MongoSavedViews(store), project.board_of, now)
        contents = Contents(model_queries, versions, run_queries, files)
        evaluation = Evaluations(
            outbox,
            evaluation_store.MongoEvaluations(store),
            model_queries,
            run_queries,
            lambda model_name: deployment.released(model_name),
            lambda request, context: provenance.versions.get_many(request, context),
            now,
        )
        gate = Gates(
            outbox,
            gate_store.MongoGates(store),
            numbers,
            contents,
            project,
            evaluation,
            run_queries,
            lambda run_id, context: provenance.reproductions.score(run_id, context),
            now,
        )
        sights = Sights(evaluation, gate, project)
        review = Reviews(outbox, review_store.MongoReviews(store), states_, numbers, contents, gate, sights, now)
        deployment = Deployments(
            outbox, deployment_store.MongoDeployments(store), contents, model, gate, review, numbers, now
        )
        project.followed_by(review.answered)
        comparison = Comparisons(contents, evaluation, gate, review, deployment)
        retrainings = Retrainings(outbox, retraining_store.MongoRetrainings(store), model_queries, run_queries, now)
        evaluation_files = EvaluationFiles(evaluation, files, run, run_queries)
        releases = EventConsumer(
            bus,
            outbox,
            streams.REGISTRY_RELEASES,
            together(review.take_in, retrainings.take_in, evaluation_files.take_in),
            shared=events,
        )
        queue = sending.WebhookQueue(store)
        webhook = Webhooks(outbox, webhook_store.MongoWebhooks(store), queue, private_allowed=settings.webhooks_private)
        telling = EventConsumer(bus, outbox, streams.REGISTRY_WEBHOOKS, webhook.take_in, shared=events)
        sender = sending.WebhookSender(queue, webhook.target, private_allowed=settings.webhooks_private)
        trail = Audit(audit_store.MongoAudit(store), Trail(store))
        similar = Duplicates(fingerprint_store.MongoFingerprints(store), searches, run, run_queries, experiment)
        similarity = EventConsumer(bus, outbox, streams.REGISTRY_SIMILARITY, similar.take_in, shared=events)
        monitoring = EventConsumer(bus, outbox, streams.REGISTRY_MONITORING, event_log.take_in, shared=events)
        provenance = Provenance(
            store,
            outbox,
            bus,
            named=datasets_,
            runs=run,
            run_queries=run_queries,
            logged_models=logged,
            artifacts=files,
            models=model_queries,
            evaluations=evaluation,
            gates=gate,
            reviews=review,
            deployments=deployment,
            now=now,
        )
        model.followed_by(
            project.renamed,
            review.renamed,
            gate.renamed,
            deployment.renamed,
            evaluation.renamed,
            retrainings.renamed,
            insight.renamed,
            provenance.cards.renamed,
        )
        tracing = EventConsumer(bus, outbox, streams.REGISTRY_PROVENANCE, provenance.take_in, shared=events)
        dead = DeadLetters(outbox)

        await prepared(store, outbox, monitoring, states_, INDEXES)
        context = service_context(SERVICE)
        await experiment.ensure_default(context)
        await project.ensure_default(context)
        await deployment.ensure_defaults(context)
        for experiment_id in await experiment.being_swept():
            await run.sweep(context, experiment_id)

        health.watch("nats", bus.not_ready)
        health.watch("mongodb", store.not_ready)
        app = http_app(
            "Registry",
            Authenticator(settings.auth, secret, tokens.by_digest),
            max_body_bytes=MAX_BODY_BYTES,
            body=errors.body,
        )
        provenance.mount(app)
        routes.mount(
            app,
            Surface(
                experiments=experiment,
                runs=run,
                run_queries=run_queries,
                logged_models=logged,
                models=model,
                versions=versions,
                model_queries=model_queries,
                artifacts=files,
                uploads=Uploads(files, blobs),
                retries=creations,
            ),
        )
        await bus.serve(
            SERVICE,
            VERSION,
            {
                registry.ListEvents: event_log.page,
                registry.PurgeDeleted: purging.purge,
                registry.CollectContent: garbage.collect,
                insights.WriteInsight: insight.write,
                insights.CommentInsight: insight.comment,
                insights.RemoveInsight: insight.remove,
                insights.GetInsight: insight.get,
                insights.ListInsights: insight.page,
                reviews.RequestReview: review.request,
                reviews.CommentReview: review.comment,
                reviews.ResolveReviewComment: review.resolve_comment,
                reviews.ReopenReviewComment: review.reopen_comment,
                reviews.DecideReview: review.decide,
                reviews.WithdrawReview: review.withdraw,
                reviews.GetReview: review.get,
                reviews.ListReviews: review.page,
                reviews.CompareVersions: comparison.compare,
                evaluations.RecordEvaluation: evaluation.record,
                evaluations.GetEvaluation: evaluation.get,
                evaluations.ListEvaluations: evaluation.page,
                gates.SetGatePolicy: gate.set_policy,
                gates.GetGatePolicy: gate.get_policy,
                gates.EvaluateGates: gate.evaluate,
                gates.GetGateResults: gate.get,
                gates.ListGateResults: gate.page,
                deployments.SetEnvironment: deployment.set_environment,
                deployments.ListEnvironments: deployment.environments,
                deployments.DeployVersion: deployment.deploy,
                deployments.RollBack: deployment.roll_back,
                deployments.RetireVersion: deployment.retire,
                deployments.GetStandings: deployment.standings,
                deployments.ListDeployments: deployment.listed,
                deployments.ListDeploymentsByPage: deployment.page,
                deployments.ListRan: deployment.ran,
                retraining.RequestRetraining: retrainings.request,
                retraining.AnswerRetraining: retrainings.answer,
                retraining.DeclineRetraining: retrainings.decline,
                retraining.GetRetraining: retrainings.get,
                retraining.ListRetrainings: retrainings.page,
                webhooks.SetLifecycleWebhook: webhook.set,
                webhooks.DeleteLifecycleWebhook: webhook.delete,
                webhooks.ListLifecycleWebhooks: webhook.listed,
                webhooks.ListWebhookDeliveries: webhook.deliveries,
                audit.ListAudit: trail.page,
                dead_letters.ListRegistryDeadLetters: dead.listed,
                dead_letters.ListRegistryDeadLettersByPage: dead.page,
                dead_letters.DecideRegistryDeadLetter: dead.decide,
                audit.GetAuditHead: trail.head,
                audit.VerifyAudit: trail.verify,
                duplicates.FindSimilarRuns: similar.find,
                projects.CreateProject: project.create,
                projects.UpdateProject: project.update,
                projects.ListProjects: project.page,
                projects.GetProject: project.get,
                projects.FindOwners: project.find_owners,
                projects.GetMetricLevels: Levels(project).get,
                projects.AssignToProject: project.assign,
                projects.FillAnswer: project.answer,
                projects.WaiveItem: project.waive,
                projects.AddItem: project.add_item,
                projects.MoveBack: project.move_back,
                projects.ConfirmStage: project.confirm,
                projects.SetMilestone: project.milestone,
                projects.SetAssumption: project.assumption,
                **tokens.requests(),
                **provenance.requests(),
                **tracked.requests(),
                **saved.requests(),
            },
        )
        async with background(
            health,
            relay=relay.run,
            events=events.run,
            searches=searches.run,
            monitoring=monitoring.run,
            boards=boards.run,
            similarity=similarity.run,
            releases=releases.run,
            telling=telling.run,
            webhooks=sender.run,
            tracing=tracing.run,
            retries=creations.run,
            database=store.watch,
        ):
            try:
                yield app
            finally:
                for consumer in (boards, similarity, releases, telling, tracing, monitoring):
                    await consumer.stop()
                await outbox.drain()
                await relay.flush()
