"""Says how far the chain over the monitor's audit rows goes, and verifies it."""

from __future__ import annotations

from services.contracts.audit import AuditHead, AuditVerdict, GetMonitorAuditHead, VerifyMonitorAudit
from services.contracts.identity import Action, require
from services.runtime.context import Context
from services.runtime.trail import Trail
from services.runtime.verifying import verified


class Audit:
    def __init__(self, trail: Trail) -> None:
        self._trail = trail

    async def head(self, request: GetMonitorAuditHead, context: Context) -> AuditHead:
        require(context.principal, Action.READ)
        return await self._trail.head()

    async def verify(self, request: VerifyMonitorAudit, context: Context) -> AuditVerdict:
        """Follows the chain on from a known head."""
        require(context.principal, Action.READ)
        return await verified(self._trail, request.after, request.limit)
