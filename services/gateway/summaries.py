"""One sentence about an event, for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from services.contracts import (
    alert_rules,
    alerts,
    cards,
    datasets,
    deployments,
    duplicates,
    evaluations,
    gates,
    identity,
    insights,
    monitor,
    profiles,
    projects,
    registry,
    reproduction,
    retraining,
    reviews,
    silences,
)
from services.contracts.base import Event
from services.contracts.catalogue import EVENTS

E = TypeVar("E", bound=Event)

_MOST_NAMED = 3
_MOST_CHARACTERS = 120


def _some(names: list[str]) -> str:
    named = ", ".join(names[:_MOST_NAMED])
    rest = len(names) - _MOST_NAMED
    return f"{named} and {rest} more" if rest > 0 else named


def _percent(value: float | None, name: str) -> str:
    return "" if value is None else f", {name} {value:.3f}"


def _data_logged(event: registry.RunDataLogged) -> str:
    parts = [f"{name} {value:.4g}" for name, value in sorted(event.metrics.items())]
    if event.params:
        parts.append(f"{len(event.params)} parameter{'s' * (len(event.params) != 1)}")
    if event.tags and not parts:
        parts.append(f"tags {_some(sorted(event.tags))}")
    return f"logged {_some(parts) or 'data'} in run {event.run_id[:8]}"


def _alias_set(event: registry.AliasSet) -> str:
    before = f" (before: version {event.former_version})" if event.former_version else ""
    return f"pointed {event.alias} of {event.model_name} at version {event.version}{before}"


def _window_closed(event: monitor.WindowClosed) -> str:
    figures = event.figures
    drifted = f", drifted: {_some(figures.drifted)}" if figures.drifted else ""
    return (
        f"closed the window of {event.start:%Y-%m-%d %H:%M} of {event.model_name} version {event.version}: "
        f"{figures.rows} rows{_percent(figures.roc_auc, 'ROC-AUC')}{drifted}"
    )


_ASSUMED = {"open": "assumed", "verified": "verified", "refuted": "refuted"}
_DECIDED = {"approve": "approved", "ask_for_changes": "asked for changes of"}


def _words(key: str) -> str:
    return key.replace("_", " ")


def _proof(proof: projects.Proof) -> str:
    if proof.kind == "window" and proof.id.count("/") == 2:
        model, version, start = proof.id.split("/")
        return f"the window of {start[:16].replace('T', ' ')} of {model} version {version}"
    return f"{proof.kind} {proof.id}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MOST_CHARACTERS else line[: _MOST_CHARACTERS - 1] + "…"


def _part(about: reviews.ReviewPart | None) -> str:
    """With which the name of a version goes on."""
    return "" if about is None else f"{about.kind} {_short(about.key)} of "


def _figures(metrics: dict[str, float]) -> str:
    return _some([f"{name} {value:.4g}" for name, value in sorted(metrics.items())])


def _subject(event: evaluations.EvaluationRecorded) -> str:
    return f"{event.model_name} version {event.version}" if event.model_name else f"run {(event.run_id or '')[:8]}"


_SENTENCES: dict[type[Event], Callable[[Any], str]] = {}


def _tells(event_type: type[E], sentence: Callable[[E], str]) -> None:
    _SENTENCES[event_type] = sentence


_tells(registry.ExperimentCreated, lambda e: f"created the experiment {e.experiment_name}")
_tells(registry.ExperimentUpdated, lambda e: f"changed {_some(e.changed)} of the experiment {e.experiment_name}")
_tells(registry.RunStarted, lambda e: f"started the run {e.run_name}")
_tells(registry.RunDataLogged, _data_logged)
_tells(
    registry.RunInputsLogged, lambda e: f"used {_some([d.name for d in e.datasets]) or 'inputs'} in run {e.run_id[:8]}"
)
_tells(registry.RunOutputsLogged, lambda e: f"logged {len(e.model_ids)} model(s) in run {e.run_id[:8]}")
_tells(registry.RunUpdated, lambda e: f"changed {_some(e.changed)} of the run {e.run_name}")
_tells(registry.RunEnded, lambda e: f"ended the run {e.run_name}: {e.status.lower()}")
_tells(registry.RunPurged, lambda e: f"deleted the run {e.run_id[:8]} for good")
_tells(registry.ExperimentPurged, lambda e: f"deleted the experiment {e.experiment_name} for good")
_tells(registry.LoggedModelPurged, lambda e: f"deleted the logged model {e.model_id[:8]} for good")
_tells(registry.LoggedModelCreated, lambda e: f"logged the model {e.model_name}")
_tells(registry.LoggedModelUpdated, lambda e: f"changed {_some(e.changed)} of the logged model {e.model_id[:8]}")
_tells(registry.ArtifactStored, lambda e: f"stored {e.path} ({e.size} bytes)")
_tells(registry.ArtifactRemoved, lambda e: f"removed {e.path}")
_tells(registry.ModelRegistered, lambda e: f"registered the model {e.model_name}")
_tells(registry.ModelUpdated, lambda e: f"changed {_some(e.changed)} of the model {e.model_name}")
_tells(registry.AliasSet, _alias_set)
_tells(registry.AliasRemoved, lambda e: f"removed {e.alias} of {e.model_name} from version {e.version}")
_tells(registry.VersionRegistered, lambda e: f"registered {e.model_name} version {e.version}")
_tells(registry.VersionUpdated, lambda e: f"changed {_some(e.changed)} of {e.model_name} version {e.version}")
_tells(
    monitor.ReferenceSet,
    lambda e: f"set {e.reference} ({e.rows} rows) as the reference of {e.model_name} version {e.version}",
)
_tells(monitor.WindowClosed, _window_closed)
_tells(projects.ProjectCreated, lambda e: f"created the project {e.project_name}")
_tells(projects.ProjectUpdated, lambda e: f"{'archived' if e.archived else 'changed'} the project {e.project_name}")
_tells(projects.ThingAssigned, lambda e: f"gave the {e.thing.kind} {e.thing.id} to the project {e.project_id}")
_tells(projects.ThingReleased, lambda e: f"took the {e.thing.kind} {e.thing.id} from the project {e.project_id}")
_tells(projects.AnswerFilled, lambda e: f"answered {_words(e.item)}" if e.text or e.fields else f"took back {e.item}")
_tells(projects.ItemWaived, lambda e: f"waived {_words(e.item)}: {_short(e.reason)}")
_tells(projects.ItemAdded, lambda e: f"added {_short(e.title)} to the stage {_words(e.stage)}")
_tells(projects.EvidenceFound, lambda e: f"found {e.verdict} evidence for “{_words(e.item)}”: {_proof(e.proof)}")
_tells(projects.MovedBack, lambda e: f"moved back from {_words(e.stage)} to {_words(e.to)}: {_short(e.reason)}")
_tells(projects.StageConfirmed, lambda e: f"confirmed the stage {_words(e.stage)}: {_short(e.reason)}")
_tells(projects.MilestoneSet, lambda e: f"set the milestone {_short(e.title)}, due {e.due}")
_tells(projects.AssumptionSet, lambda e: f"{_ASSUMED[e.status]} {_short(e.text)}")
_tells(insights.InsightWritten, lambda e: f"{'wrote' if e.revision == 1 else 'changed'} the insight {_short(e.title)}")
_tells(insights.InsightCommented, lambda e: f"commented on an insight: {_short(e.text)}")
_tells(insights.InsightRemoved, lambda e: f"removed an insight: {_short(e.reason)}")
_tells(
    duplicates.SimilarRunsFound,
    lambda e: f"found {len(e.exact)} equal and {len(e.near)} similar runs to {e.run_name}",
)
_tells(reviews.ReviewRequested, lambda e: f"asked for a review of {e.model_name} version {e.version}")
_tells(
    reviews.ReviewCommented,
    lambda e: f"commented on {_part(e.about)}{e.model_name} version {e.version}: {_short(e.text)}",
)
_tells(
    reviews.ReviewCommentResolved,
    lambda e: f"resolved a remark on {_part(e.about)}{e.model_name} version {e.version}",
)
_tells(
    reviews.ReviewCommentReopened,
    lambda e: f"reopened a remark on {_part(e.about)}{e.model_name} version {e.version}",
)
_tells(
    reviews.ReviewDecided,
    lambda e: f"{_DECIDED[e.decision]} {e.model_name} version {e.version}: {_short(e.reason)}",
)
_tells(reviews.ReviewRenamed, lambda e: f"moved the review of {e.former_name} version {e.version} to {e.model_name}")
_tells(reviews.ReviewLapsed, lambda e: f"changed {e.model_name} version {e.version}: its review has lapsed")
_tells(reviews.ReviewWithdrawn, lambda e: f"withdrew the review of {e.model_name} version {e.version}")
_tells(
    evaluations.EvaluationRecorded,
    lambda e: f"evaluated {_subject(e)} on {e.split.name}: {_figures(e.metrics) or 'no metrics'}",
)
_tells(
    evaluations.GatesEvaluated,
    lambda e: (
        f"{e.model_name} version {e.version} {'passed' if e.passed else 'failed'} its gates"
        + "".join(f", {v.gate.name} {v.outcome}" for v in e.verdicts if v.outcome != "passed")
    ),
)
_tells(
    deployments.VersionDeployed,
    lambda e: (
        f"deployed {e.model_name} version {e.version} to {e.environment}"
        + (f" in spite of {_some([_words(rule.lower()) for rule in e.overridden])}" if e.overridden else "")
    ),
)
_tells(
    deployments.VersionRolledBack,
    lambda e: f"rolled {e.environment} back to {e.model_name} version {e.version}: {_short(e.reason)}",
)
_tells(deployments.DeploymentRenamed, lambda e: f"{e.former_name} goes on in {e.environment} as {e.model_name}")
_tells(deployments.VersionRetired, lambda e: f"retired {e.model_name} version {e.version} from {e.environment}")
_tells(gates.GatePolicySet, lambda e: f"set {len(e.gates)} gates and {e.approvals} approvals for a project's versions")
_tells(deployments.EnvironmentSet, lambda e: f"set what the environment {e.environment} asks for")
_tells(
    retraining.RetrainingOpened,
    lambda e: f"asked for retraining of {e.model_name} version {e.version}: {_short(e.reason)}",
)
_tells(retraining.RetrainingStarted, lambda e: f"began retraining {e.model_name} version {e.version}")
_tells(
    retraining.RetrainingAnswered,
    lambda e: (
        f"answered the request for retraining of {e.model_name} version {e.version} with "
        + (f"version {e.new_version}" if e.new_version else f"run {e.run_id[:8]}")
    ),
)
_tells(
    retraining.RetrainingRunFailed,
    lambda e: (
        f"run {e.run_id[:8]}, which was to answer the request for retraining of {e.model_name} version {e.version}, "
        f"ended as {e.status}: the request is open again"
    ),
)
_tells(retraining.RetrainingDeclined, lambda e: f"declined retraining of {e.model_name}: {_short(e.reason)}")
_tells(alerts.AlertOpened, lambda e: f"opened the {e.severity} alert {_short(e.title)}")
_tells(alerts.AlertReopened, lambda e: f"reopened the {e.severity} alert {e.rule} of {e.model_name} {e.version}")
_tells(alerts.AlertAcknowledged, lambda e: f"takes care of the alert {e.rule} of {e.model_name} version {e.version}")
_tells(alerts.AlertCommented, lambda e: f"commented on an alert of {e.model_name}: {_short(e.text)}")
_tells(
    alerts.AlertResolved,
    lambda e: f"resolved the alert {e.rule} of {e.model_name} version {e.version} ({_words(e.resolution)})",
)
_tells(alerts.RetrainingRequested, lambda e: f"an alert asks for retraining of {e.model_name}: {_short(e.reason)}")
_tells(alert_rules.AlertRulesSet, lambda e: f"set {len(e.rules)} alert rules of {e.model_name} version {e.version}")
_tells(silences.SilenceSet, lambda e: f"silenced alerts from {e.start:%Y-%m-%d %H:%M} to {e.end:%Y-%m-%d %H:%M}")
_tells(silences.SilenceEnded, lambda e: "ended a silence")
_tells(datasets.DataSourceDescribed, lambda e: f"described the data source {e.source}")
_tells(datasets.DatasetVersionRegistered, lambda e: f"registered version {e.number} of the dataset {e.dataset}")
_tells(datasets.FeaturesDescribed, lambda e: f"described {e.features} features of the dataset {e.dataset}")
_tells(datasets.SplitsRecorded, lambda e: f"split the dataset {e.dataset} into {_some([s.role for s in e.splits])}")
_tells(datasets.SealedSplitUsed, lambda e: f"used the sealed split of {e.dataset} in run {e.run_id[:8]} ({e.uses}×)")
_tells(
    profiles.DatasetProfiled,
    lambda e: f"profiled the dataset {e.dataset}: {e.rows} rows, {e.columns} columns, {e.missing_cells} cells missing",
)
_tells(
    profiles.DatasetDerived,
    lambda e: f"made {e.dataset} from {e.parent.dataset}: {e.rows[0]} rows before, {e.rows[1]} after",
)
_tells(profiles.RepresentationChecked, lambda e: f"checked the groups of {e.column} in {e.dataset}: {e.outcome}")
_tells(profiles.OverlapChecked, lambda e: f"compared {e.dataset} with {e.other.dataset}: {e.shared} rows in both")
_tells(reproduction.RunScored, lambda e: f"scored how well run {e.run_id[:8]} can be made again: {e.score:.0%}")
_tells(reproduction.RunReproduced, lambda e: f"made run {e.run_id[:8]} again: {e.outcome}")
_tells(cards.CardWritten, lambda e: f"wrote the words of the cards of {e.model_name}")
_tells(cards.CardPublished, lambda e: f"published card {e.revision} of {e.model_name} version {e.version}")
_tells(identity.TokenCreated, lambda e: f"created a token for {e.user} as {e.role.value}")
_tells(identity.TokenRevoked, lambda e: f"revoked a token of {e.user}")


def summary(type_: str, aggregate_id: str, data: str | bytes) -> str:
    """What the event of CloudEvents type `type_` says; of a type that isn't known here, the type in words."""
    event_type = EVENTS.get(type_)
    sentence = _SENTENCES.get(event_type) if event_type else None
    if event_type is not None and sentence is not None:
        try:
            return sentence(msgspec.json.decode(data, type=event_type))
        except msgspec.MsgspecError:
            pass  # from a newer release: the plain rendering below says what can be said
    words = type_.split(".")
    return " ".join([*words[1:-1], aggregate_id]).replace("_", " ")
