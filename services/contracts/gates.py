"""The policy of a project: which gates a version must pass and how many must approve it; and the gates' results."""

from __future__ import annotations

from datetime import datetime

from services.contracts.base import Event, Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.evaluations import Gate, GateVerdict
from services.contracts.paging import Page, Paging
from services.contracts.written import Written


class GatePolicySet(Event, frozen=True, kw_only=True):
    """Revision `revision` of a project's policy; earlier ones stay readable."""

    service = "registry"
    aggregate = "gate_policy"
    name = "set"
    key = ("project_id",)

    project_id: str
    revision: int
    gates: list[Gate]
    approvals: int
    reason: str
    by: str


class GatePolicyView(Message, frozen=True, kw_only=True):
    """`gates` were set by people; `derived` follow from the board's answers: the minimum of stage 1 and the constraints
    of stage 3. Both apply; a gate of the same name replaces a derived one. Revision 0: nobody has set one yet."""

    project_id: str
    revision: int
    gates: list[Gate]
    derived: list[Gate]
    approvals: int
    reason: str = ""
    by: str = ""
    at: datetime | None = None


class SetGatePolicy(Request[Written], frozen=True, kw_only=True):
    """A new revision. `expected`: the revision that was seen, 0 if there was none."""

    service = "registry"
    name = "gate_policy.set"

    project_id: str
    gates: list[Gate]
    approvals: int = 1
    reason: str
    expected: int | None = None
    idempotency_key: str | None = None


class GetGatePolicy(Request[GatePolicyView], frozen=True, kw_only=True):
    """The newest revision, or the given one (1 and up)."""

    service = "registry"
    name = "gate_policy.get"

    project_id: str
    revision: int | None = None


class GateResultView(Message, frozen=True, kw_only=True):
    """`current`: the version's content and its final evaluation are still the same, so that the result counts."""

    model_name: str
    version: str
    number: int
    digest: str
    passed: bool
    current: bool
    verdicts: list[GateVerdict]
    project_id: str
    policy_revision: int
    by: str
    at: datetime


class EvaluateGates(Request[GateResultView], frozen=True, kw_only=True):
    """Judges the version now, by the policy of the project that owns the model."""

    service = "registry"
    name = "gate.evaluate"

    model_name: str
    version: str
    idempotency_key: str | None = None


class GetGateResults(Request[GateResultView | None], frozen=True, kw_only=True):
    """The newest result of a version, or the newest that there was at `as_of`; or None."""

    service = "registry"
    name = "gate.get"

    model_name: str
    version: str
    as_of: datetime | None = None


class ListGateResults(Request[Page[GateResultView]], frozen=True, kw_only=True):
    """Newest first, with the numbers that each one saw."""

    service = "registry"
    name = "gate.list"

    paging: Paging = Paging()
    model_name: str | None = None
    version: str | None = None
    project_id: str | None = None
    where: Condition | None = None
    order: list[Ordering] = []
