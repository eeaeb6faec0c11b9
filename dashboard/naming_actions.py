"""Making, naming, ending, putting away and bringing back: experiments, runs, models, versions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dashboard.components.acting import Action, Field, Given, only
from dashboard.formats import plural
from dashboard.gateway.views import Outcome
from dashboard.links import Links

_PURGED = "for good"
_MOST_DAYS = 36_500
_ENDS = {"KILLED": "Stopped", "FAILED": "Failed", "FINISHED": "Finished"}


def _renaming(what: str, mutation: str, held: str, sent: str = "name") -> Action:
    """Gives a thing another name; the way back gives it the old one."""
    noun = what.partition(".")[0]

    def back(given: Given) -> tuple[str, dict[str, Any]] | None:
        former = given.get("known", {}).get("name")
        if not former or former == given.get(sent):
            return None
        return what, {held: given[held], "known": {"name": given[sent]}, sent: former}

    return Action(
        what,
        f"Rename the {noun}",
        mutation,
        "Rename it",
        f"The {noun} has another name.",
        fields=lambda given: [Field(sent, "Its name", required=True, value=given.get("known", {}).get("name"))],
        variables=only(held, sent),
        answers_id=False,
        undo=back,
    )


def _away(noun: str, held: str, words: str) -> tuple[Action, Action]:
    """Deleting, and restoring as its way back."""
    capital = noun.capitalize()
    return (
        Action(
            f"{noun}.delete",
            f"Delete the {noun}",
            f"delete{capital}",
            "Delete it",
            f"The {noun} is deleted.",
            words=lambda given: words,
            variables=only(held),
            danger=True,
            answers_id=False,
            undo=lambda given: (f"{noun}.restore", only(held, "known")(given)),
        ),
        Action(
            f"{noun}.restore",
            f"Restore the {noun}",
            f"restore{capital}",
            "Restore it",
            f"The {noun} is back.",
            variables=only(held),
            answers_id=False,
            undo=lambda given: (f"{noun}.delete", only(held, "known")(given)),
        ),
    )


def _spelled_out(*parts: str) -> Callable[[Given], Sequence[Field]]:
    """What can't be taken back is confirmed by writing its name."""
    return lambda given: [
        Field("spelled", f"Write “{' '.join(str(given[part]) for part in parts)}” to confirm", required=True)
    ]


def _for_good(*parts: str) -> Callable[[Given], dict[str, Any]]:
    def variables(given: Given) -> dict[str, Any]:
        """Raises ValueError where something else was written."""
        wanted = " ".join(str(given[part]) for part in parts)
        if str(given.get("spelled", "")).strip() != wanted:
            raise ValueError(f"that isn't “{wanted}”: nothing was deleted")
        return only(*parts)(given)

    return variables


def _to_model(links: Links, changed: str, given: Given) -> str:
    return links.model(given["model"])


def _days(given: Given) -> dict[str, Any]:
    """Raises ValueError for what is no number of days, or without the word that confirms it."""
    if str(given.get("spelled", "")).strip() != _PURGED:
        raise ValueError(f"that isn't “{_PURGED}”: nothing was deleted")
    days = float(given["days"])
    if not 0 <= days <= _MOST_DAYS:
        raise ValueError(f"days are a number from 0 to {_MOST_DAYS:,}")
    return {"days": days}


def _next_part(sent: dict[str, Any], outcome: Outcome) -> dict[str, Any] | None:
    """The registry deletes for good in parts, and passes over what it had to keep so far."""
    report = outcome.report
    if report is None or not report.more:
        return None
    kept_runs = sent.get("keptRuns", 0) + len(report.kept_runs)
    return {**sent, "keptRuns": kept_runs, "keptModels": sent.get("keptModels", 0) + len(report.kept_models)}


def _purged(outcomes: Sequence[Outcome]) -> str:
    reports = [one.report for one in outcomes if one.report]
    went = [
        plural(sum(one.runs for one in reports), "run"),
        plural(sum(one.logged_models for one in reports), "logged model"),
        plural(sum(one.experiments for one in reports), "experiment"),
    ]
    kept = sum(len(one.kept_runs) + len(one.kept_models) for one in reports)
    stay = f" {kept:,} stay, because registered versions need them." if kept else ""
    return f"Gone for good: {', '.join(went)}.{stay}"


_EXPERIMENTS = (
    Action(
        "deleted.purge",
        "Delete for good what was deleted",
        "purgeDeleted",
        "Delete it for good",
        "What was deleted is gone for good.",
        fields=lambda given: [
            Field("days", "Deleted at least so many days ago", "number", required=True, value=30),
            Field("spelled", f"Write “{_PURGED}” to confirm", required=True),
        ],
        words=lambda given: (
            "Runs, logged models and experiments of everybody go with their files, and don't come back; what a "
            "registered version needs stays. Only administrators may. The audit trail keeps that it was done."
        ),
        variables=_days,
        danger=True,
        keyed=False,
        answers_id=False,
        answers="report { runs loggedModels experiments keptRuns keptModels more }",
        further=_next_part,
        tells=_purged,
    ),
    Action(
        "experiment.create",
        "New experiment",
        "createExperiment",
        "Make it",
        "The experiment is there.",
        fields=lambda given: [Field("name", "Its name", required=True)],
        variables=only("name"),
        answers_id=False,
    ),
    _renaming("experiment.rename", "renameExperiment", "experimentId"),
    Action(
        "experiment.describe",
        "Describe the experiment",
        "describeExperiment",
        "Save",
        "The description is saved.",
        fields=lambda given: [
            Field("description", "What it is about", "long", value=given.get("known", {}).get("description"))
        ],
        variables=lambda given: {**only("experimentId")(given), "description": str(given.get("description") or "")},
        answers_id=False,
        undo=lambda given: (
            "experiment.describe",
            {**only("experimentId")(given), "description": given.get("known", {}).get("description") or ""},
        ),
    ),
    *_away("experiment", "experimentId", "It goes with its runs. All of that can be restored until it is purged."),
)
_RUNS = (
    _renaming("run.rename", "renameRun", "runId"),
    Action(
        "run.end",
        "End the run",
        "endRun",
        "End it",
        "The run has ended.",
        fields=lambda given: [Field("status", "How it ended", "choice", True, _ENDS, "KILLED")],
        words=lambda given: "For a run whose program is gone. No program is stopped by this.",
        variables=only("runId", "status"),
        danger=True,
        answers_id=False,
    ),
    *_away("run", "runId", "No list shows it any more. It can be restored until it is purged."),
)
_MODELS = (
    Action(
        "model.register",
        "New model",
        "registerModel",
        "Register it",
        "The model is registered.",
        fields=lambda given: [
            Field("model", "Its name", required=True),
            Field("description", "What it is for", "long"),
        ],
        variables=only("model", "description"),
        answers_id=False,
        goes_to=_to_model,
    ),
    Action(
        "model.rename",
        "Rename the model",
        "renameModel",
        "Rename it",
        "The model has another name.",
        fields=lambda given: [Field("newName", "Its name", required=True, value=given["model"])],
        words=lambda given: "Versions, reviews and deployments come along; whoever loads it by the old name fails.",
        variables=only("model", "newName"),
        danger=True,
        answers_id=False,
        goes_to=lambda links, changed, given: links.model(given["newName"]),
        undo=lambda given: ("model.rename", {"model": given["newName"], "newName": given["model"]}),
    ),
    Action(
        "model.describe",
        "Describe the model",
        "describeModel",
        "Save",
        "The description is saved.",
        fields=lambda given: [Field("description", "What it is for", "long", value=given.get("known"))],
        variables=lambda given: {**only("model")(given), "description": str(given.get("description") or "")},
        answers_id=False,
        undo=lambda given: ("model.describe", {**only("model")(given), "description": given.get("known") or ""}),
    ),
    Action(
        "model.delete",
        "Delete the model",
        "deleteModel",
        "Delete it for good",
        "The model is deleted.",
        fields=_spelled_out("model"),
        words=lambda given: "It goes with its versions and aliases, and doesn't come back. The record keeps what was.",
        variables=_for_good("model"),
        danger=True,
        answers_id=False,
        goes_to=lambda links, changed, given: links.models(),
    ),
    Action(
        "version.delete",
        "Delete the version",
        "deleteModelVersion",
        "Delete it for good",
        "The version is deleted.",
        fields=_spelled_out("model", "version"),
        words=lambda given: "It goes with the aliases that point at it, and doesn't come back. Its run stays.",
        variables=_for_good("model", "version"),
        danger=True,
        answers_id=False,
        goes_to=_to_model,
    ),
)

NAMING: tuple[Action, ...] = (*_EXPERIMENTS, *_RUNS, *_MODELS)
