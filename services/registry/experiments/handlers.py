"""Creates, changes and finds experiments."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from services.contracts.errors import Conflict, NotFound
from services.contracts.identity import Action, require
from services.contracts.paging import Page
from services.contracts.registry import ExperimentPurged, ListExperiments
from services.registry.brevity import cut
from services.registry.clock import Now
from services.registry.documents import insert, save
from services.registry.experiments import rules
from services.registry.experiments.rules import Experiment
from services.registry.experiments.store import EXPERIMENTS, MongoExperiments
from services.registry.local_paths import resolved
from services.registry.search.entities import EXPERIMENTS as ENTITY
from services.registry.search.parser import parse_filter, parse_order
from services.registry.turns import Turns
from services.registry.values import ACTIVE, DELETED
from services.runtime.context import Context
from services.runtime.outbox import Change, Duplicate, Outbox

DEFAULT_ORDER = ("creation_time DESC", "experiment_id ASC")

KNOWN_AT_MOST = 1000

Sign = Callable[[Change, Experiment], None]
Decide = Callable[[Experiment], Experiment]


class Experiments:
    def __init__(self, outbox: Outbox, store: MongoExperiments, now: Now) -> None:
        self._outbox = outbox
        self._store = store
        self._now = now
        self._turns = Turns()
        self._known: OrderedDict[str, Experiment] = OrderedDict()

    async def ensure_default(self, context: Context) -> None:
        """Experiment 0 exists always, as MLflow's clients expect."""
        if await self._store.get(rules.DEFAULT_ID) is not None:
            return
        experiment, event = rules.created(0, rules.DEFAULT_NAME, "", {}, self._now())
        change = Change(context, "create_experiment")
        insert(change, EXPERIMENTS, experiment)
        change.emit(event, experiment.v)
        try:
            await self._outbox.commit(change)
        except Duplicate:
            return  # another replica was faster

    async def create(
        self, context: Context, name: str, location: str, tags: Mapping[str, str], sign: Sign | None = None
    ) -> Experiment:
        """Raises Conflict if the name is taken, by a deleted experiment too."""
        require(context.principal, Action.RECORD_RUNS)
        location = resolved(location)
        rules.created(1, name, location, tags, 0)  # refuse before a number is spent
        if await self._store.by_name(name) is not None:
            raise taken(name)
        experiment, event = rules.created(await self._store.next_number(), name, location, tags, self._now())
        change = Change(context, "create_experiment")
        insert(change, EXPERIMENTS, experiment)
        change.emit(event, experiment.v)
        if sign is not None:
            sign(change, experiment)
        try:
            await self._outbox.commit(change)
        except Duplicate as error:
            raise taken(name) from error
        return experiment

    async def get(self, context: Context, experiment_id: str) -> Experiment:
        require(context.principal, Action.READ)
        number = rules.experiment_number(experiment_id or rules.DEFAULT_ID)
        experiment = await self._store.get(str(number))
        if experiment is None:
            raise NotFound(f"No Experiment with id={number} exists")
        return experiment

    def known(self, context: Context, experiment_id: str) -> Experiment | None:
        """As it was when this process read it last, if it was active then: a change that builds on that says so by
        `still_active`."""
        require(context.principal, Action.READ)
        return self._known.get(experiment_id)

    async def active(self, context: Context, experiment_id: str) -> Experiment:
        """Raises NotAllowedNow for a deleted one."""
        self._known.pop(experiment_id, None)
        experiment = await self.get(context, experiment_id)
        rules.require_active(experiment)
        self._known[experiment.id] = experiment
        while len(self._known) > KNOWN_AT_MOST:
            self._known.popitem(last=False)
        return experiment

    async def get_by_name(self, context: Context, name: str) -> Experiment:
        require(context.principal, Action.READ)
        experiment = await self._store.by_name(name)
        if experiment is None:
            raise NotFound(f"Could not find experiment with name '{name}'")
        return experiment

    async def search(
        self,
        context: Context,
        *,
        filter_string: str,
        stages: Sequence[str],
        order_by: Sequence[str],
        offset: int,
        limit: int,
    ) -> list[Experiment]:
        """At most `limit` experiments from `offset` on."""
        require(context.principal, Action.READ)
        node = parse_filter(filter_string, ENTITY)
        orders = [parse_order(clause, ENTITY) for clause in order_by or DEFAULT_ORDER]
        return await self._store.search(node, stages, orders, offset, limit)

    async def rename(self, context: Context, experiment_id: str, name: str) -> Experiment:
        try:
            return await self._change(
                context, "rename_experiment", experiment_id, "name", lambda e: rules.renamed(e, name, self._now())
            )
        except Duplicate as error:
            raise taken(name) from error

    async def set_tag(self, context: Context, experiment_id: str, key: str, value: str) -> Experiment:
        return await self._change(
            context, "tag_experiment", experiment_id, "tags", lambda e: rules.tagged(e, key, value)
        )

    async def delete_tag(self, context: Context, experiment_id: str, key: str) -> Experiment:
        return await self._change(context, "untag_experiment", experiment_id, "tags", lambda e: rules.untagged(e, key))

    async def delete(self, context: Context, experiment_id: str) -> Experiment:
        """Its runs follow: see `runs.handlers.Runs.sweep`."""
        return await self._change(
            context, "delete_experiment", experiment_id, "lifecycle_stage", lambda e: rules.deleted(e, self._now())
        )

    async def restore(self, context: Context, experiment_id: str) -> Experiment:
        """Its runs follow: see `runs.handlers.Runs.sweep`."""
        return await self._change(
            context, "restore_experiment", experiment_id, "lifecycle_stage", lambda e: rules.restored(e, self._now())
        )

    async def _change(
        self, context: Context, action: str, experiment_id: str, changed: str, decide: Decide
    ) -> Experiment:
        require(context.principal, Action.RECORD_RUNS)
        after: Experiment | None = None

        async def attempt() -> Change:
            nonlocal after
            before = await self.get(context, experiment_id)
            after = decide(before)
            change = Change(context, action)
            save(change, EXPERIMENTS, before, after)
            change.emit(rules.updated(after, [changed]), after.v)
            return change

        async with self._turns.of(experiment_id):
            await self._outbox.retrying(attempt)
        assert after is not None
        return after

    async def deleted_before(self, context: Context, time: int, skip: int, most: int) -> list[Experiment]:
        require(context.principal, Action.DELETE_FOR_EVER)
        return await self._store.deleted_before(time, skip, most)

    async def purge(self, context: Context, experiment: Experiment) -> None:
        """Deletes a deleted experiment without runs for good. Raises Stale if it was restored meanwhile."""
        require(context.principal, Action.DELETE_FOR_EVER)
        change = Change(context, "purge_experiment")
        change.delete(EXPERIMENTS, {"_id": experiment.id, "r": experiment.r, "lifecycle_stage": DELETED})
        event = ExperimentPurged(experiment_id=experiment.id, experiment_name=cut(experiment.name))
        change.emit(event, experiment.v + 1)
        await self._outbox.commit(change)

    async def names(self, ids: Sequence[str]) -> dict[str, str]:
        """The names of those of `ids` that exist, by id."""
        return await self._store.names(ids)

    async def being_swept(self) -> list[str]:
        """Experiments whose runs still have to follow them."""
        return await self._store.being_swept()

    async def swept(self, context: Context, experiment: Experiment) -> None:
        """Notes that all runs have followed; no fact, so no event."""
        change = Change(context, "sweep_runs")
        change.unaudited()
        change.upsert(EXPERIMENTS, {"_id": experiment.id, "sweep": experiment.sweep}, {"$set": {"sweep": ""}})
        await self._outbox.commit(change)

    async def page(self, request: ListExperiments) -> Page[Experiment]:
        """Newest first, unless another order is asked for."""
        return await self._store.page(request)


def still_active(change: Change, experiment: Experiment) -> None:
    """Fails the commit with `Stale` if the experiment has been deleted; changes nothing."""
    matching = {"_id": experiment.id, "lifecycle_stage": ACTIVE}
    change.update(EXPERIMENTS, matching, {"$set": {"lifecycle_stage": ACTIVE}})


def taken(name: str) -> Conflict:
    return Conflict(
        f"Experiment(name={name}) already exists.",
        code="RESOURCE_ALREADY_EXISTS",
        field="name",
        fix="Choose another name; a deleted experiment keeps its own.",
    )
