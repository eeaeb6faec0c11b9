"""What may run where: an approval and passed gates for exactly this content, or an override that shows for ever."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from services.contracts.deployments import (
    DeploymentRenamed,
    DeploymentView,
    MissingRule,
    RanView,
    StayView,
    VersionDeployed,
    VersionRetired,
    VersionRolledBack,
)
from services.contracts.errors import Conflict, Forbidden, Invalid, NotAllowedNow, TooLarge
from services.registry.runs.times import moment
from services.registry.values import Aggregate

REASON_LENGTH = 2000
MANY_STAYS = 1000

_ENVIRONMENT = re.compile(r"[a-z][a-z0-9_-]{0,39}")


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What an environment asks for."""

    approval: bool = True
    gates: bool = True


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for the version's content as it is now, whose digest is `digest`. `lapsed_because`: what took an
    approval back, if there was one."""

    digest: str
    approved: bool
    passed: bool
    approvers: list[str] = []
    lapsed_because: str = ""


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    digest: str
    how: Literal["deployed", "rolled_back"]
    start: int
    end: int | None = None
    by: str
    note: str = ""
    overridden: list[MissingRule] = []
    override_reason: str = ""
    approved_by: list[str] = []


class Deployment(Aggregate, frozen=True, kw_only=True):
    """One model in one environment; `stays` oldest first, the last one without an end runs now."""

    environment: str
    model_name: str
    stays: list[Stay] = []

    @property
    def current(self) -> Stay | None:
        return self.stays[-1] if self.stays and self.stays[-1].end is None else None


def deployment_id(environment: str, model_name: str) -> str:
    return f"{environment}/{model_name}"


def unchanged(expected: int | None, revision: int, what: str) -> None:
    """Raises Conflict if somebody else was faster."""
    if expected is not None and expected != revision:
        raise Conflict(
            f"{what} has changed meanwhile: it is at revision {revision}, not {expected}",
            code="CHANGED_MEANWHILE",
            field="expected",
            fix="Load it, look at the change, and try again.",
        )


def check_name(environment: str) -> None:
    if not _ENVIRONMENT.fullmatch(environment):
        raise Invalid(
            "an environment's name has 1 to 40 lower-case letters, digits, - and _, a letter first", field="environment"
        )


def nothing(environment: str, model_name: str) -> Deployment:
    """Before anything ran. Raises Invalid for a name that is none."""
    check_name(environment)
    return Deployment(
        id=deployment_id(environment, model_name), v=0, r=0, environment=environment, model_name=model_name
    )


def missing(policy: Policy, standing: Standing) -> list[MissingRule]:
    """The rules that keep a version out."""
    rules: list[MissingRule] = []
    if policy.approval and not standing.approved:
        rules.append("REVIEW_NOT_APPROVED")
    if policy.gates and not standing.passed:
        rules.append("GATES_NOT_PASSED")
    return rules


_SAID: dict[MissingRule, str] = {
    "REVIEW_NOT_APPROVED": "nobody but its authors has approved it as it is now",
    "GATES_NOT_PASSED": "it hasn't passed the gates as it is now",
}


def _said(rule: MissingRule, standing: Standing) -> str:
    if rule == "REVIEW_NOT_APPROVED" and standing.lapsed_because:
        return f"its approval has lapsed, because {standing.lapsed_because}"
    return _SAID[rule]


def deployed(
    deployment: Deployment,
    version: str,
    standing: Standing,
    policy: Policy,
    *,
    note: str,
    override_reason: str | None,
    may_override: bool = True,
    alias: str = "",
    now: int,
    who: str,
) -> tuple[Deployment, VersionDeployed]:
    """Raises NotAllowedNow, naming the first rule that isn't met, unless there is a reason to override it.

    Raises Forbidden for a reason given by somebody who may not override.
    """
    before = deployment.current
    if before is not None and before.version == version and before.digest == standing.digest:
        raise NotAllowedNow(f"{version} runs in {deployment.environment} already", code="RUNS_ALREADY")
    unmet = missing(policy, standing)
    if unmet and override_reason is None:
        raise NotAllowedNow(
            f"{deployment.model_name} {version} can't go to {deployment.environment}: "
            + " and ".join(_said(rule, standing) for rule in unmet),
            code=unmet[0],
            fix="Request a review and evaluate the gates; an administrator may override it with a reason.",
        )
    if unmet and not may_override:
        raise Forbidden(
            f"{who} may not override {', '.join(unmet)}", code="OVERRIDE_FORBIDDEN", fix="Ask an administrator."
        )
    reason = short_text("override_reason", override_reason or "") if unmet else ""
    event = VersionDeployed(
        environment=deployment.environment,
        model_name=deployment.model_name,
        version=version,
        former_version=None if before is None else before.version,
        digest=standing.digest,
        note=short_text("note", note, empty=True),
        overridden=unmet,
        override_reason=reason,
        alias=alias,
        approved_by=standing.approvers,
        by=who,
    )
    stay = Stay(
        version=version,
        digest=standing.digest,
        how="deployed",
        start=now,
        by=who,
        note=event.note,
        overridden=unmet,
        override_reason=reason,
        approved_by=standing.approvers,
    )
    return _with(deployment, stay, now), event


def rolled_back(
    deployment: Deployment,
    to_version: str | None,
    digest_of_target: str,
    *,
    reason: str,
    alias: str = "",
    now: int,
    who: str,
) -> tuple[Deployment, VersionRolledBack]:
    """Needs no new approval: it ran here before, and is still what it was then. Raises NotAllowedNow otherwise."""
    before = _running(deployment)
    target = rollback_target(deployment, to_version)
    if target.digest != digest_of_target:
        raise NotAllowedNow(
            f"{target.version} isn't what it was when it ran here",
            code="CONTENT_CHANGED",
            fix="Deploy it as a new version, with a review.",
        )
    event = VersionRolledBack(
        environment=deployment.environment,
        model_name=deployment.model_name,
        version=target.version,
        from_version=before.version,
        digest=target.digest,
        reason=short_text("reason", reason),
        alias=alias,
        by=who,
    )
    stay = Stay(
        version=target.version,
        digest=target.digest,
        how="rolled_back",
        start=now,
        by=who,
        note=event.reason,
        overridden=target.overridden,
        override_reason=target.override_reason,
        approved_by=target.approved_by,
    )
    return _with(deployment, stay, now), event


def rollback_target(deployment: Deployment, to_version: str | None) -> Stay:
    """The newest stay of another version than the one that runs, or of the given one."""
    current = _running(deployment)
    for stay in reversed(deployment.stays):
        if stay.version != current.version and to_version in (None, stay.version):
            return stay
    what = f"{to_version} never ran" if to_version else "nothing else ran"
    raise NotAllowedNow(f"{what} in {deployment.environment} before", code="NEVER_RAN_HERE", field="to_version")


def retired(
    deployment: Deployment, *, reason: str, alias: str = "", now: int, who: str
) -> tuple[Deployment, VersionRetired]:
    before = _running(deployment)
    event = VersionRetired(
        environment=deployment.environment,
        model_name=deployment.model_name,
        version=before.version,
        reason=short_text("reason", reason),
        alias=alias,
        by=who,
    )
    return msgspec.structs.replace(deployment, v=deployment.v + 1, stays=_ended(deployment, now)), event


def _running(deployment: Deployment) -> Stay:
    if deployment.current is None:
        raise NotAllowedNow(f"nothing of {deployment.model_name} runs in {deployment.environment}", code="NOTHING_RUNS")
    return deployment.current


def _ended(deployment: Deployment, now: int) -> list[Stay]:
    return [
        msgspec.structs.replace(stay, end=max(now, stay.start)) if stay.end is None else stay
        for stay in deployment.stays
    ]


def _with(deployment: Deployment, stay: Stay, now: int) -> Deployment:
    if len(deployment.stays) >= MANY_STAYS:
        raise TooLarge(f"an environment remembers {MANY_STAYS} stays of a model", field="environment")
    return msgspec.structs.replace(deployment, v=deployment.v + 1, stays=[*_ended(deployment, now), stay])


def short_text(path: str, text: str, *, empty: bool = False) -> str:
    text = text.strip()
    if not text and not empty:
        raise Invalid(f"{path} is empty", field=path, fix="Say it in a few words.")
    if len(text) > REASON_LENGTH:
        raise TooLarge(f"{path} has {len(text)} characters; the most is {REASON_LENGTH}", field=path)
    return text


def stay_view(stay: Stay) -> StayView:
    return StayView(
        version=stay.version,
        digest=stay.digest,
        how=stay.how,
        start=moment(stay.start),
        end=None if stay.end is None else moment(stay.end),
        by=stay.by,
        note=stay.note,
        overridden=stay.overridden,
        override_reason=stay.override_reason,
        approved_by=stay.approved_by,
    )


def view(deployment: Deployment, alias: str = "", most: int = MANY_STAYS) -> DeploymentView:
    """With the `most` newest stays."""
    stays = [stay_view(stay) for stay in reversed(deployment.stays[-most:])]
    return DeploymentView(
        environment=deployment.environment,
        model_name=deployment.model_name,
        current=stays[0] if deployment.current is not None else None,
        history=stays,
        revision=deployment.v,
        alias=alias,
    )


def renamed(deployment: Deployment, model_name: str, alias: str, events: int) -> tuple[Deployment, DeploymentRenamed]:
    """What ran and runs, under the model's new name, about which there were so many events."""
    id_ = deployment_id(deployment.environment, model_name)
    after = msgspec.structs.replace(deployment, id=id_, model_name=model_name, v=events + 1, r=1)
    event = DeploymentRenamed(
        environment=deployment.environment,
        model_name=model_name,
        former_name=deployment.model_name,
        version=deployment.current.version if deployment.current else "",
        alias=alias,
    )
    return after, event


def as_of(deployment: Deployment, then: int) -> Deployment | None:
    """What had run by then, and ran then; None if nothing ever had."""
    stays = [stay for stay in deployment.stays if stay.start <= then]
    if not stays:
        return None
    if stays[-1].end is not None and stays[-1].end > then:
        stays[-1] = msgspec.structs.replace(stays[-1], end=None)
    return msgspec.structs.replace(deployment, stays=stays)


def ran(deployment: Deployment, start: int, end: int | None) -> list[RanView]:
    """What ran at any time from `start` to `end`, both included."""
    return [
        RanView(environment=deployment.environment, model_name=deployment.model_name, stay=stay_view(stay))
        for stay in deployment.stays
        if (stay.end is None or stay.end >= start) and (end is None or stay.start <= end)
    ]
