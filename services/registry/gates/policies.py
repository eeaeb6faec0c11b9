"""A project's policy: a list of gates and how many must approve, in revisions of which none ever changes."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from services.contracts.errors import Conflict, Invalid, TooLarge
from services.contracts.evaluations import Gate
from services.contracts.gates import GatePolicySet, GatePolicyView
from services.registry.gates import rules
from services.registry.runs.times import moment
from services.registry.values import Aggregate

REASON_LENGTH = 2000
MOST_APPROVALS = 20


class Policy(Aggregate, frozen=True, kw_only=True):
    """One revision. `id` is `project/revision`; `gates` as MessagePack."""

    project_id: str
    revision: int
    gates: bytes
    approvals: int
    reason: str
    by: str
    at: int

    def all(self) -> list[Gate]:
        return msgspec.msgpack.decode(self.gates, type=list[Gate])


def policy_id(project_id: str, revision: int) -> str:
    return f"{project_id}/{revision}"


def policy_set(
    former: Policy | None,
    *,
    project_id: str,
    gates: Sequence[Gate],
    approvals: int,
    reason: str,
    expected: int | None,
    now: int,
    who: str,
) -> tuple[Policy, GatePolicySet]:
    """The next revision. Raises Invalid, TooLarge, or Conflict if it isn't `expected` that would be followed."""
    seen = 0 if former is None else former.revision
    if expected is not None and expected != seen:
        raise Conflict(
            f"the policy has changed meanwhile: it is at revision {seen}, not {expected}",
            code="CHANGED_MEANWHILE",
            field="expected",
            fix="Load it, look at the change, and try again.",
        )
    checked = rules.checked(gates)
    if not 1 <= approvals <= MOST_APPROVALS:
        raise Invalid(f"between 1 and {MOST_APPROVALS} approvals", field="approvals")
    reason = reason.strip()
    if not reason:
        raise Invalid("reason is empty", field="reason", fix="Say it in a few words.")
    if len(reason) > REASON_LENGTH:
        raise TooLarge(f"reason has {len(reason)} characters; the most is {REASON_LENGTH}", field="reason")
    event = GatePolicySet(
        project_id=project_id, revision=seen + 1, gates=checked, approvals=approvals, reason=reason, by=who
    )
    policy = Policy(
        id=policy_id(project_id, event.revision),
        v=event.revision,
        project_id=project_id,
        revision=event.revision,
        gates=msgspec.msgpack.encode(checked),
        approvals=approvals,
        reason=reason,
        by=who,
        at=now,
    )
    return policy, event


def view(project_id: str, policy: Policy | None, derived: Sequence[Gate]) -> GatePolicyView:
    if policy is None:
        return GatePolicyView(project_id=project_id, revision=0, gates=[], derived=list(derived), approvals=1)
    return GatePolicyView(
        project_id=project_id,
        revision=policy.revision,
        gates=policy.all(),
        derived=list(derived),
        approvals=policy.approvals,
        reason=policy.reason,
        by=policy.by,
        at=moment(policy.at),
    )
