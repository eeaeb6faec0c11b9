"""Creates, changes and finds logged models."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence

from services.contracts.identity import Action, require
from services.contracts.paging import Page
from services.contracts.registry import ListLoggedModels, LoggedModelPurged, LoggedModelUpdated
from services.registry.clock import Now
from services.registry.documents import insert, save
from services.registry.experiments.handlers import Experiments
from services.registry.experiments.rules import experiment_number, require_active
from services.registry.logged_models import rules
from services.registry.logged_models.rules import DatasetFilter, LoggedModel, ModelOrder
from services.registry.logged_models.store import LOGGED_MODELS, MongoLoggedModels
from services.registry.runs.metrics import Point
from services.registry.runs.naming import random_name
from services.registry.search.entities import LOGGED_MODELS as ENTITY
from services.registry.search.parser import parse_filter
from services.registry.turns import Turns
from services.registry.values import DELETED
from services.runtime.context import Context
from services.runtime.outbox import Change, Outbox

Sign = Callable[[Change, LoggedModel], None]
Decided = tuple[LoggedModel, LoggedModelUpdated] | None


class LoggedModels:
    def __init__(self, outbox: Outbox, store: MongoLoggedModels, experiments: Experiments, now: Now) -> None:
        self._outbox = outbox
        self._store = store
        self._experiments = experiments
        self._now = now
        self._turns = Turns()

    async def create(
        self,
        context: Context,
        *,
        experiment_id: str,
        name: str,
        model_type: str,
        source_run_id: str,
        params: Mapping[str, str],
        tags: Mapping[str, str],
        sign: Sign | None = None,
    ) -> LoggedModel:
        require(context.principal, Action.RECORD_RUNS)
        rules.check_name(name)
        experiment = await self._experiments.get(context, experiment_id)
        require_active(experiment)
        model, event = rules.created(
            model_id=f"m-{uuid.uuid4().hex}",
            experiment_id=experiment.id,
            root=experiment.artifact_location,
            name=name,
            random_name=random_name(random.choice, random.randrange(1000)),
            model_type=model_type,
            source_run_id=source_run_id,
            params=params,
            tags=tags,
            now=self._now(),
        )
        change = Change(context, "create_logged_model")
        insert(change, LOGGED_MODELS, model)
        change.emit(event, model.v)
        if sign is not None:
            sign(change, model)
        await self._outbox.commit(change)
        return model

    async def get(self, context: Context, model_id: str, *, allow_deleted: bool = False) -> LoggedModel:
        require(context.principal, Action.READ)
        model = await self._store.get(model_id)
        if model is None or (model.lifecycle_stage == DELETED and not allow_deleted):
            raise rules.no_model(model_id)
        return model

    async def many(self, ids: Sequence[str]) -> dict[str, LoggedModel]:
        """By id, those that there are, deleted ones too."""
        return await self._store.many(ids)

    async def page(self, request: ListLoggedModels) -> Page[LoggedModel]:
        return await self._store.page(request)

    async def search(
        self,
        context: Context,
        *,
        experiment_ids: Sequence[str],
        filter_string: str,
        datasets: Sequence[DatasetFilter],
        orders: Sequence[ModelOrder],
        offset: int,
        limit: int,
    ) -> list[LoggedModel]:
        require(context.principal, Action.READ)
        node = rules.with_kept_statuses(parse_filter(filter_string, ENTITY))
        ids = [str(experiment_number(experiment_id)) for experiment_id in experiment_ids]
        return await self._store.search(ids, node, datasets, orders, offset, limit)

    async def finalise(self, context: Context, model_id: str, status: int) -> LoggedModel:
        name = rules.status_of(status)
        return await self._change(
            context, "finalise_logged_model", model_id, lambda m: rules.finalised(m, name, self._now())
        )

    async def delete(self, context: Context, model_id: str) -> None:
        await self._change(context, "delete_logged_model", model_id, lambda m: rules.deleted(m, self._now()))

    async def set_tags(self, context: Context, model_id: str, tags: Mapping[str, str]) -> LoggedModel:
        return await self._change(context, "tag_logged_model", model_id, lambda m: rules.tagged(m, tags))

    async def delete_tag(self, context: Context, model_id: str, key: str) -> None:
        await self._change(context, "untag_logged_model", model_id, lambda m: rules.untagged(m, key))

    async def log_params(self, context: Context, model_id: str, params: Mapping[str, str]) -> None:
        await self._change(context, "log_model_params", model_id, lambda m: rules.with_params(m, params))

    async def deleted_before(self, context: Context, time: int, skip: int, most: int) -> list[LoggedModel]:
        require(context.principal, Action.DELETE_FOR_EVER)
        return await self._store.deleted_before(time, skip, most)

    async def any_in(self, experiment_id: str) -> bool:
        """Whether an experiment has logged models, deleted ones too."""
        return await self._store.any_in(experiment_id)

    async def purge(self, context: Context, model: LoggedModel, also: Callable[[Change], None]) -> None:
        """Deletes a deleted model for good, and what `also` adds. Raises Stale if it changed meanwhile."""
        require(context.principal, Action.DELETE_FOR_EVER)
        change = Change(context, "purge_logged_model")
        change.delete(LOGGED_MODELS, {"_id": model.id, "r": model.r, "lifecycle_stage": DELETED})
        change.emit(LoggedModelPurged(model_id=model.id, experiment_id=model.experiment_id), model.v + 1)
        also(change)
        await self._outbox.commit(change)

    async def note_version(self, context: Context, model_id: str, name: str, version: int) -> None:
        """Notes in the model's tags which registered version it became."""
        await self._change(context, "tag_logged_model", model_id, lambda m: rules.with_version(m, name, version))

    async def measure(self, context: Context, change: Change, run_id: str, points: Iterable[Point]) -> None:
        """Adds to `change` what a run measured of logged models. Raises NotFound for one that doesn't exist."""
        by_model: dict[str, list[Point]] = {}
        for point in points:
            if point.model_id:
                by_model.setdefault(point.model_id, []).append(point)
        for model_id, measured in by_model.items():
            before = await self.get(context, model_id, allow_deleted=True)
            decided = rules.measured(before, run_id, measured)
            if decided is not None:
                save(change, LOGGED_MODELS, before, decided[0])
                change.emit(decided[1], decided[0].v)

    async def _change(
        self, context: Context, action: str, model_id: str, decide: Callable[[LoggedModel], Decided]
    ) -> LoggedModel:
        require(context.principal, Action.RECORD_RUNS)
        result: LoggedModel | None = None

        async def attempt() -> Change | None:
            nonlocal result
            before = await self.get(context, model_id, allow_deleted=True)
            decided = decide(before)
            result = before if decided is None else decided[0]
            if decided is None:
                return None
            change = Change(context, action)
            save(change, LOGGED_MODELS, before, decided[0])
            change.emit(decided[1], decided[0].v)
            return change

        async with self._turns.of(model_id):
            await self._outbox.retrying(attempt)
        assert result is not None
        return result
