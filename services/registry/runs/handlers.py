"""Starts, feeds, changes and finds runs."""

from __future__ import annotations

import contextlib
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from services.contracts.base import Event
from services.contracts.errors import LifecycleError, NotFound
from services.contracts.identity import Action, require
from services.contracts.registry import RunMetricsMoved, RunPurged
from services.registry.clock import Now
from services.registry.datasets.handlers import Datasets
from services.registry.datasets.rules import Dataset, check_dataset, dataset_id
from services.registry.documents import insert, save
from services.registry.experiments.handlers import Experiments, still_active
from services.registry.experiments.rules import Experiment
from services.registry.logged_models.handlers import LoggedModels
from services.registry.names import check_run_id
from services.registry.runs import rules
from services.registry.runs.metrics import Point
from services.registry.runs.naming import random_name
from services.registry.runs.rules import Batch, ModelOutput, Run, RunInput
from services.registry.runs.store import RUNS, MongoRuns, add_points, drop_points
from services.registry.runs.times import moment
from services.registry.turns import Turns
from services.registry.values import DELETED, KeyValue, mapping
from services.runtime.bus import Bus
from services.runtime.context import Context
from services.runtime.ids import random_hex
from services.runtime.outbox import Change, Outbox, Stale

SWEEP_BATCH = 200
"""Runs that are deleted or restored together in one transaction when their experiment is."""

LEFT_AT_MOST = 256
"""Running runs that are remembered as this process left them."""

Sign = Callable[[Change, Run], None]
Seen = Callable[[Sequence[Run]], None]
Decided = tuple[Run, Change | None]
Decide = Callable[[Run], Awaitable[Decided]]


class Runs:
    def __init__(
        self,
        outbox: Outbox,
        bus: Bus,
        store: MongoRuns,
        datasets: Datasets,
        experiments: Experiments,
        logged_models: LoggedModels,
        now: Now,
        seen: Seen,
    ) -> None:
        """`seen` hears of every run that this process has committed."""
        self._outbox = outbox
        self._bus = bus
        self._store = store
        self._datasets = datasets
        self._experiments = experiments
        self._logged_models = logged_models
        self._now = now
        self._seen = seen
        self._turns = Turns()
        self._left: OrderedDict[str, Run] = OrderedDict()

    async def create(
        self,
        context: Context,
        *,
        experiment_id: str,
        user: str,
        name: str,
        start_time: int,
        tags: Sequence[KeyValue],
        sign: Sign | None = None,
    ) -> Run:
        """In open mode the run belongs to whom the client names; with tokens, to the token's user."""
        require(context.principal, Action.RECORD_RUNS)
        stated = rules.user_of(user, mapping(tags)) if context.principal.via == "open" else ""

        async def attempt(experiment: Experiment, *, check: bool) -> Run:
            run, event = rules.started(
                run_id=random_hex(),
                experiment_id=experiment.id,
                root=experiment.artifact_location,
                user=stated or context.principal.user,
                name=name,
                random_name=random_name(random.choice, random.randrange(1000)),
                start_time=start_time,
                tags=tags,
            )
            change = Change(context, "create_run")
            if check:
                still_active(change, experiment)
            insert(change, RUNS, run)
            change.emit(event, run.v)
            if sign is not None:
                sign(change, run)
            await self._outbox.commit(change)
            self._committed(run)
            return run

        known = self._experiments.known(context, experiment_id)
        if known is not None:
            with contextlib.suppress(Stale):  # deleted meanwhile
                return await attempt(known, check=True)
        return await attempt(await self._experiments.active(context, experiment_id), check=False)

    async def get(self, context: Context, run_id: str) -> Run:
        require(context.principal, Action.READ)
        run = await self._store.get(run_id)
        if run is None:
            raise NotFound(f"Run with id={run_id} not found")
        return run

    async def among(self, context: Context, ids: Sequence[str]) -> dict[str, Run]:
        """Those of `ids` that exist, by id."""
        require(context.principal, Action.READ)
        return {run.id: run for run in await self._store.get_many(ids, context.heard) if run is not None}

    async def counts(self, experiment_ids: Sequence[str]) -> dict[str, int]:
        """How many active runs each experiment has that has any."""
        return await self._store.counts(experiment_ids)

    async def log(self, context: Context, run_id: str, batch: Batch) -> None:
        """Adds metrics, parameters and tags: all of them or, if one breaks a rule, none."""
        if not batch.single:  # one value alone is for any run there is
            check_run_id(run_id)
        batch = rules.checked(batch)
        after = await self._change(context, run_id, lambda run: self._logged(context, run, batch))
        if batch.points:
            await self._bus.live(_moved(after, batch.points))

    async def _logged(self, context: Context, run: Run, batch: Batch) -> Decided:
        after, event = rules.logged(run, batch)
        if event is None:
            return run, None
        change = Change(context, "log_run_data")
        save(change, RUNS, run, after)
        change.emit(event, after.v)
        add_points(change, run.id, batch.points)
        await self._logged_models.measure(context, change, run.id, batch.points)
        return after, change

    async def log_inputs(
        self,
        context: Context,
        run_id: str,
        datasets: Sequence[tuple[Dataset, Sequence[KeyValue]]],
        model_ids: Sequence[str],
    ) -> None:
        """Each dataset comes with the tags of its use in this run; `mlflow.data.context` is what search asks for."""
        check_run_id(run_id)
        for dataset, tags in datasets:
            check_dataset(dataset, tags)

        async def decide(run: Run) -> Decided:
            after, event = rules.with_inputs(run, [_input(run, dataset, tags) for dataset, tags in datasets], model_ids)
            if event is None:
                return run, None
            change = Change(context, "log_run_inputs")
            save(change, RUNS, run, after)
            change.emit(event, after.v)
            for dataset, _ in datasets:
                self._datasets.add(change, _owned(run, dataset))
            return after, change

        await self._change(context, run_id, decide)

    async def log_outputs(self, context: Context, run_id: str, outputs: Sequence[ModelOutput]) -> None:
        async def decide(run: Run) -> Decided:
            return self._plain(context, "log_run_outputs", run, rules.with_outputs(run, outputs))

        await self._change(context, run_id, decide)

    async def record_model(self, context: Context, run_id: str, model: dict[str, Any]) -> None:
        """What MLflow before version 3 says when it logs a model: kept in a tag. `model` is the client's own JSON."""

        async def decide(run: Run) -> Decided:
            return await self._logged(context, run, Batch(tags=[rules.recorded_model(run, model)]))

        await self._change(context, run_id, decide)

    async def update(
        self, context: Context, run_id: str, status: str | None, end_time: int | None, name: str | None
    ) -> Run:
        async def decide(run: Run) -> Decided:
            return self._plain(context, "update_run", run, rules.updated(run, status, end_time, name))

        return await self._change(context, run_id, decide)

    async def delete_tag(self, context: Context, run_id: str, key: str) -> None:
        async def decide(run: Run) -> Decided:
            return self._plain(context, "untag_run", run, rules.untagged(run, key))

        await self._change(context, run_id, decide)

    async def delete(self, context: Context, run_id: str) -> None:
        await self._move(context, "delete_run", run_id, lambda run: rules.deleted(run, self._now()))

    async def restore(self, context: Context, run_id: str) -> None:
        await self._move(context, "restore_run", run_id, rules.restored)

    async def _move(self, context: Context, action: str, run_id: str, rule: Callable[[Run], Run | None]) -> None:
        async def decide(run: Run) -> Decided:
            after = rule(run)
            if after is None:
                return run, None
            return self._plain(context, action, run, (after, rules.changed_event(after, ["lifecycle_stage"])))

        await self._change(context, run_id, decide)

    def _plain(self, context: Context, action: str, before: Run, decided: tuple[Run, Event | None]) -> Decided:
        after, event = decided
        if event is None:
            return before, None
        change = Change(context, action)
        save(change, RUNS, before, after)
        change.emit(event, after.v)
        return after, change

    async def _change(self, context: Context, run_id: str, decide: Decide) -> Run:
        require(context.principal, Action.RECORD_RUNS)
        result: Run | None = None

        async def attempt() -> Change | None:
            nonlocal result
            result, change = await self._decided(context, run_id, decide)
            return change

        async with self._turns.of(run_id):
            await self._outbox.retrying(attempt)
            assert result is not None
            self._committed(result)
        return result

    async def _decided(self, context: Context, run_id: str, decide: Decide) -> Decided:
        """Decides on the run as this process left it, if it did so lately: then nothing is read.

        Somebody else may have changed it since. A change then loses its compare-and-set and is decided again; whatever
        comes to nothing or to an error is decided again here, on the document.
        """
        left = self._left.pop(run_id, None)
        if left is not None:
            with contextlib.suppress(LifecycleError):
                after, change = await decide(left)
                if change is not None:
                    return msgspec.structs.replace(after, r=left.r + 1), change
        before = await self.get(context, run_id)
        after, change = await decide(before)
        return (after, None) if change is None else (msgspec.structs.replace(after, r=before.r + 1), change)

    def _committed(self, run: Run) -> None:
        self._seen([run])
        self._store.remember(run)
        if run.status == rules.RUNNING:
            self._left[run.id] = run
            while len(self._left) > LEFT_AT_MOST:
                self._left.popitem(last=False)

    async def deleted_before(self, context: Context, time: int, skip: int, most: int) -> list[Run]:
        require(context.principal, Action.DELETE_FOR_EVER)
        return await self._store.deleted_before(time, skip, most)

    async def any_in(self, experiment_id: str) -> bool:
        """Whether an experiment has runs, deleted ones too."""
        return await self._store.any_in(experiment_id)

    async def purge(self, context: Context, run: Run, also: Callable[[Change], None]) -> None:
        """Deletes a deleted run and its points for good, and what `also` adds. Raises Stale if it was restored."""
        require(context.principal, Action.DELETE_FOR_EVER)
        assert run.lifecycle_stage == DELETED
        change = Change(context, "purge_run")
        change.delete(RUNS, {"_id": run.id, "r": run.r})
        drop_points(change, run.id)
        change.emit(RunPurged(run_id=run.id, experiment_id=run.experiment_id), run.v + 1)
        also(change)
        await self._outbox.commit(change)
        self._store.forget(run.id)

    async def sweep(self, context: Context, experiment_id: str) -> None:
        """Brings an experiment's runs to the lifecycle stage that it was given; goes on where a crash left off."""
        experiment = await self._experiments.get(context, experiment_id)
        if not experiment.sweep:
            return
        while behind := await self._store.not_in_stage(experiment.id, experiment.sweep, SWEEP_BATCH):
            change = Change(context, "sweep_runs")
            moved = []
            for run in behind:
                deleting = experiment.sweep == DELETED
                after = rules.deleted(run, self._now()) if deleting else rules.restored(run)
                assert after is not None
                moved.append(after)
                save(change, RUNS, run, after)
                change.emit(rules.changed_event(after, ["lifecycle_stage"]), after.v)
            if await self._has_committed(change):
                self._seen(moved)
                for run in moved:
                    self._store.remember(run)
        await self._experiments.swept(context, experiment)

    async def _has_committed(self, change: Change) -> bool:
        """A batch that lost a race is looked up anew by the caller."""
        try:
            await self._outbox.commit(change)
        except Stale:
            return False
        return True


def _owned(run: Run, dataset: Dataset) -> Dataset:
    key = dataset_id(run.experiment_id, dataset.name, dataset.digest)
    return msgspec.structs.replace(dataset, id=key, experiment_id=run.experiment_id)


def _input(run: Run, dataset: Dataset, tags: Sequence[KeyValue]) -> RunInput:
    return RunInput(
        dataset=_owned(run, dataset).id,
        name=dataset.name,
        digest=dataset.digest,
        source_type=dataset.source_type,
        context=mapping(tags).get(rules.CONTEXT_TAG),
        tags=list(tags),
    )


def _moved(run: Run, points: Sequence[Point]) -> RunMetricsMoved:
    keys = {point.key for point in points}
    newest = [metric for metric in run.metrics if metric.k in keys]
    return RunMetricsMoved(
        run_id=run.id,
        experiment_id=run.experiment_id,
        metrics={metric.k: metric.v for metric in newest},
        steps={metric.k: metric.s for metric in newest},
        time=moment(max(point.timestamp for point in points)),
    )
