"""The audit trail: what can be asked of it."""

from __future__ import annotations

from typing import Annotated

import strawberry

from services.contracts import audit as contracts
from services.contracts.audit import AuditView, ListAudit, ListMonitorAudit, VerifyAudit
from services.contracts.paging import Page
from services.gateway.conditions import condition, ordering
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.types.arguments import End, Start
from services.gateway.types.audit import AuditEntry, AuditHead, AuditVerdict
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size
from services.gateway.types.list_filters import AuditFilter
from services.gateway.types.list_orders import AuditOrder
from services.gateway.types.paging import After, Before, Connection, First, Last, Sort, Where, paging
from services.gateway.types.scalars import Long
from services.gateway.types.services import Service

Trail = Annotated[
    Service | None,
    strawberry.argument(description="Whose trail: of alerts, silences and references MONITOR's; REGISTRY's if unsaid."),
]
_LISTS: dict[str, type[ListAudit]] = {"registry": ListAudit, "monitor": ListMonitorAudit}


async def _audit(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    user: Annotated[str | None, strawberry.argument(description="Only by this user.")] = None,
    action: Annotated[str | None, strawberry.argument(description="Only this action, such as `decide_review`.")] = None,
    correlation_id: Annotated[
        str | None, strawberry.argument(description="Only what followed from this request.")
    ] = None,
    start: Start = None,
    end: End = None,
    service: Trail = None,
    where: Where[AuditFilter] = None,
    sort: Sort[AuditOrder] = None,
) -> Page[AuditView]:
    return await info.context.ask(
        _LISTS[str(service.value) if service else "registry"](
            where=condition(where),
            order=ordering(sort),
            paging=paging(first, after, last, before, Selected.of(info)),
            user=user,
            action=action,
            correlation_id=correlation_id,
            start=start,
            end=end,
        )
    )


async def _head(info: Info, service: Trail = None) -> contracts.AuditHead:
    if service is Service.MONITOR:
        return await info.context.ask(contracts.GetMonitorAuditHead())
    return await info.context.ask(contracts.GetAuditHead())


@strawberry.input(description="A place in the chain that is known to be good.")
class AuditHeadInput:
    number: Long = strawberry.field(description="The entry's place, from 1.")
    hash: str = strawberry.field(description="The entry's hash.")


async def _verified(
    info: Info,
    after: Annotated[
        AuditHeadInput | None,
        strawberry.argument(description="Look at what follows this entry; at all from the first if unsaid."),
    ] = None,
    service: Trail = None,
) -> contracts.AuditVerdict:
    known = None if after is None else contracts.AuditHead(number=after.number, hash=after.hash)
    if service is Service.MONITOR:
        return await info.context.ask(contracts.VerifyMonitorAudit(after=known))
    return await info.context.ask(VerifyAudit(after=known))


@strawberry.type
class AuditQueries:
    """What can be asked."""

    audit: Connection[AuditEntry] | None = viewed(
        resolver=_audit, size=Size(asks=True), description="Who changed what, newest first."
    )
    audit_head: AuditHead | None = viewed(resolver=_head, description="The end of the audit trail's chain.")
    audit_verdict: AuditVerdict | None = viewed(
        resolver=_verified,
        description="Whether the audit trail is untouched. Looks at a few thousand entries at a time: ask again with "
        "`upto` as `after` until it is `done`.",
    )
