"""Registers and shows dataset versions, their features, splits and uses; follows what runs name as their inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from services.contracts.base import Envelope, Event
from services.contracts.datasets import (
    DatasetKey,
    DatasetSummary,
    DatasetUse,
    DatasetVersionView,
    DescribeFeatures,
    GetDatasetVersions,
    ListDatasets,
    ListDatasetUses,
    ListDatasetVersions,
    RecordSplits,
    RegisterDataset,
)
from services.contracts.errors import Invalid, NotFound
from services.contracts.identity import Action, require
from services.contracts.paging import Edge, Page
from services.contracts.registry import DatasetRef, RunInputsLogged
from services.contracts.written import Written
from services.registry.clock import Now
from services.registry.datasets import mlflow
from services.registry.datasets import version as rules
from services.registry.datasets.handlers import Datasets
from services.registry.datasets.registered import NAMES, USES, VERSIONS, MongoVersions, keep_name
from services.registry.datasets.rules import dataset_id
from services.registry.datasets.version import Version, version_id
from services.registry.documents import insert, save
from services.registry.once import once
from services.runtime.context import Context
from services.runtime.outbox import Change, Outbox

MAX_KEYS = 100


class DatasetVersions:
    """`take_in` is called with the events of runs: its writes are part of the consumer's one transaction."""

    def __init__(self, outbox: Outbox, store: MongoVersions, named: Datasets, now: Now) -> None:
        self._outbox = outbox
        self._store = store
        self._named = named
        self._now = now

    # ------------------------------------------------------------ commands

    async def register(self, request: RegisterDataset, context: Context) -> DatasetVersionView:
        """Registers a new version, or adds to a known one what is new."""
        require(context.principal, Action.RECORD_RUNS)
        rules.check(request)
        who = context.principal.user

        async def decide() -> tuple[Change, DatasetVersionView]:
            change = Change(context, "register_dataset")
            before = await self._store.get(version_id(request))
            if before is None:
                name = await self._store.named(request.dataset)
                number = 1 if name is None else name.versions + 1
                after, event = rules.registered(request, number, self._now(), who)
                insert(change, VERSIONS, after)
                keep_name(change, name, after, self._now())
                change.emit(event, after.v)
            else:
                after, told = rules.enriched(before, request, who)
                if told is not None:
                    save(change, VERSIONS, before, after)
                    change.emit(told, after.v)
            [view] = await self._store.views([after])
            return change, view

        return await once(self._outbox, request, context, decide, again_on_duplicate=True)

    async def describe_features(self, request: DescribeFeatures, context: Context) -> Written:
        require(context.principal, Action.RECORD_RUNS)

        def decide(version: Version) -> tuple[Version, Event]:
            return rules.featured(version, request.features, request.target, request.expected)

        return await self._change(request, context, "describe_features", decide)

    async def record_splits(self, request: RecordSplits, context: Context) -> Written:
        """Raises NotFound for a split that isn't registered."""
        require(context.principal, Action.RECORD_RUNS)

        async def attempt() -> tuple[Change, Written]:
            before = await self.get(request.dataset, request.digest)
            after, event = rules.split(before, request.splits, request.expected)
            parts = await self._store.get_many(after.split_ids)
            absent = [part for part in after.split_ids if part not in parts]
            if absent:
                raise NotFound(
                    f"there is no dataset version {absent[0]!r}", field="splits", fix="Register each split first."
                )
            change = Change(context, "record_splits")
            save(change, VERSIONS, before, after)
            for part in request.splits:
                whole = parts[version_id(part)]
                if part.sealed and whole.sealed is None:
                    save(change, VERSIONS, whole, rules.sealed(whole, self._now()))
            change.emit(event, after.v)
            return change, Written(id=after.id, revision=after.revision)

        return await once(self._outbox, request, context, attempt)

    async def _change(
        self,
        request: DescribeFeatures,
        context: Context,
        action: str,
        decide: Callable[[Version], tuple[Version, Event]],
    ) -> Written:
        async def attempt() -> tuple[Change, Written]:
            before = await self.get(request.dataset, request.digest)
            after, event = decide(before)
            change = Change(context, action)
            save(change, VERSIONS, before, after)
            change.emit(event, after.v)
            return change, Written(id=after.id, revision=after.revision)

        return await once(self._outbox, request, context, attempt)

    # ------------------------------------------------------------ questions

    async def get(self, dataset: str, digest: str) -> Version:
        """The version; an empty digest means the newest, a number in it the version with that number."""
        found = await self._find(DatasetKey(dataset=dataset, digest=digest))
        if found is None:
            raise NotFound(f"there is no dataset version '{dataset}@{digest}'", field="digest")
        return found

    async def _find(self, key: DatasetKey) -> Version | None:
        found = await self._store.get(version_id(key)) if key.digest else None
        if found is None and (
            not key.digest or (key.digest.isascii() and key.digest.isdigit() and len(key.digest) < 9)
        ):
            found = await self._store.numbered(key.dataset, int(key.digest) if key.digest else None)
        return found

    async def among(self, ids: Sequence[str]) -> dict[str, Version]:
        """Those of `ids` that are registered, by id."""
        return await self._store.get_many(ids)

    async def children(self, version_id: str) -> list[Version]:
        return await self._store.children(version_id)

    async def get_many(self, request: GetDatasetVersions, context: Context) -> list[DatasetVersionView | None]:
        require(context.principal, Action.READ)
        if len(request.keys) > MAX_KEYS:
            raise Invalid(f"at most {MAX_KEYS} versions at once", field="keys")
        found = [await self._find(key) for key in request.keys]
        views = await self._store.views([version for version in found if version is not None])
        by_id = {version_id(DatasetKey(dataset=view.dataset, digest=view.digest)): view for view in views}
        return [None if version is None else by_id[version.id] for version in found]

    async def page(self, request: ListDatasetVersions, context: Context) -> Page[DatasetVersionView]:
        require(context.principal, Action.READ)
        page = await self._store.page(request)
        views = await self._store.views([edge.node for edge in page.edges])
        edges = [Edge(cursor=edge.cursor, node=view) for edge, view in zip(page.edges, views, strict=True)]
        return Page(edges=edges, has_next=page.has_next, has_previous=page.has_previous, total=page.total)

    async def names(self, request: ListDatasets, context: Context) -> Page[DatasetSummary]:
        require(context.principal, Action.READ)
        return await self._store.names(request)

    async def uses(self, request: ListDatasetUses, context: Context) -> Page[DatasetUse]:
        require(context.principal, Action.READ)
        return await self._store.uses(request, f"{request.dataset}@{request.digest}")

    # ------------------------------------------------------------ following runs

    async def take_in(self, envelopes: Sequence[Envelope], change: Change) -> None:
        """Makes versions of what MLflow's clients name as inputs, and counts who used what."""
        named = [
            (event, ref, envelope)
            for envelope in envelopes
            if envelope.type == RunInputsLogged.type()
            for event in [msgspec.json.decode(envelope.data, type=RunInputsLogged)]
            for ref in event.datasets
            if rules.is_key(ref.name, ref.digest)
        ]
        if not named:
            return
        known: dict[str, Version] = await self._store.get_many(f"{ref.name}@{ref.digest}" for _, ref, _ in named)
        stored = dict(known)
        counted: dict[str, int] = {}
        seen = await self._store.known_uses(_use_id(event, ref) for event, ref, _ in named)
        described = await self._named.among(
            dataset_id(event.experiment_id, ref.name, ref.digest) for event, ref, _ in named
        )
        numbers: dict[str, int] = {}
        for event, ref, envelope in named:
            key = f"{ref.name}@{ref.digest}"
            if key not in known:
                found = described.get(dataset_id(event.experiment_id, ref.name, ref.digest))
                known[key] = await self._discovered(change, mlflow.registration(ref, found), envelope, numbers)
            before = known[key]
            after = rules.named_in(before, event.experiment_id)
            if _use_id(event, ref) not in seen:
                seen.add(_use_id(event, ref))
                self._note_use(change, after, event, ref, envelope)
                if after.sealed is not None:
                    if key not in counted:
                        counted[key] = await self._store.sealed_uses(key)
                    counted[key] += 1
                    after, told = rules.sealed_used(after, event.run_id, ref.context, counted[key])
                    change.emit(told, after.v)
            known[key] = after
        for key, after in known.items():
            if key not in stored:
                insert(change, VERSIONS, after)
            elif after != stored[key]:
                save(change, VERSIONS, stored[key], after)

    async def _discovered(
        self, change: Change, request: RegisterDataset, envelope: Envelope, numbers: dict[str, int]
    ) -> Version:
        name = await self._store.named(request.dataset)
        at = round(envelope.time.timestamp() * 1000)
        fresh = request.dataset not in numbers
        number = numbers.get(request.dataset, 0 if name is None else name.versions) + 1
        numbers[request.dataset] = number
        version, event = rules.registered(request, number, at, envelope.actor)
        if fresh:
            keep_name(change, name, version, at)
        else:  # several new versions of one dataset in one batch
            change.upsert(NAMES, {"_id": request.dataset}, {"$set": {"versions": number}})
        change.emit(event, version.v)
        return version

    def _note_use(
        self, change: Change, version: Version, event: RunInputsLogged, ref: DatasetRef, envelope: Envelope
    ) -> None:
        document: Mapping[str, object] = {
            "version": version.id,
            "run_id": event.run_id,
            "experiment_id": event.experiment_id,
            "context": ref.context,
            "at": round(envelope.time.timestamp() * 1000),
            "sealed": version.sealed is not None,
        }
        change.upsert(USES, {"_id": _use_id(event, ref)}, {"$setOnInsert": dict(document)})


def _use_id(event: RunInputsLogged, ref: DatasetRef) -> str:
    return f"{ref.name}@{ref.digest}/{event.run_id}"
