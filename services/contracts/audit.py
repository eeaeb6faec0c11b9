"""The audit trail: who did what, when, from where; and whether somebody has tampered with it."""

from __future__ import annotations

from datetime import datetime

from services.contracts.base import Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.paging import Page, Paging


class AuditView(Message, frozen=True, kw_only=True):
    """`number` and `hash` are its place in the chain, None within the second before it is sealed.

    `before` and `after` are JSON. `remote` is empty for whoever may not operate the service.
    """

    id: str
    time: datetime
    action: str
    user: str
    role: str
    via: str
    remote: str
    correlation_id: str
    events: list[str]
    before: str | None = None
    after: str | None = None
    number: int | None = None
    hash: str | None = None


class ListAudit(Request[Page[AuditView]], frozen=True, kw_only=True):
    """Newest first. `start` and `end` bound the time, the end excluded."""

    service = "registry"
    name = "audit.list"

    paging: Paging = Paging()
    user: str | None = None
    action: str | None = None
    correlation_id: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    where: Condition | None = None
    order: list[Ordering] = []


class ListMonitorAudit(ListAudit, frozen=True, kw_only=True):
    """The monitor's own rows: silences, alert rules, references and what else people do there."""

    service = "monitor"


class AuditHead(Message, frozen=True, kw_only=True):
    """The end of the chain: kept elsewhere, it shows later whether the tail was cut or the whole rewritten."""

    number: int
    hash: str


class GetAuditHead(Request[AuditHead], frozen=True, kw_only=True):
    service = "registry"
    name = "audit.head"


class AuditVerdict(Message, frozen=True, kw_only=True):
    """The chain holds up to and including `upto`, unless `problem` says what is wrong with row `bad_number`.

    `done`: nothing is left to look at. `unsealed` rows are too young to be in the chain.
    """

    upto: AuditHead
    done: bool
    bad_number: int | None = None
    bad_id: str | None = None
    problem: str | None = None
    unsealed: int = 0


class VerifyAudit(Request[AuditVerdict], frozen=True, kw_only=True):
    """Looks at the rows after `after` (None: from the first), at most `limit` of them: call again until `done`."""

    service = "registry"
    name = "audit.verify"

    after: AuditHead | None = None
    limit: int = 5000


class GetMonitorAuditHead(Request[AuditHead], frozen=True, kw_only=True):
    """Of the monitor's own chain: silences, alert rules, references and what else people do there."""

    service = "monitor"
    name = "audit.head"


class VerifyMonitorAudit(Request[AuditVerdict], frozen=True, kw_only=True):
    """As `VerifyAudit`, of the monitor's chain."""

    service = "monitor"
    name = "audit.verify"

    after: AuditHead | None = None
    limit: int = 5000
