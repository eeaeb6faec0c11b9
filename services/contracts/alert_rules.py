"""Rules of a model version: when something is worth somebody's attention."""

from __future__ import annotations

from datetime import datetime

from services.contracts.alerts import RuleMetric, Severity
from services.contracts.base import Event, Message, Request
from services.contracts.written import Written

MAX_RULES = 50
"""Rules of one model version."""


class AlertRule(Message, frozen=True, kw_only=True):
    """When something is worth somebody's attention. What is None or empty has a default that suits most models.

    `name` is unique in a version. `features`: only these; `except_features`: not these (feature metrics only).
    `measure`: which figure of performance (`roc_auc`, `accuracy`, `f1`, `mae`, …); None: the task's main one.
    `minimum_effect`: the smallest change that matters, in the metric's own unit (see the guide). Whatever it is, a
    change that chance explains never fires. `open_after`, `resolve_after`: so many windows in a row, 1 to 100.
    `reopen_within`: firing again within so many windows continues the same alert; each time doubles how long it must
    then be quiet to resolve, up to 30 windows. `minimum_rows`: a window with fewer says nothing. `seconds`: freshness
    only, the longest time without rows. `request_retraining`: asks for it when the alert opens. `windows` (feature and
    prediction drift, 1 to 90): looks at the newest so many windows together, sliding, and so sees what is too slow for
    one window.
    """

    name: str
    metric: RuleMetric
    severity: Severity = "warning"
    enabled: bool = True
    features: list[str] = []
    except_features: list[str] = []
    measure: str | None = None
    minimum_effect: float | None = None
    open_after: int = 2
    resolve_after: int = 3
    reopen_within: int = 7
    minimum_rows: int = 30
    seconds: float | None = None
    request_retraining: bool = False
    windows: int = 1


class AlertRulesView(Message, frozen=True, kw_only=True):
    """The rules in force. `default`: nobody has set any, these are the built-in ones. `revision` 0: never set."""

    model_name: str
    version: str
    rules: list[AlertRule]
    default: bool
    revision: int
    set_by: str | None = None
    set_at: datetime | None = None


class AlertRulesSet(Event, frozen=True, kw_only=True):
    """`default`: the built-in rules are in force again."""

    service = "monitor"
    aggregate = "alert_rules"
    name = "set"
    key = ("model_name", "version")

    model_name: str
    version: str
    rules: list[str]
    default: bool
    by: str


class GetAlertRules(Request[AlertRulesView], frozen=True, kw_only=True):
    service = "monitor"
    name = "alert_rules.get"

    model_name: str
    version: str


class SetAlertRules(Request[Written], frozen=True, kw_only=True):
    """Replaces all rules of a version. None: the built-in ones again; []: no alerts. `expected`: the revision seen.

    An open alert whose rule is gone or disabled resolves.
    """

    service = "monitor"
    name = "alert_rules.set"

    model_name: str
    version: str
    rules: list[AlertRule] | None
    expected: int | None = None
    idempotency_key: str | None = None
