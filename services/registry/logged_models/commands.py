"""What people do to logged models other than through MLflow's clients."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from services.contracts.base import Request
from services.contracts.registry import DeleteLoggedModel, DeleteLoggedModelTag, LoggedModelView, SetLoggedModelTag
from services.registry.logged_models.handlers import LoggedModels
from services.registry.logged_models.queries import view
from services.registry.once import Made, done_once
from services.runtime.context import Context
from services.runtime.outbox import Outbox


class LoggedModelCommands:
    """Each answers with the model as it is then."""

    def __init__(self, outbox: Outbox, models: LoggedModels) -> None:
        self._outbox = outbox
        self._models = models

    async def _done(
        self,
        request: Request[LoggedModelView],
        context: Context,
        model_id: str,
        act: Callable[[Context], Awaitable[object]],
    ) -> LoggedModelView:
        async def look(_: Made) -> LoggedModelView:
            return view(await self._models.get(context, model_id, allow_deleted=True))

        return await done_once(self._outbox, request, context, act, look)

    async def set_tag(self, request: SetLoggedModelTag, context: Context) -> LoggedModelView:
        return await self._done(
            request,
            context,
            request.model_id,
            lambda context: self._models.set_tags(context, request.model_id, {request.tag: request.value}),
        )

    async def delete_tag(self, request: DeleteLoggedModelTag, context: Context) -> LoggedModelView:
        return await self._done(
            request,
            context,
            request.model_id,
            lambda context: self._models.delete_tag(context, request.model_id, request.tag),
        )

    async def delete(self, request: DeleteLoggedModel, context: Context) -> LoggedModelView:
        return await self._done(
            request, context, request.model_id, lambda context: self._models.delete(context, request.model_id)
        )
