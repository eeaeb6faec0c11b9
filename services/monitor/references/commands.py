"""What people do to references other than sending rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from services.contracts.errors import Invalid, NotFound
from services.contracts.identity import Action, require
from services.contracts.monitor import ListMonitored, MonitoredView
from services.contracts.references import SetReferenceFromPeriod
from services.monitor.batches.references import checked_name
from services.monitor.references.handlers import References
from services.runtime.context import Context
from services.runtime.once import Made, done_once
from services.runtime.outbox import Outbox

List = Callable[[ListMonitored, Context], Awaitable[list[MonitoredView]]]


class ReferenceCommands:
    """`listed` tells what is under watch."""

    def __init__(self, references: References, listed: List, outbox: Outbox) -> None:
        self._references = references
        self._listed = listed
        self._outbox = outbox

    async def from_period(self, request: SetReferenceFromPeriod, context: Context) -> MonitoredView:
        """Returns when the past period is the reference in force."""
        require(context.principal, Action.SET_REFERENCE)
        for field, moment in (("start", request.start), ("end", request.end)):
            if moment.tzinfo is None:
                raise Invalid(f"{field} needs a time zone", code="NO_TIME_ZONE", field=field)
        if request.end <= request.start:
            raise Invalid("it ends before it starts", code="OUT_OF_RANGE", field="end")
        name = checked_name(request.reference)

        async def act(context: Context) -> None:
            await self._references.from_windows(
                request.model_name, request.version, name, request.start, request.end, context
            )

        async def look(_: Made) -> MonitoredView:
            asked = ListMonitored(model_name=request.model_name, version=request.version)
            found = await self._listed(asked, context)
            if not found:
                raise NotFound(f"{request.model_name}/{request.version} isn't under watch", field="version")
            return found[0]

        return await done_once(self._outbox, request, context, act, look)
