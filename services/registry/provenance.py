"""Where things come from, wired: datasets, lineage, reproduction and model cards, with every request they answer."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import FastAPI

from services.contracts import cards, datasets, lineage, profiles, reproduction
from services.contracts.base import Envelope, Request
from services.registry.artifacts.handlers import Artifacts
from services.registry.cards import store as card_store
from services.registry.cards.facts import Recorded
from services.registry.cards.handlers import Cards
from services.registry.clock import Now
from services.registry.datasets import registered as dataset_store
from services.registry.datasets.handlers import Datasets
from services.registry.datasets.profiles import Profiles
from services.registry.datasets.sources import Sources
from services.registry.datasets.upload import ADDRESS, Uploads
from services.registry.datasets.versions import DatasetVersions
from services.registry.deployments.handlers import Deployments
from services.registry.evaluations.handlers import Evaluations
from services.registry.gates.handlers import Gates
from services.registry.lineage import store as lineage_store
from services.registry.lineage.handlers import Lineage
from services.registry.logged_models.handlers import LoggedModels
from services.registry.models.queries import ModelQueries
from services.registry.reproduction.handlers import Reproductions
from services.registry.reproduction.store import MongoReproductions
from services.registry.reviews.handlers import Reviews
from services.registry.runs.handlers import Runs
from services.registry.runs.queries import RunQueries
from services.runtime.bus import Bus
from services.runtime.event_numbers import EventNumbers
from services.runtime.outbox import Change, Outbox
from services.runtime.store import Store

INDEXES = (dataset_store.INDEXES, lineage_store.INDEXES, card_store.INDEXES)

Handler = Callable[[Any, Any], Coroutine[Any, Any, Any]]


class Provenance:
    """`take_in` follows runs, versions, reviews, deployments and alerts: one consumer, one transaction a batch."""

    def __init__(
        self,
        store: Store,
        outbox: Outbox,
        bus: Bus,
        *,
        named: Datasets,
        runs: Runs,
        run_queries: RunQueries,
        logged_models: LoggedModels,
        artifacts: Artifacts,
        models: ModelQueries,
        evaluations: Evaluations,
        gates: Gates,
        reviews: Reviews,
        deployments: Deployments,
        now: Now,
    ) -> None:
        self.sources = Sources(outbox, dataset_store.MongoSources(store), now)
        self.versions = DatasetVersions(outbox, dataset_store.MongoVersions(store), named, now)
        self.profiles = Profiles(outbox, dataset_store.MongoProfiles(store), self.versions, now)
        self.uploads = Uploads(bus, self.versions, self.profiles)
        self.lineage = Lineage(lineage_store.MongoLineage(store))
        self.reproductions = Reproductions(
            outbox,
            MongoReproductions(store),
            runs,
            run_queries,
            logged_models,
            artifacts,
            named,
            self.versions,
            now,
        )
        recorded = Recorded(
            models=models,
            runs=run_queries,
            sources=self.sources,
            datasets=self.versions,
            profiles=self.profiles,
            evaluations=evaluations,
            gates=gates,
            reviews=reviews,
            deployments=deployments,
            reproductions=self.reproductions,
            lineage=self.lineage,
        )
        self.cards = Cards(outbox, card_store.MongoCards(store), EventNumbers(store), recorded, now)

    async def take_in(self, envelopes: list[Envelope], change: Change) -> None:
        await self.versions.take_in(envelopes, change)
        await self.lineage.take_in(envelopes, change)
        await self.reproductions.take_in(envelopes, change)

    def mount(self, app: FastAPI) -> None:
        """Adds the addresses that aren't MLflow's. To be called before MLflow's, which take all the rest."""
        self.uploads.mount(app)
        app.state.unlimited_paths = (ADDRESS,)

    def requests(self) -> dict[type[Request[Any]], Handler]:
        return {
            datasets.DescribeSource: self.sources.describe,
            datasets.GetSources: self.sources.get,
            datasets.ListSources: self.sources.page,
            datasets.RegisterDataset: self.versions.register,
            datasets.DescribeFeatures: self.versions.describe_features,
            datasets.RecordSplits: self.versions.record_splits,
            datasets.ListDatasets: self.versions.names,
            datasets.ListDatasetVersions: self.versions.page,
            datasets.GetDatasetVersions: self.versions.get_many,
            datasets.ListDatasetUses: self.versions.uses,
            profiles.RecordProfile: self.profiles.record,
            profiles.RecordRowDigests: self.profiles.record_digests,
            profiles.GetProfile: self.profiles.get,
            profiles.CompareProfiles: self.profiles.compare,
            profiles.CheckRepresentation: self.profiles.check_representation,
            profiles.CheckOverlap: self.profiles.check_overlap,
            profiles.GetDatasetChecks: self.profiles.checks_of,
            lineage.WalkLineage: self.lineage.walk,
            reproduction.GetReproducibility: self.reproductions.get,
            reproduction.PlanReproduction: self.reproductions.plan,
            reproduction.RecordReproduction: self.reproductions.record,
            cards.WriteCard: self.cards.write,
            cards.GetCardWords: self.cards.words,
            cards.PublishCard: self.cards.publish,
            cards.GetCard: self.cards.get,
            cards.ListCards: self.cards.page,
        }
