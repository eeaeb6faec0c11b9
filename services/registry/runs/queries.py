"""Answers questions about runs: search, histories, pages for other services."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import msgspec

from services.contracts.errors import Invalid
from services.contracts.identity import Action, require
from services.contracts.paging import Edge, Page
from services.contracts.registry import (
    GetMetricHistory,
    GetRuns,
    ListRunGroups,
    ListRuns,
    MetricPoint,
    RunGroup,
    RunView,
)
from services.registry import limits
from services.registry.datasets.handlers import Datasets
from services.registry.datasets.rules import Dataset
from services.registry.experiments.handlers import Experiments
from services.registry.experiments.rules import experiment_number
from services.registry.paging import cursor_of, values_of, window
from services.registry.runs import past, views
from services.registry.runs.grouping import MOST_FIELDS, MOST_METRICS, Grouped
from services.registry.runs.metrics import History, between, by_step, by_time, sampled
from services.registry.runs.places import checked, place_of
from services.registry.runs.rules import Run
from services.registry.runs.store import MongoRuns, RunSearch, Wanted
from services.registry.search.entities import RUNS as ENTITY
from services.registry.search.parser import parse_filter, parse_order
from services.registry.search.syntax import Field, Order, Section
from services.registry.states import milliseconds
from services.registry.values import ACTIVE
from services.runtime.context import Context

MAX_IDS = 100
GROUPED_ATTRIBUTES = ("status", "user_id", "run_name")


class RunQueries:
    def __init__(
        self,
        store: MongoRuns,
        search: RunSearch,
        datasets: Datasets,
        experiments: Experiments,
    ) -> None:
        self._store = store
        self._search = search
        self._datasets = datasets
        self._experiments = experiments

    async def search(
        self,
        context: Context,
        *,
        experiment_ids: Sequence[str],
        filter_string: str,
        stages: Sequence[str],
        order_by: Sequence[str],
        offset: int,
        limit: int,
    ) -> list[Run]:
        """At most `limit` runs from `offset` on. Raises Invalid for a filter or order that can't be read."""
        require(context.principal, Action.READ)
        wanted = Wanted(
            node=parse_filter(filter_string, ENTITY),
            experiment_ids=[str(experiment_number(experiment_id)) for experiment_id in experiment_ids],
            stages=stages,
            orders=_orders(order_by),
        )
        return await self._found(wanted, offset, limit)

    async def _found(self, wanted: Wanted, offset: int, limit: int) -> list[Run]:
        ids = await self._search.find(wanted, offset, limit)
        return [run for run in await self._store.get_many(ids) if run is not None]

    async def datasets_of(self, runs: Sequence[Run]) -> dict[str, Dataset]:
        """Every dataset that the runs used, by its id."""
        return await self._datasets.among(entry.dataset for run in runs for entry in run.inputs)

    async def dataset_summaries(
        self, context: Context, experiment_ids: Sequence[str]
    ) -> list[tuple[str, str, str, str | None]]:
        """Experiment, name, digest and context of the datasets that runs of these experiments used."""
        require(context.principal, Action.READ)
        ids = [str(experiment_number(experiment_id)) for experiment_id in experiment_ids]
        return await self._store.dataset_uses(ids, limits.DATASET_SUMMARIES_MOST)

    # ------------------------------------------------------------ metric histories

    async def history(self, context: Context, run_id: str, key: str) -> History:
        """By time, step and value; empty if there is no such run, as MLflow has it."""
        require(context.principal, Action.READ)
        return by_time(await self._store.history(run_id, key))

    async def histories(self, context: Context, run_ids: Sequence[str], key: str) -> list[tuple[str, History]]:
        """Of each run, by run id; unknown runs have none."""
        require(context.principal, Action.READ)
        return [(run_id, by_time(await self._store.history(run_id, key))) for run_id in sorted(set(run_ids))]

    async def interval(
        self, context: Context, run_ids: Sequence[str], key: str, steps: tuple[int, int] | None, most: int
    ) -> list[tuple[str, History]]:
        """Of each run at most `most` points, evenly chosen by step, always with the first and the last."""
        require(context.principal, Action.READ)
        chosen = []
        for run_id in run_ids:
            history = by_step(await self._store.history(run_id, key))
            chosen.append((run_id, sampled(between(history, *steps) if steps else history, most)))
        return chosen

    # ------------------------------------------------------------ requests

    async def get(self, request: GetRuns, context: Context) -> list[RunView | None]:
        require(context.principal, Action.READ)
        if len(request.ids) > MAX_IDS:
            raise Invalid(f"at most {MAX_IDS} ids at once", field="ids")
        if request.as_of is not None:
            return await self.then(request.ids, request.as_of, context)
        runs = await self._store.get_many(request.ids, context.heard)
        names = await self._experiments.names([run.experiment_id for run in runs if run is not None])
        return [None if run is None else views.view(run, names.get(run.experiment_id, "")) for run in runs]

    async def then(self, ids: Sequence[str], at: datetime, context: Context) -> list[RunView | None]:
        """As they were at a moment. Raises NotAllowedNow for one that can't be told."""
        runs = await self.were(ids, at, context)
        names = await self._experiments.names([run.experiment_id for run in runs if run is not None])
        return [
            None
            if run is None
            else msgspec.structs.replace(views.view(run, names.get(run.experiment_id, "")), as_of=at)
            for run in runs
        ]

    async def were(self, ids: Sequence[str], at: datetime, context: Context) -> list[Run | None]:
        """Raises NotAllowedNow for a run that has changed since in a way that its events don't tell."""
        require(context.principal, Action.READ)
        by = milliseconds(at)
        found: list[Run | None] = []
        for run in await self._store.get_many(ids):
            if run is None:
                found.append(None)
                continue
            told = await self._store.told(run.id, at)
            metrics = await self._store.latest_by(run.id, by) if told.since else run.metrics
            found.append(past.as_then(run, told, metrics))
        return found

    async def page(self, request: ListRuns, context: Context) -> Page[RunView]:
        """A cursor says where its run stood, so that nothing is skipped or doubled when runs come or go."""
        require(context.principal, Action.READ)
        count, cursor, backward = window(request.paging)
        orders = _orders(request.order_by)
        wanted = Wanted(
            node=parse_filter(request.filter, ENTITY, unlike=True),
            experiment_ids=request.experiment_ids,
            stages=[ACTIVE],
            orders=orders,
        )
        total = None
        if request.paging.with_total or (backward and not cursor):
            total = await self._search.count(wanted)
        ids = await self._some(wanted, count + 1, cursor, backward, total or 0)
        more = len(ids) > count
        shown = ids[-count:] if backward else ids[:count]
        runs = [run for run in await self._store.get_many(shown) if run is not None]
        names = await self._experiments.names([run.experiment_id for run in runs])
        return Page(
            edges=[
                Edge(
                    cursor=cursor_of(place_of(run, orders)),
                    node=views.view(run, names.get(run.experiment_id, "")),
                )
                for run in runs
            ],
            has_next=bool(cursor) if backward else more,
            has_previous=more if backward else bool(cursor),
            total=total if request.paging.with_total else None,
        )

    async def _some(self, wanted: Wanted, most: int, cursor: str | None, backward: bool, total: int) -> list[str]:
        if not cursor:
            return await self._search.find(wanted, max(total - most, 0) if backward else 0, most)
        place = checked(values_of(cursor, len(wanted.orders) + 2), wanted.orders)
        return await self._search.beyond(wanted, place, most, backward=backward)

    async def groups(self, request: ListRunGroups, context: Context) -> Page[RunGroup]:
        """A cursor names its group. Raises Invalid for what can't be grouped by, Unavailable while the index fills."""
        require(context.principal, Action.READ)
        count, cursor, backward = window(request.paging)
        by = _grouped_by(request.by)
        if len(request.metrics) > MOST_METRICS:
            raise Invalid(f"at most {MOST_METRICS} metrics at once", field="metrics")
        wanted = Wanted(
            node=parse_filter(request.filter, ENTITY, unlike=True),
            experiment_ids=request.experiment_ids,
            stages=[ACTIVE],
            orders=[],
        )
        gathered = await self._search.gathered(wanted, by, list(dict.fromkeys(request.metrics)))
        grouped = await asyncio.to_thread(Grouped, gathered)
        order = grouped.ordered(request.order)
        edge = grouped.find(values_of(cursor, len(by)), order) if cursor else -1 if not backward else len(order)
        if edge is None:
            raise Invalid("the group of this cursor is gone", field="after", fix="Start without a cursor.")
        start, stop = (max(edge - count, 0), edge) if backward else (edge + 1, edge + 1 + count)
        shown = order[start:stop].tolist()
        return Page(
            edges=[Edge(cursor=cursor_of(grouped.names(group)), node=grouped.view(group)) for group in shown],
            has_next=stop < len(order),
            has_previous=start > 0,
            total=len(order) if request.paging.with_total else None,
        )

    async def metric_history(self, request: GetMetricHistory, context: Context) -> list[MetricPoint]:
        if not 1 <= request.max_points <= limits.HISTORY_POINTS:
            raise Invalid(f"between 1 and {limits.HISTORY_POINTS} points", field="max_points")
        require(context.principal, Action.READ)
        by = None if request.as_of is None else milliseconds(request.as_of)
        history = by_step(await self._store.history(request.run_id, request.metric, by))
        return views.points(sampled(history, request.max_points))


def _grouped_by(names: Sequence[str]) -> list[Field]:
    fields = [parse_order(name, ENTITY).field for name in names]
    if not 1 <= len(set(fields)) == len(fields) <= MOST_FIELDS:
        raise Invalid(f"runs are grouped by 1 to {MOST_FIELDS} different things", field="by")
    for name, about in zip(names, fields, strict=True):
        if about.section not in (Section.PARAM, Section.TAG) and about.key not in GROUPED_ATTRIBUTES:
            raise Invalid(
                f"runs can't be grouped by {name[:80]}",
                field="by",
                fix=f"Name params.…, tags.…, or of the attributes {', '.join(GROUPED_ATTRIBUTES)}.",
            )
    return fields


def _orders(clauses: Sequence[str]) -> list[Order]:
    orders = [parse_order(clause, ENTITY) for clause in clauses]
    if len({order.field for order in orders}) != len(orders):
        raise Invalid(f"`order_by` contains duplicate fields: {list(clauses)}", field="order_by")
    return orders
