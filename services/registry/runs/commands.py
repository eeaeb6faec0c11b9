"""What people do to runs other than through MLflow's clients."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from services.contracts.base import Request
from services.contracts.errors import Invalid, NotAllowedNow, NotFound
from services.contracts.identity import Action, require
from services.contracts.registry import (
    DeleteRun,
    DeleteRunTag,
    DescribeRun,
    EndRun,
    GetRuns,
    RenameRun,
    RestoreRun,
    RunView,
    SetRunTag,
)
from services.registry.clock import Now
from services.registry.names import NOTE_TAG
from services.registry.once import Made, done_once
from services.registry.runs import rules
from services.registry.runs.handlers import Runs
from services.registry.runs.queries import RunQueries
from services.registry.runs.rules import Batch
from services.registry.values import KeyValue, mapping
from services.runtime.context import Context
from services.runtime.outbox import Outbox


class RunCommands:
    """Each answers with the run as it is then."""

    def __init__(self, outbox: Outbox, runs: Runs, queries: RunQueries, now: Now) -> None:
        self._outbox = outbox
        self._runs = runs
        self._queries = queries
        self._now = now

    async def _done(
        self, request: Request[RunView], context: Context, run_id: str, act: Callable[[Context], Awaitable[object]]
    ) -> RunView:
        async def look(_: Made) -> RunView:
            [view] = await self._queries.get(GetRuns(ids=[run_id]), context)
            if view is None:
                raise NotFound(f"Run with id={run_id} not found", field="run_id")
            return view

        return await done_once(self._outbox, request, context, act, look)

    async def rename(self, request: RenameRun, context: Context) -> RunView:
        if not request.run_name.strip():
            raise Invalid("the name is empty", field="run_name", fix="Give it a name.")
        return await self._done(
            request,
            context,
            request.run_id,
            lambda context: self._runs.update(context, request.run_id, None, None, request.run_name),
        )

    async def describe(self, request: DescribeRun, context: Context) -> RunView:
        async def act(context: Context) -> None:
            run = await self._runs.get(context, request.run_id)
            if request.description:
                await self._tag(context, run.id, NOTE_TAG, request.description)
            elif NOTE_TAG in mapping(run.tags):
                await self._runs.delete_tag(context, run.id, NOTE_TAG)

        require(context.principal, Action.RECORD_RUNS)
        return await self._done(request, context, request.run_id, act)

    async def set_tag(self, request: SetRunTag, context: Context) -> RunView:
        return await self._done(
            request,
            context,
            request.run_id,
            lambda context: self._tag(context, request.run_id, request.tag, request.value),
        )

    async def _tag(self, context: Context, run_id: str, tag: str, value: str) -> None:
        await self._runs.log(context, run_id, Batch(tags=[KeyValue(tag, value)], single=True))

    async def delete_tag(self, request: DeleteRunTag, context: Context) -> RunView:
        return await self._done(
            request,
            context,
            request.run_id,
            lambda context: self._runs.delete_tag(context, request.run_id, request.tag),
        )

    async def end(self, request: EndRun, context: Context) -> RunView:
        """Raises NotAllowedNow if it has ended."""

        async def act(context: Context) -> None:
            run = await self._runs.get(context, request.run_id)
            if run.status in rules.ENDED:
                raise NotAllowedNow(f"the run has ended already: {run.status}", code="RUN_ENDED", field="run_id")
            await self._runs.update(context, run.id, request.status, self._now(), None)

        require(context.principal, Action.RECORD_RUNS)
        return await self._done(request, context, request.run_id, act)

    async def delete(self, request: DeleteRun, context: Context) -> RunView:
        return await self._done(
            request, context, request.run_id, lambda context: self._runs.delete(context, request.run_id)
        )

    async def restore(self, request: RestoreRun, context: Context) -> RunView:
        return await self._done(
            request, context, request.run_id, lambda context: self._runs.restore(context, request.run_id)
        )
