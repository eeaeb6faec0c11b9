"""Keeps a few rows of each window, and looks at those of closed windows now and then, outside the hot path."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any, Final

import msgspec
import structlog
from pymongo.errors import PyMongoError

from services.contracts.errors import LifecycleError
from services.contracts.monitor import MultivariateDrift
from services.monitor.alerts.judging import Judge
from services.monitor.alerts.rounds import Round
from services.monitor.batches.deliveries import Predictions
from services.monitor.partitions import Part, Partitions
from services.monitor.samples.rules import (
    Principal,
    RowSample,
    merged,
    multivariate,
    principal,
    sampled,
    unpack_sample,
)
from services.monitor.samples.store import MULTIVARIATES, SAMPLES, MongoSamples
from services.monitor.slots import Slot
from services.monitor.versions.handlers import Versions
from services.monitor.versions.rules import ActiveReference
from services.monitor.windows.closings import Closings
from services.monitor.windows.rules import split_rows
from services.runtime.context import service_context
from services.runtime.outbox import Change, Duplicate, Outbox

log = structlog.get_logger()

EVERY_SECONDS: Final = 20.0
MODELS_KEPT: Final = 64


class Samples:
    """Adds rows to the samples of this process's slot, for versions whose reference has one."""

    def __init__(self, partitions: Partitions[RowSample], slot: Slot) -> None:
        self._partitions = partitions
        self._slot = slot

    async def add(self, change: Change, batches: list[tuple[str, ActiveReference, list[Predictions]]]) -> None:
        wanted = [entry for entry in batches if entry[1].sample is not None]
        if wanted:
            parts = await asyncio.to_thread(_sampled, wanted)
            await self._partitions.add(change, self._slot.number, parts)


class Multivariates:
    """What was found, for those who show windows."""

    def __init__(self, samples: MongoSamples) -> None:
        self._samples = samples

    async def within(self, key: str, start_ms: int, end_ms: int) -> dict[int, MultivariateDrift]:
        """By window start, of the windows that start within [start, end)."""
        found = await self._samples.found(key, start_ms, end_ms)
        return {start: msgspec.convert(figures, MultivariateDrift) for start, figures in found.items()}


def _sampled(batches: list[tuple[str, ActiveReference, list[Predictions]]]) -> list[Part[RowSample]]:
    parts: list[Part[RowSample]] = []
    for key, active, rows in batches:
        by_window: dict[int, RowSample] = {}
        for batch in rows:
            for start, which in split_rows(batch.times_ms, active.window_ms):
                sample = sampled(active.reference, batch.ids[which], batch.columns.pick(which))
                before = by_window.get(start)
                by_window[start] = sample if before is None else merged(before, sample)
        parts.extend(Part(key, start, active.id, sample, {}) for start, sample in by_window.items())
    return parts


class MultivariateJob:
    """Compares closed windows' samples with the reference's; a sample is dropped once it was looked at."""

    def __init__(
        self, samples: MongoSamples, closings: Closings, versions: Versions, judge: Judge, outbox: Outbox
    ) -> None:
        self._samples = samples
        self._closings = closings
        self._versions = versions
        self._judge = judge
        self._outbox = outbox
        self._models: OrderedDict[str, Principal | None] = OrderedDict()

    async def run(self) -> None:
        """Runs until cancelled; waits out whatever is unavailable."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                for key in await self._samples.versions():
                    await self.look(key)
            except (LifecycleError, PyMongoError) as error:
                log.warning("samples can't be looked at at the moment", error=str(error))

    async def look(self, key: str) -> None:
        """Looks at the closed windows of one version, and judges what is found."""
        judged: Round | None = None

        async def decide() -> Change | None:
            nonlocal judged
            judged = None
            heads = await self._samples.heads(key)
            closed = await self._closings.of(key, [int(row["w"]) for row in heads])
            windows: dict[tuple[int, str], list[dict[str, Any]]] = {}
            for row in heads:
                if int(row["w"]) in closed:
                    windows.setdefault((int(row["w"]), row["r"]), []).append(row)
            if not windows:
                return None
            packed = await self._samples.load([row["_id"] for rows in windows.values() for row in rows])
            change = Change(service_context("monitor"), "judge_samples")
            change.unaudited()
            found: dict[int, MultivariateDrift] = {}
            for (start, reference_id), rows in windows.items():
                model = await self._model(reference_id)
                parts = [packed[row["_id"]] for row in rows if row["_id"] in packed]
                figures = await asyncio.to_thread(_judged, model, parts)
                if figures is not None:
                    written = {"k": key, "w": start, "figures": msgspec.to_builtins(figures)}
                    change.upsert(MULTIVARIATES, {"_id": f"{key}|{start}"}, {"$setOnInsert": written})
                    found[start] = figures
                for row in rows:
                    change.delete(SAMPLES, {"_id": row["_id"], "token": row["token"]})
            watched = await self._versions.find(key)
            if watched is not None:
                judged = await self._judge.multivariate(change, watched, sorted(found.items()))
            return change

        try:
            await self._outbox.retrying(decide)
        except Duplicate:  # another process judged meanwhile: the next round sees it
            return
        await self._judge.committed(judged)

    async def _model(self, reference_id: str) -> Principal | None:
        if reference_id not in self._models:
            active = await self._versions.reference(reference_id)
            self._models[reference_id] = await asyncio.to_thread(_principal, active)
            while len(self._models) > MODELS_KEPT:
                self._models.popitem(last=False)
        return self._models[reference_id]


def _principal(active: ActiveReference) -> Principal | None:
    return None if active.sample is None else principal(unpack_sample(active.sample), active.sample_wander)


def _judged(model: Principal | None, packed: list[bytes]) -> MultivariateDrift | None:
    if model is None or not packed:
        return None
    sample = unpack_sample(packed[0])
    for data in packed[1:]:
        sample = merged(sample, unpack_sample(data))
    return multivariate(model, sample)
