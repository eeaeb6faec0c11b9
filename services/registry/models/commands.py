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
    SetModelTag,
    SetVersionTag,
    VersionKey,
    VersionView,
)
from services.registry.models.handlers import Models
from services.registry.models.queries import ModelQueries
from services.registry.models.rules import no_model, no_version
from services.registry.models.versions import Stated, Versions
from services.registry.once import done_once
from services.runtime.context import Context
from services.runtime.outbox import Outbox


class ModelCommands:
    """Each answers with the model as it is then."""

    def __init__(self, outbox: Outbox, models: Models, queries: ModelQueries) -> None:
        self._outbox = outbox
        self._models = models
        self._queries = queries

    async def _done(
        self, request: Request[ModelView], context: Context, name: str, act: Callable[[], Awaitable[object]]
    ) -> ModelView:
        async def acted() -> ModelView:
            await act()
            [view] = await self._queries.get(GetModels(names=[name]), context)
            if view is None:  # somebody has deleted it since
                raise no_model(name)
            return view

        return await done_once(self._outbox, request, context, acted)

    async def register(self, request: RegisterModel, context: Context) -> ModelView:
        return await self._done(
            request,
            context,
            request.model_name,
            lambda: self._models.register(context, request.model_name, request.description, request.tags),
        )

    async def rename(self, request: RenameModel, context: Context) -> ModelView:
        return await self._done(
            request,
            context,
            request.new_name,
            lambda: self._models.rename(context, request.model_name, request.new_name),
        )

    async def describe(self, request: DescribeModel, context: Context) -> ModelView:
        return await self._done(
            request,
            context,
            request.model_name,
            lambda: self._models.describe(context, request.model_name, request.description),
        )

    async def set_tag(self, request: SetModelTag, context: Context) -> ModelView:
        return await self._done(
            request,
            context,
            request.model_name,
            lambda: self._models.set_tag(context, request.model_name, request.tag, request.value),
        )

    async def delete_tag(self, request: DeleteModelTag, context: Context) -> ModelView:
        return await self._done(
            request,
            context,
            request.model_name,
            lambda: self._models.delete_tag(context, request.model_name, request.tag),
        )

    async def remove_alias(self, request: RemoveAlias, context: Context) -> ModelView:
        return await self._done(
            request,
            context,
            request.model_name,
            lambda: self._models.delete_alias(context, request.model_name, request.alias),
        )

    async def delete(self, request: DeleteModel, context: Context) -> Done:
        async def act() -> Done:
            await self._models.delete(context, request.model_name)
            return Done()

        return await done_once(self._outbox, request, context, act)


class VersionCommands:
    """Each answers with the version as it is then."""

    def __init__(self, outbox: Outbox, versions: Versions, queries: ModelQueries) -> None:
        self._outbox = outbox
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

        async def act() -> VersionView:
            version = await self._versions.register(context, stated)
            return await self._view(context, version.name, str(version.version))

        return await done_once(self._outbox, request, context, act)

    async def describe(self, request: DescribeVersion, context: Context) -> VersionView:
        return await self._done(
            request,
            context,
            lambda: self._versions.describe(context, request.model_name, request.version, request.description),
        )

    async def set_tag(self, request: SetVersionTag, context: Context) -> VersionView:
        return await self._done(
            request,
            context,
            lambda: self._versions.set_tag(context, request.model_name, request.version, request.tag, request.value),
        )

    async def delete_tag(self, request: DeleteVersionTag, context: Context) -> VersionView:
        return await self._done(
            request,
            context,
            lambda: self._versions.delete_tag(context, request.model_name, request.version, request.tag),
        )

    async def move(self, request: MoveVersion, context: Context) -> VersionView:
        return await self._done(
            request,
            context,
            lambda: self._versions.move(
                context, request.model_name, request.version, request.stage, archive_others=request.archive_others
            ),
        )

    async def delete(self, request: DeleteVersion, context: Context) -> Done:
        async def act() -> Done:
            await self._versions.delete(context, request.model_name, request.version)
            return Done()

        return await done_once(self._outbox, request, context, act)

    async def _done(
        self,
        request: DescribeVersion | SetVersionTag | DeleteVersionTag | MoveVersion,
        context: Context,
        act: Callable[[], Awaitable[object]],
    ) -> VersionView:
        async def acted() -> VersionView:
            await act()
            return await self._view(context, request.model_name, request.version)

        return await done_once(self._outbox, request, context, acted)
