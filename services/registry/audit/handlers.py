"""Lists the audit trail and verifies its chain."""

from __future__ import annotations

from services.contracts.audit import AuditHead, AuditVerdict, AuditView, GetAuditHead, ListAudit, VerifyAudit
from services.contracts.identity import Action, require
from services.contracts.paging import Page
from services.registry.audit import former
from services.registry.audit.store import MongoAudit
from services.runtime.chain import SEAL, Verdict
from services.runtime.context import Context
from services.runtime.trail import Trail
from services.runtime.verifying import verified


class Audit:
    def __init__(self, store: MongoAudit, trail: Trail) -> None:
        self._store = store
        self._trail = trail

    async def page(self, request: ListAudit, context: Context) -> Page[AuditView]:
        return await self._store.page(request, context)

    async def head(self, request: GetAuditHead, context: Context) -> AuditHead:
        require(context.principal, Action.READ)
        return await self._trail.head()

    async def verify(self, request: VerifyAudit, context: Context) -> AuditVerdict:
        """Follows the chain on from a known head. The end must be the recorded head: a cut tail shows as well."""
        require(context.principal, Action.READ)
        return await verified(self._trail, request.after, request.limit, self._former)

    async def _former(self, start: AuditHead, most: int, upto: int) -> Verdict:
        """Follows rows that former versions sealed."""
        rows = await self._store.after(start.number, most)
        return former.first_problem(start, [row for row in rows if row[SEAL]["n"] <= upto])
