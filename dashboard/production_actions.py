"""What can be done with versions, deployments, environments and alerts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from dashboard.components.acting import Action, Field, Given, only, restoring

# ---------------------------------------------------------------- models


def _alias_back(given: Given) -> tuple[str, dict[str, Any]] | None:
    """Points the alias back where it was; takes it away if it was nowhere."""
    alias = given.get("alias") or "champion"
    if "aliases" not in given:
        return None
    former = given["aliases"].get(alias)
    kept = {"model": given["model"], "alias": alias}
    return ("model.alias", {**kept, "version": former}) if former else ("model.unalias", kept)


_MODELS = (
    Action(
        "model.alias",
        "Set an alias",
        "setAlias",
        "Point it here",
        "The alias is set.",
        fields=lambda given: [
            Field("alias", "Alias", required=True, value="champion", hint="Such as champion or challenger."),
        ],
        words=lambda given: f"Whoever loads the model by this alias gets v{given['version']} from now on, at once.",
        variables=only("model", "alias", "version"),
        danger=True,
        answers_id=False,
        undo=_alias_back,
    ),
)


# ---------------------------------------------------------------- deployments


def _deploying(given: Given) -> Sequence[Field]:
    fields = [Field("note", "Note", hint="Stands in the record.")]
    if given.get("missing"):
        fields.append(
            Field(
                "overrideReason",
                "Deploy it nevertheless, because",
                "long",
                hint="For administrators only. It stays visible for ever.",
            )
        )
    return fields


def _deployed_words(given: Given) -> str:
    instead = f" instead of v{given['former']}" if given.get("former") else ""
    missing = {"REVIEW_NOT_APPROVED": "an approved review", "GATES_NOT_PASSED": "passed gates"}
    lacks = " and ".join(missing.get(rule, rule) for rule in given.get("missing", []))
    warning = f" It lacks {lacks}: without a reason to override that, it is refused." if lacks else ""
    return f"{given['model']} v{given['version']} will run in {given['environment']}{instead}.{warning}"


def _deploy_back(given: Given) -> tuple[str, dict[str, Any]] | None:
    """What ran before runs again."""
    if not given.get("former"):
        return None
    kept = {"model": given["model"], "environment": given["environment"], "toVersion": given["former"]}
    return "deployment.roll_back", {**kept, "reason": "Undone right after deploying."}


def _roll_forward(given: Given) -> tuple[str, dict[str, Any]] | None:
    """What was rolled back runs again: it ran there before, by now."""
    if not given.get("current"):
        return None
    kept = {"model": given["model"], "environment": given["environment"], "toVersion": given["current"]}
    return "deployment.roll_back", {**kept, "reason": "Undone right after rolling back."}


_DEPLOYMENTS = (
    Action(
        "deployment.deploy",
        "Deploy",
        "deployVersion",
        "Deploy it",
        "It is deployed.",
        fields=_deploying,
        words=_deployed_words,
        variables=only("model", "environment", "version", "note", "overrideReason", "expected"),
        danger=True,
        undo=_deploy_back,
    ),
    Action(
        "deployment.roll_back",
        "Roll back",
        "rollBack",
        "Roll back",
        "It is rolled back.",
        fields=lambda given: [
            Field(
                "toVersion", "To which version", "choice", True, _versions(given), next(iter(_versions(given)), None)
            ),
            Field("reason", "Why", "long", required=True),
        ],
        words=lambda given: (
            f"In {given['environment']}, an earlier version takes the place of v{given.get('current', '?')}."
        ),
        variables=only("model", "environment", "toVersion", "reason", "expected"),
        danger=True,
        undo=_roll_forward,
    ),
    Action(
        "deployment.retire",
        "Retire",
        "retireVersion",
        "Retire it",
        "Nothing of this model runs there any more.",
        fields=lambda given: [Field("reason", "Why", "long", required=True)],
        words=lambda given: f"Nothing of {given['model']} will run in {given['environment']} any more.",
        variables=only("model", "environment", "reason"),
        danger=True,
    ),
    Action(
        "environment.set",
        "Environment",
        "setEnvironment",
        "Save",
        "The environment is set.",
        fields=lambda given: [
            Field("environment", "Name", required=True, value=given.get("known", {}).get("environment")),
            Field("description", "What it is for", value=given.get("known", {}).get("description")),
            Field(
                "needsApproval",
                "Needs an approved review",
                "check",
                value=given.get("known", {}).get("needsApproval", True),
            ),
            Field("needsGates", "Needs passed gates", "check", value=given.get("known", {}).get("needsGates", True)),
            Field(
                "alias",
                "Alias that follows what runs here",
                value=given.get("known", {}).get("alias"),
                hint="Such as champion; none if it stays empty.",
            ),
        ],
        words=lambda given: "It counts from the next deployment on; what runs there stays.",
        variables=lambda given: {
            **only("environment", "expected")(given),
            "description": given.get("description") or "",
            "needsApproval": bool(given.get("needsApproval")),
            "needsGates": bool(given.get("needsGates")),
            "alias": given.get("alias") or "",
        },
        undo=restoring("environment.set", "environment"),
    ),
)


def _versions(given: Given) -> dict[str, str]:
    return {number: f"v{number}" for number in given.get("choices", [])}


# ---------------------------------------------------------------- alerts and retraining


def _silence(given: Given) -> dict[str, Any]:
    hours = float(given.get("hours") or 24)
    now = datetime.now(UTC)
    start = datetime.fromisoformat(str(given["from"])[:10]).replace(tzinfo=UTC) if given.get("from") else now
    return {
        **only("model", "version", "rule", "reason")(given),
        "start": start.isoformat(),
        "end": (start + timedelta(hours=hours)).isoformat(),
    }


def _on_alert(name: str, title: str, mutation: str, confirm: str, done: str, field: Field, words: str) -> Action:
    return Action(
        name,
        title,
        mutation,
        confirm,
        done,
        fields=lambda given: [field],
        words=lambda given: words,
        variables=only("alertId", field.name),
    )


def _not_retrained(given: Given) -> tuple[str, dict[str, Any]] | None:
    if not given.get("changed"):
        return None
    return "retraining.decline", {"id": given["changed"], "reason": "Taken back right after it was asked for."}


_ALERTS = (
    _on_alert(
        "alert.acknowledge",
        "Look after it",
        "acknowledgeAlert",
        "I look after it",
        "It is yours.",
        Field("note", "What you are going to do", "long"),
        "Others see that you look after it.",
    ),
    _on_alert(
        "alert.resolve",
        "Resolve",
        "resolveAlert",
        "Resolve it",
        "It is resolved.",
        Field("reason", "What was found and done", "long", required=True),
        "If the rule goes on firing, a new alert opens only after it was quiet once.",
    ),
    _on_alert(
        "alert.comment",
        "Comment",
        "commentAlert",
        "Send",
        "The comment is there.",
        Field("text", "Comment", "long", required=True),
        "",
    ),
    Action(
        "silence.set",
        "Silence",
        "setSilence",
        "Silence it",
        "It is silenced.",
        fields=lambda given: [
            Field("model", "Model", value=given.get("model"), hint="Every model, if it stays empty."),
            Field("version", "Version", value=given.get("version")),
            Field("rule", "Rule", value=given.get("rule"), hint="Every rule, if it stays empty."),
            Field("from", "From", "date", hint="In event time; now, if it stays empty."),
            Field("hours", "For how many hours", "number", True, value=24),
            Field("reason", "Why", required=True),
        ],
        words=lambda given: "Windows in this time neither open, continue nor resolve alerts.",
        variables=_silence,
        undo=lambda given: ("silence.end", {"silenceId": given["changed"]}) if given.get("changed") else None,
    ),
    Action(
        "silence.end",
        "End the silence",
        "endSilence",
        "End it",
        "The silence is over.",
        words=lambda given: "Windows that overlapped it until now stay silenced.",
        variables=only("silenceId"),
    ),
    Action(
        "retraining.request",
        "Request retraining",
        "requestRetraining",
        "Request it",
        "Retraining is asked for.",
        fields=lambda given: [
            Field("reason", "Why", "long", required=True, value=given.get("known")),
            Field(
                "backTo",
                "What is needed",
                "choice",
                True,
                {"BUILDING": "A new run", "GATHERING": "New data as well"},
                "BUILDING",
            ),
        ],
        words=lambda given: (
            f"The board leads {given['model']} back to an earlier stage. A run that carries the tag "
            "lifecycle.retraining answers it; until then the request can be taken back, the move back on the board "
            "stays in its history."
        ),
        variables=only("model", "version", "reason", "backTo", "alertId"),
        undo=_not_retrained,
    ),
    Action(
        "retraining.decline",
        "Decline retraining",
        "declineRetraining",
        "Decline it",
        "It is declined.",
        fields=lambda given: [Field("reason", "Why", "long", required=True)],
        variables=only("id", "reason", "expected"),
    ),
)

PRODUCTION: tuple[Action, ...] = (*_MODELS, *_DEPLOYMENTS, *_ALERTS)
