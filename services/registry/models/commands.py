"""What people do to registered models and versions other than through MLflow's clients."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from services.contracts.base import Done, Request
from services.contracts.registry import (
    DeleteModel,
    DeleteModelTag,
    DeleteVersion,
    DeleteVersionTag,
    DescribeModel,
    DescribeVersion,
    GetModels,
    GetVersions,
    ModelView,
    MoveVersion,
    RegisterModel,
    RegisterVersion,
    RemoveAlias,
    RenameModel,
    SetAlias,
    SetModelTag,
    SetVersionTag,
    VersionKey,
    VersionRegistered,
    VersionView,
)
from services.registry.models.handlers import Models
from services.registry.models.queries import ModelQueries
from services.registry.models.rules import no_model, no_version
from services.registry.models.versions import Stated, Versions
from services.registry.once import Made, done, done_once
from services.runtime.context import Context
from services.runtime.outbox import Outbox

Act = Callable[[Context], Awaitable[object]]


class ModelCommands:
    """Each answers with the model as it is then."""

    def __init__(self, outbox: Outbox, models: Models, queries: ModelQueries) -> None:
        self._outbox = outbox
        self._models = models
        self._queries = queries

    async def _done(self, request: Request[ModelView], context: Context, name: str, act: Act) -> ModelView:
        async def look(_: Made) -> ModelView:
            [view] = await self._queries.get(GetModels(names=[name]), context)
            if view is None:  # somebody has deleted it since
                raise no_model(name)
            return view

        return await done_once(self._outbox, request, context, act, look)

    async def register(self, request: RegisterModel, context: Context) -> ModelView:
        return await self._done(
            request,
            context,
            request.model_name,
            lambda context: self._models.register(context, request.model_name, request.description, request.tags),
        )

    async def rename(self, request: RenameModel, context: Context) -> ModelView:
        return await self._done(
            request,
            context,
            request.new_name,
            lambda context: self._models.rename(context, request.model_name, request.new_name),
        )

    async def describe(self, request: DescribeModel, context: Context) -> ModelView:
        return await self._done(
            request,
            context,
            request.model_name,
            lambda context: self._models.describe(context, request.model_name, request.description),
        )

    async def set_tag(self, request: SetModelTag, context: Context) -> ModelView:
        return await self._done(
            request,
            context,
            request.model_name,
            lambda context: self._models.set_tag(context, request.model_name, request.tag, request.value),
        )

    async def delete_tag(self, request: DeleteModelTag, context: Context) -> ModelView:
        return await self._done(
            request,
            context,
            request.model_name,
            lambda context: self._models.delete_tag(context, request.model_name, request.tag),
        )

    async def remove_alias(self, request: RemoveAlias, context: Context) -> ModelView:
        return await self._done(
            request,
            context,
            request.model_name,
            lambda context: self._models.delete_alias(context, request.model_name, request.alias),
        )

    async def delete(self, request: DeleteModel, context: Context) -> Done:
        return await done_once(
            self._outbox, request, context, lambda context: self._models.delete(context, request.model_name), done
        )


class VersionCommands:
    """Each answers with the version as it is then."""

    def __init__(self, outbox: Outbox, models: Models, versions: Versions, queries: ModelQueries) -> None:
        self._outbox = outbox
        self._models = models
        self._versions = versions
        self._queries = queries

    async def _view(self, context: Context, name: str, version: str) -> VersionView:
        [view] = await self._queries.get_versions(
            GetVersions(keys=[VersionKey(model_name=name, version=version)]), context
        )
        if view is None:  # somebody has deleted it since
            raise no_version(name, version)
        return view

    async def register(self, request: RegisterVersion, context: Context) -> VersionView:
        stated = Stated(
            name=request.model_name,
            source=request.source,
            run_id=request.run_id,
            description=request.description,
            tags=request.tags,
        )

        async def look(made: Made) -> VersionView:
            name, _, number = made[VersionRegistered.aggregate].rpartition("/")
            return await self._view(context, name, number)

        return await done_once(
            self._outbox, request, context, lambda context: self._versions.register(context, stated), look
        )

    async def set_alias(self, request: SetAlias, context: Context) -> VersionView:
        return await self._done(
            request,
            context,
            lambda context: self._models.set_alias(context, request.model_name, request.alias, request.version),
        )

    async def describe(self, request: DescribeVersion, context: Context) -> VersionView:
        return await self._done(
            request,
            context,
            lambda context: self._versions.describe(context, request.model_name, request.version, request.description),
        )

    async def set_tag(self, request: SetVersionTag, context: Context) -> VersionView:
        return await self._done(
            request,
            context,
            lambda context: self._versions.set_tag(
                context, request.model_name, request.version, request.tag, request.value
            ),
        )

    async def delete_tag(self, request: DeleteVersionTag, context: Context) -> VersionView:
        return await self._done(
            request,
            context,
            lambda context: self._versions.delete_tag(context, request.model_name, request.version, request.tag),
        )

    async def move(self, request: MoveVersion, context: Context) -> VersionView:
        return await self._done(
            request,
            context,
            lambda context: self._versions.move(
                context, request.model_name, request.version, request.stage, archive_others=request.archive_others
            ),
        )

    async def delete(self, request: DeleteVersion, context: Context) -> Done:
        return await done_once(
            self._outbox,
            request,
            context,
            lambda context: self._versions.delete(context, request.model_name, request.version),
            done,
        )

    async def _done(
        self,
        request: DescribeVersion | SetVersionTag | DeleteVersionTag | MoveVersion | SetAlias,
        context: Context,
        act: Act,
    ) -> VersionView:
        async def look(_: Made) -> VersionView:
            return await self._view(context, request.model_name, request.version)

        return await done_once(self._outbox, request, context, act, look)
