"""Lists the audit trail and verifies its chain."""

from __future__ import annotations

from typing import Any

from services.contracts.audit import AuditHead, AuditVerdict, AuditView, GetAuditHead, ListAudit, VerifyAudit
from services.contracts.errors import Invalid
from services.contracts.identity import Action, may, require
from services.contracts.paging import Page
from services.registry.audit import rules
from services.registry.audit.store import MongoAudit
from services.runtime import chain
from services.runtime.chain import SEAL, Verdict
from services.runtime.context import Context
from services.runtime.trail import Trail

MOST_VERIFIED = 10_000


class Audit:
    def __init__(self, store: MongoAudit, trail: Trail) -> None:
        self._store = store
        self._trail = trail

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
        return await self._trail.head()

    async def verify(self, request: VerifyAudit, context: Context) -> AuditVerdict:
        """Follows the chain on from a known head. The end must be the recorded head: a cut tail shows as well."""
        require(context.principal, Action.READ)
        if not 1 <= request.limit <= MOST_VERIFIED:
            raise Invalid(f"between 1 and {MOST_VERIFIED} rows at once", field="limit")
        unsealed = await self._trail.count_waiting()  # first: what is sealed from here on is below
        recorded = await self._trail.head()
        upto, number, row_id, problem = await self._followed(request.after or chain.START, recorded, request.limit)
        done = upto.number - (request.after or chain.START).number < request.limit
        if problem is None and done and upto != recorded:
            number = upto.number + 1
            problem = chain.wrong_end(upto, recorded)
        return AuditVerdict(
            upto=upto,
            done=done or problem is not None,
            bad_number=number,
            bad_id=row_id,
            problem=problem,
            unsealed=unsealed,
        )

    async def _followed(self, start: AuditHead, recorded: AuditHead, most: int) -> Verdict:
        """At most so many rows: first those that former versions sealed, then blocks; none after the recorded head."""
        begins = await self._trail.begins()
        former = recorded.number if begins is None else begins
        at = start
        if start.number < former:
            rows = await self._store.after(start.number, most)
            verdict = rules.first_problem(start, [row for row in rows if row[SEAL]["n"] <= former])
            at = verdict[0]
            if verdict[-1] is not None:
                return verdict
            if begins is not None and len(rows) < most and at.number < former:
                return at, at.number + 1, None, f"row {at.number + 1} is missing"
        left = most - (at.number - start.number)
        blocks = await self._trail.after(at.number, left) if left > 0 and begins is not None else []
        for block in blocks:
            if block.before.number >= recorded.number:
                break
            contents = await self._trail.contents(block.rows)
            begun = at.number
            verdict = chain.checked(at, block, contents, left)
            at = verdict[0]
            if verdict[-1] is not None:
                return verdict
            left -= at.number - begun
        return at, None, None, None
