"""Answers questions about runs: search, histories, pages for other services."""

from __future__ import annotations

from collections.abc import Sequence

from services.contracts.errors import Invalid
from services.contracts.identity import Action, require
from services.contracts.paging import Edge, Page
from services.contracts.registry import GetMetricHistory, GetRuns, ListRuns, MetricPoint, RunView
from services.registry import limits
from services.registry.datasets.handlers import Datasets
from services.registry.datasets.rules import Dataset
from services.registry.experiments.handlers import Experiments
from services.registry.experiments.rules import experiment_number
from services.registry.paging import cursor_of, values_of, window
from services.registry.runs import views
from services.registry.runs.metrics import History, between, by_step, by_time, sampled
from services.registry.runs.rules import Run
from services.registry.runs.store import MongoRuns, RunSearch, Wanted
from services.registry.search.entities import RUNS as ENTITY
from services.registry.search.parser import parse_filter, parse_order
from services.registry.search.syntax import Order
from services.registry.values import ACTIVE
from services.runtime.context import Context

MAX_IDS = 100


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
        runs = await self._store.get_many(request.ids)
        names = await self._experiments.names([run.experiment_id for run in runs if run is not None])
        return [None if run is None else views.view(run, names.get(run.experiment_id, "")) for run in runs]

    async def page(self, request: ListRuns, context: Context) -> Page[RunView]:
        """A cursor counts positions: with any order and filter, and stable as long as nothing before it changes."""
        require(context.principal, Action.READ)
        count, cursor, backward = window(request.paging)
        wanted = Wanted(
            node=parse_filter(request.filter, ENTITY),
            experiment_ids=request.experiment_ids,
            stages=[ACTIVE],
            orders=_orders(request.order_by),
        )
        total = None
        if request.paging.with_total or (backward and cursor is None):
            total = await self._search.count(wanted)
        at = _position(cursor)
        if backward:
            end = total if at is None else at
            assert end is not None
            start, count = max(end - count, 0), min(count, end)
        else:
            start = 0 if at is None else at + 1
        runs = await self._found(wanted, start, count + 1) if count else []
        names = await self._experiments.names([run.experiment_id for run in runs])
        edges = [
            Edge(cursor=cursor_of([start + number]), node=views.view(run, names.get(run.experiment_id, "")))
            for number, run in enumerate(runs[:count])
        ]
        return Page(
            edges=edges,
            has_next=len(runs) > count,
            has_previous=start > 0,
            total=total if request.paging.with_total else None,
        )

    async def metric_history(self, request: GetMetricHistory, context: Context) -> list[MetricPoint]:
        if not 1 <= request.max_points <= limits.HISTORY_POINTS:
            raise Invalid(f"between 1 and {limits.HISTORY_POINTS} points", field="max_points")
        [(_, history)] = await self.interval(context, [request.run_id], request.metric, None, request.max_points)
        return views.points(history)


def _orders(clauses: Sequence[str]) -> list[Order]:
    orders = [parse_order(clause, ENTITY) for clause in clauses]
    if len({order.field for order in orders}) != len(orders):
        raise Invalid(f"`order_by` contains duplicate fields: {list(clauses)}", field="order_by")
    return orders


def _position(cursor: str | None) -> int | None:
    if not cursor:
        return None
    [position] = values_of(cursor, 1)
    if not isinstance(position, int) or position < 0:
        raise Invalid("the cursor isn't one of this list", field="after")
    return position
