"""What deployments, monitoring, alerts and retraining show on a board."""

from __future__ import annotations

from collections.abc import Iterable

from services.contracts.alert_rules import AlertRulesSet
from services.contracts.alerts import AlertAcknowledged, AlertOpened, AlertReopened, AlertResolved
from services.contracts.deployments import VersionDeployed, VersionRetired, VersionRolledBack
from services.contracts.monitor import ReferenceSet, WindowClosed
from services.contracts.projects import Proof
from services.contracts.registry import AliasSet
from services.contracts.retraining import (
    RetrainingAnswered,
    RetrainingDeclined,
    RetrainingOpened,
    RetrainingRunFailed,
    RetrainingStarted,
)
from services.registry.projects.reading import Facts, Rule, version_about, version_proof
from services.registry.projects.rules import Found

SERVING_ALIASES = ("champion", "challenger")
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


# ---------------------------------------------------------------- deployments


def _deployed(event: VersionDeployed, facts: Facts) -> Iterable[Found]:
    """A version that was let through by an override stays in question as long as it runs."""
    note = f"{event.model_name} {event.version} runs in {event.environment}, deployed by {event.by}"
    if event.approved_by:
        note += f", approved by {', '.join(event.approved_by)}"
    if event.overridden:
        note += f" by an override of {', '.join(event.overridden)}: {event.override_reason}"
    yield Found(
        item="deployed",
        about=_place(event.environment, event.model_name),
        verdict="bad" if event.overridden else "good",
        proof=_deployment(event),
        note=note,
        tells=True,
    )


def _rolled_back(event: VersionRolledBack, facts: Facts) -> Iterable[Found]:
    note = f"{event.model_name} {event.version} instead of {event.from_version} in {event.environment}: {event.reason}"
    about, proof = _place(event.environment, event.model_name), _deployment(event)
    yield Found(item="rollback", about=about, verdict="good", proof=proof, note=note)
    yield Found(item="deployed", about=about, verdict="good", proof=proof, note=note, tells=True)


def _retired(event: VersionRetired, facts: Facts) -> Iterable[Found]:
    note = f"{event.model_name} {event.version} no longer runs in {event.environment}: {event.reason}"
    about = _place(event.environment, event.model_name)
    yield Found(item="deployed", about=about, verdict="lapsed", proof=_deployment(event), note=note)


def _place(environment: str, model_name: str) -> str:
    return f"deployment:{environment}/{model_name}"


def _deployment(event: VersionDeployed | VersionRolledBack | VersionRetired) -> Proof:
    return Proof(kind="deployment", id=f"{event.environment}/{event.model_name}/{event.version}")


# ---------------------------------------------------------------- monitoring


def _watched(event: ReferenceSet, facts: Facts) -> Iterable[Found]:
    about = version_about(event.model_name, event.version)
    proof = Proof(kind="monitored", id=f"{event.model_name}/{event.version}")
    note = f"{len(event.features)} features against {event.rows} rows, windows of {event.window_seconds} s"
    yield Found(item="rules_on", about=about, verdict="good", proof=proof, note=note)


def _rules_set(event: AlertRulesSet, facts: Facts) -> Iterable[Found]:
    """A version that nothing would be told of isn't watched."""
    rules = "the built-in rules" if event.default else f"{len(event.rules)} rules"
    none = not event.default and not event.rules
    yield Found(
        item="rules_on",
        about=f"alert rules of {version_about(event.model_name, event.version)}",
        verdict="bad" if none else "good",
        proof=Proof(kind="monitored", id=f"{event.model_name}/{event.version}"),
        note=f"{event.model_name} {event.version}: {'no alert rule is on' if none else rules}",
    )


def _window(event: WindowClosed) -> Proof:
    return Proof(kind="window", id=f"{event.model_name}/{event.version}/{event.start.isoformat()}")


def _alive(event: WindowClosed, facts: Facts) -> Iterable[Found]:
    about, rows = version_about(event.model_name, event.version), event.figures.rows
    yield Found(
        item="ingest_alive",
        about=about,
        verdict="good" if rows else "bad",
        proof=_window(event),
        note=f"{rows} predictions until {event.end:%Y-%m-%d %H:%M}",
    )


def _drifted(event: WindowClosed, facts: Facts) -> Iterable[Found]:
    """Drift waits for an answer until a window without it comes, or the version is out of use."""
    drifted = event.figures.drifted
    named = ", ".join(drifted[:10]) + (f" and {len(drifted) - 10} more" if len(drifted) > 10 else "")
    yield Found(
        item="alerts_answered",
        about=f"drift of {version_about(event.model_name, event.version)}",
        verdict="bad" if drifted else "good",
        proof=_window(event),
        note=f"{event.model_name} {event.version} drifted: {named}" if drifted else "no feature drifted",
    )


def _replaced(event: AliasSet, facts: Facts) -> Iterable[Found]:
    """What monitoring found about a version that is no longer champion or challenger doesn't matter any more."""
    if event.alias not in SERVING_ALIASES or event.former_version in (None, event.version):
        return
    former = event.former_version or ""
    about = version_about(event.model_name, former)
    proof = version_proof(event.model_name, event.version)
    note = f"{event.model_name} {event.version} took over as {event.alias}"
    lapsed = (
        ("ingest_alive", about, ""),
        ("rules_on", about, f"alert rules of {about}"),
        ("alerts_answered", f"drift of {about}", _alerts_of(event.model_name, former)),
    )
    for item, what, settles in lapsed:
        yield Found(item=item, about=what, verdict="lapsed", proof=proof, note=note, settles=settles)


# ---------------------------------------------------------------- alerts


def _alerts_of(model_name: str, version: str) -> str:
    return f"alert of {version_about(model_name, version)}:"


def _alert(
    event: AlertOpened | AlertReopened | AlertAcknowledged | AlertResolved, verdict: str, note: str
) -> Iterable[Found]:
    yield Found(
        item="alerts_answered",
        about=f"{_alerts_of(event.model_name, event.version)}{event.alert_id}",
        verdict="good" if verdict == "good" else "bad",
        proof=Proof(kind="alert", id=event.alert_id),
        note=f"{event.model_name} {event.version}, {event.rule}: {note}",
        tells=True,
    )


def _alert_opened(event: AlertOpened, facts: Facts) -> Iterable[Found]:
    """Merely informing alerts need nobody's attention."""
    if event.severity != "info":
        yield from _alert(event, "bad", event.title)


def _alert_reopened(event: AlertReopened, facts: Facts) -> Iterable[Found]:
    if event.severity != "info":
        yield from _alert(event, "bad", f"back for the {event.times}. time")


def _alert_acknowledged(event: AlertAcknowledged, facts: Facts) -> Iterable[Found]:
    after = lasted(event.after_seconds)
    yield from _alert(event, "bad", f"{event.by} takes care since {after} after it opened: {event.note}".rstrip(": "))


def _alert_resolved(event: AlertResolved, facts: Facts) -> Iterable[Found]:
    how = "by itself" if event.resolution == "by_itself" else f"by {event.by}"
    after = lasted(event.after_seconds)
    yield from _alert(event, "good", f"resolved {how} after {after}: {event.reason}".rstrip(": "))


def lasted(seconds: float) -> str:
    """A length of time for people: the largest unit that it fills."""
    for unit, name in ((DAY, "days"), (HOUR, "hours"), (MINUTE, "minutes")):
        if seconds >= unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.0f} seconds"


# ---------------------------------------------------------------- retraining


def _retraining(
    event: RetrainingOpened | RetrainingStarted | RetrainingRunFailed | RetrainingAnswered | RetrainingDeclined,
    verdict: str,
    note: str,
) -> Iterable[Found]:
    yield Found(
        item="retraining",
        about=f"retraining:{event.retraining_id}",
        verdict="good" if verdict == "good" else "bad" if verdict == "bad" else "lapsed",
        proof=Proof(kind="retraining", id=event.retraining_id),
        note=f"{event.model_name} {event.version}: {note}",
        tells=True,
    )


def _retraining_opened(event: RetrainingOpened, facts: Facts) -> Iterable[Found]:
    yield from _retraining(event, "bad", f"{event.by} asks for retraining: {event.reason}")


def _retraining_started(event: RetrainingStarted, facts: Facts) -> Iterable[Found]:
    yield from _retraining(event, "bad", f"being retrained by {event.by}, run {event.run_id}")


def _retraining_failed(event: RetrainingRunFailed, facts: Facts) -> Iterable[Found]:
    yield from _retraining(event, "bad", f"run {event.run_id} ended as {event.status}, nothing answers it yet")


def _retraining_answered(event: RetrainingAnswered, facts: Facts) -> Iterable[Found]:
    what = f"version {event.new_version}" if event.new_version else f"run {event.run_id}"
    yield from _retraining(event, "good", f"retrained by {event.by}: {what}")


def _retraining_declined(event: RetrainingDeclined, facts: Facts) -> Iterable[Found]:
    yield from _retraining(event, "lapsed", f"{event.by} declines: {event.reason}")


RULES: tuple[Rule, ...] = (
    Rule(VersionDeployed, _deployed),
    Rule(VersionRolledBack, _rolled_back),
    Rule(VersionRetired, _retired),
    Rule(ReferenceSet, _watched),
    Rule(AlertRulesSet, _rules_set),
    Rule(WindowClosed, _alive),
    Rule(WindowClosed, _drifted),
    Rule(AliasSet, _replaced),
    Rule(AlertOpened, _alert_opened),
    Rule(AlertReopened, _alert_reopened),
    Rule(AlertAcknowledged, _alert_acknowledged),
    Rule(AlertResolved, _alert_resolved),
    Rule(RetrainingOpened, _retraining_opened),
    Rule(RetrainingStarted, _retraining_started),
    Rule(RetrainingRunFailed, _retraining_failed),
    Rule(RetrainingAnswered, _retraining_answered),
    Rule(RetrainingDeclined, _retraining_declined),
)
