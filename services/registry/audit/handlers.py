"""Lists the audit trail, seals new rows into the chain, and verifies it."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from pymongo.errors import PyMongoError

from services.contracts.audit import AuditHead, AuditVerdict, AuditView, GetAuditHead, ListAudit, VerifyAudit
from services.contracts.errors import Invalid, LifecycleError
from services.contracts.identity import Action, may, require
from services.contracts.paging import Page
from services.registry.audit import rules
from services.registry.audit.rules import SEAL
from services.registry.audit.store import MongoAudit, seal
from services.runtime.context import Context, service_context
from services.runtime.outbox import Change, Duplicate, Outbox, Stale

log = structlog.get_logger()

SEAL_SECONDS = 0.5
SEALED_AT_ONCE = 500
MOST_VERIFIED = 10_000


class Audit:
    def __init__(self, outbox: Outbox, store: MongoAudit) -> None:
        self._outbox = outbox
        self._store = store

    async def page(self, request: ListAudit, context: Context) -> Page[AuditView]:
        require(context.principal, Action.READ)
        wanted = {"user": request.user, "action": request.action, "correlation_id": request.correlation_id}
        matching: dict[str, Any] = {key: value for key, value in wanted.items() if value is not None}
        between = {"$gte": request.start, "$lt": request.end}
        if any(between.values()):
            matching["time"] = {key: value for key, value in between.items() if value is not None}
        with_remote = may(context.principal, Action.OPERATE)
        return await self._store.page(matching, request, with_remote=with_remote)

    async def head(self, request: GetAuditHead, context: Context) -> AuditHead:
        require(context.principal, Action.READ)
        return await self._store.head()

    async def verify(self, request: VerifyAudit, context: Context) -> AuditVerdict:
        """Follows the chain on from a known head. The end must be the recorded head: a cut tail shows as well."""
        require(context.principal, Action.READ)
        if not 1 <= request.limit <= MOST_VERIFIED:
            raise Invalid(f"between 1 and {MOST_VERIFIED} rows at once", field="limit")
        unsealed = await self._store.count_unsealed(MOST_VERIFIED)  # first: what is sealed from here on is below
        recorded = await self._store.head()
        start = request.after or rules.START
        rows = await self._store.after(start.number, request.limit)
        rows = [row for row in rows if row[SEAL]["n"] <= recorded.number]
        upto, number, row_id, problem = rules.first_problem(start, rows)
        done = len(rows) < request.limit
        if problem is None and done and upto != recorded:
            number = upto.number + 1
            problem = rules.wrong_end(upto, recorded)
        return AuditVerdict(
            upto=upto,
            done=done or problem is not None,
            bad_number=number,
            bad_id=row_id,
            problem=problem,
            unsealed=unsealed,
        )

    async def seal(self) -> int:
        """Puts the oldest rows that aren't in the chain into it; how many. Of several sealers one succeeds."""
        head = await self._store.head()
        rows = await self._store.unsealed(SEALED_AT_ONCE)
        if not rows:
            return 0
        change = Change(service_context("registry"), "seal_audit")
        change.unaudited()
        seal(change, head, rules.chained(head, rows))
        try:
            await self._outbox.commit(change)
        except (Stale, Duplicate):
            return 0  # another replica was faster
        return len(rows)

    async def run(self) -> None:
        """Seals as rows come, for ever."""
        while True:
            try:
                busy = await self.seal() == SEALED_AT_ONCE
            except (LifecycleError, PyMongoError) as error:
                log.warning("audit rows can't be sealed now", error=str(error))
                busy = False
            if not busy:
                await asyncio.sleep(SEAL_SECONDS)
