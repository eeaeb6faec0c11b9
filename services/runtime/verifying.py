"""Follows an audit chain from a known head to its end and says where it breaks. The same for every service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from services.contracts.audit import AuditHead, AuditVerdict
from services.contracts.errors import Invalid
from services.runtime import chain
from services.runtime.chain import Verdict
from services.runtime.trail import Trail

MOST_VERIFIED = 10_000

Former = Callable[[AuditHead, int, int], Awaitable[Verdict]]
"""Follows rows that former versions sealed on from a head: at most so many of them, and none after so many in all."""


async def verified(trail: Trail, after: AuditHead | None, limit: int, former: Former | None = None) -> AuditVerdict:
    """Looks at `limit` rows after a known head. The end must be the recorded head: a cut tail shows as well.

    Raises Invalid for a limit that is none.
    """
    if not 1 <= limit <= MOST_VERIFIED:
        raise Invalid(f"between 1 and {MOST_VERIFIED} rows at once", field="limit")
    rows = await trail.count_rows()  # first: all of these wait or are in the chain by the time those are looked at
    waiting = await trail.waiting()  # then these: what is sealed from here on is below
    recorded = await trail.head()
    start = after or chain.START
    upto, number, row_id, problem = await _followed(trail, start, recorded, limit, former)
    done = upto.number - start.number < limit
    if problem is None and done and upto != recorded:
        number = upto.number + 1
        problem = chain.wrong_end(upto, recorded)
    if problem is None and done and rows > recorded.number + len(waiting):
        row_id = await trail.unsealed(waiting)
        if row_id is not None:
            number = recorded.number + 1
            problem = f"row {row_id} never came to the chain: it was added by hand"
    return AuditVerdict(
        upto=upto,
        done=done or problem is not None,
        bad_number=number,
        bad_id=row_id,
        problem=problem,
        unsealed=len(waiting),
    )


async def _followed(trail: Trail, start: AuditHead, recorded: AuditHead, most: int, former: Former | None) -> Verdict:
    """At most so many rows: first those that former versions sealed, then blocks; none after the recorded head."""
    begins = await trail.begins()
    at = start
    if former is not None:
        before_blocks = recorded.number if begins is None else begins
        if start.number < before_blocks:
            verdict = await former(start, most, before_blocks)
            at = verdict[0]
            if verdict[-1] is not None:
                return verdict
            if begins is not None and at.number - start.number < most and at.number < before_blocks:
                return at, at.number + 1, None, f"row {at.number + 1} is missing"
    left = most - (at.number - start.number)
    blocks = await trail.after(at.number, left) if left > 0 and begins is not None else []
    for block in blocks:
        if block.before.number >= recorded.number:
            break
        contents = await trail.contents(block.rows)
        begun = at.number
        verdict = chain.checked(at, block, contents, left)
        at = verdict[0]
        if verdict[-1] is not None:
            return verdict
        left -= at.number - begun
    return at, None, None, None
