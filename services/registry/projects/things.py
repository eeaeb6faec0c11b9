"""What a project can own, by name: experiments, models and datasets, as their nouns know them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from services.contracts.datasets import DatasetSummary, ListDatasets
from services.contracts.errors import Conflict, NotFound
from services.contracts.paging import Page, Paging
from services.contracts.projects import Thing, ThingKind
from services.contracts.registry import ListExperiments, ListModels
from services.registry.experiments.handlers import Experiments
from services.registry.models.queries import ModelQueries
from services.runtime.context import Context

MOST = 2000
"""Things of one kind that patterns are compared with when they change, the newest (or first by name)."""
PAGE = 100

Datasets = Callable[[ListDatasets, Context], Awaitable[Page[DatasetSummary]]]


class Things:
    def __init__(self, experiments: Experiments, models: ModelQueries, datasets: Datasets) -> None:
        self._experiments = experiments
        self._models = models
        self._datasets = datasets

    async def name(self, context: Context, thing: Thing) -> str:
        """What patterns are compared with. Raises NotFound for an experiment that doesn't exist."""
        if thing.kind != "experiment":
            return thing.id
        return (await self._experiments.get(context, thing.id)).name

    async def names(self, context: Context, things: Sequence[Thing]) -> Mapping[Thing, str]:
        """An experiment that is gone has none."""
        names = {}
        for thing in dict.fromkeys(things):
            try:
                names[thing] = await self.name(context, thing)
            except NotFound:
                continue
        return names

    async def all(self, context: Context, kind: ThingKind) -> dict[Thing, str]:
        """Those of a kind, at most `MOST`, by name."""
        match kind:
            case "experiment":
                return await self._all_experiments()
            case "model":
                return await self._all_models(context)
            case "dataset":
                return await self._all_datasets(context)

    async def _all_experiments(self) -> dict[Thing, str]:
        found: dict[Thing, str] = {}
        after: str | None = None
        while len(found) < MOST:
            page = await self._experiments.page(ListExperiments(paging=Paging(first=PAGE, after=after)))
            found.update({Thing(kind="experiment", id=edge.node.id): edge.node.name for edge in page.edges})
            if not page.has_next:
                break
            after = page.edges[-1].cursor
        return found

    async def _all_datasets(self, context: Context) -> dict[Thing, str]:
        found: dict[Thing, str] = {}
        after: str | None = None
        while len(found) < MOST:
            page = await self._datasets(ListDatasets(paging=Paging(first=PAGE, after=after)), context)
            found.update({Thing(kind="dataset", id=edge.node.name): edge.node.name for edge in page.edges})
            if not page.has_next:
                break
            after = page.edges[-1].cursor
        return found

    async def _all_models(self, context: Context) -> dict[Thing, str]:
        found: dict[Thing, str] = {}
        after: str | None = None
        while len(found) < MOST:
            page = await self._models.page(ListModels(paging=Paging(first=PAGE, after=after)), context)
            found.update({Thing(kind="model", id=edge.node.name): edge.node.name for edge in page.edges})
            if not page.has_next:
                break
            after = page.edges[-1].cursor
        return found


def taken(name: str) -> Conflict:
    return Conflict(
        f"there is a project called {name!r} already",
        code="ALREADY_EXISTS",
        field="project_name",
        fix="Choose another name; an archived project keeps its own.",
    )
