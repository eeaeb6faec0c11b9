"""What can be set: gates, alert rules, the words of model cards, data sources, tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.components.acting import Action, Field, Given, afterwards, names, only, restoring
from dashboard.components.alerts import METRICS

# ---------------------------------------------------------------- gates

GATE_KINDS = {
    "MINIMUM": "Minimum of a metric",
    "BEATS_BASELINE": "Better than the baseline",
    "BEATS_CHAMPION": "Better than the champion",
    "WORST_SLICE": "Worst slice",
    "OVERFITTING": "No overfitting",
    "CONSTRAINT": "Constraint of the target",
    "REPRODUCIBLE": "Reproducible",
    "SEALED_TEST_ONCE": "Sealed test split used once",
}


def _with_gate(given: Given) -> dict[str, Any]:
    """The policy's gates with one more, or with one of the same name replaced."""
    gate: dict[str, Any] = {"name": given["name"], "kind": given["kind"]}
    if given.get("metric"):
        gate["metric"] = given["metric"]
    if given.get("threshold") not in (None, ""):
        gate["threshold"] = float(given["threshold"])
    gate["higherIsBetter"] = given.get("sense") != "lower"
    others = [one for one in given.get("gates", []) if one["name"] != gate["name"]]
    return {**_policy(given), "gates": [*others, gate]}


def _policy(given: Given) -> dict[str, Any]:
    return {**only("projectId", "reason", "expected")(given), "approvals": int(given.get("approvals") or 1)}


def _gates_back(given: Given) -> tuple[str, dict[str, Any]]:
    """The policy as it was, as one more revision."""
    approvals = given["known"] if "known" in given else given.get("approvals")
    kept = {"projectId": given["projectId"], "gates": given.get("gates", []), "approvals": approvals}
    return "gate.restore", {**kept, "reason": "Undone right after it was changed.", **afterwards(given)}


_GATES = (
    Action(
        "gate.restore",
        "The former policy",
        "setGatePolicy",
        "Use it again",
        "The former policy is in force.",
        variables=lambda given: {**_policy(given), "gates": given.get("gates", [])},
    ),
    Action(
        "gate.evaluate",
        "Judge the version",
        "evaluateGates",
        "Judge it",
        "The gates have been judged.",
        words=lambda given: "Every gate of the project looks at the newest figures; the result stays in the record.",
        variables=only("model", "version"),
        answers_id=False,
    ),
    Action(
        "gate.add",
        "Gate",
        "setGatePolicy",
        "Save",
        "The policy has a new revision.",
        fields=lambda given: [
            Field("name", "Name", required=True),
            Field("kind", "What it asks for", "choice", True, GATE_KINDS, "MINIMUM"),
            Field("metric", "Metric", hint="Such as roc_auc; not for reproducibility and the sealed split."),
            Field(
                "threshold",
                "Threshold",
                "number",
                hint="The value to reach, the margin to win by, or the most allowed.",
            ),
            Field("sense", "Better when", "choice", True, {"higher": "Higher", "lower": "Lower"}, "higher"),
            Field("reason", "Why", required=True),
        ],
        words=lambda given: "It counts for what is judged from now on. Earlier revisions stay readable.",
        variables=_with_gate,
        undo=_gates_back,
    ),
    Action(
        "gate.remove",
        "Remove the gate",
        "setGatePolicy",
        "Remove it",
        "The policy has a new revision.",
        fields=lambda given: [Field("reason", "Why", required=True)],
        words=lambda given: f"Versions no longer need to pass “{given.get('name', '')}”.",
        variables=lambda given: {
            **_policy(given),
            "gates": [one for one in given.get("gates", []) if one["name"] != given.get("name")],
        },
        danger=True,
        undo=_gates_back,
    ),
    Action(
        "gate.approvals",
        "Approvals",
        "setGatePolicy",
        "Save",
        "The policy has a new revision.",
        fields=lambda given: [
            Field("approvals", "How many must approve", "number", True, value=given.get("known", 1)),
            Field("reason", "Why", required=True),
        ],
        variables=lambda given: {**_policy(given), "gates": given.get("gates", [])},
        undo=_gates_back,
    ),
)

# ---------------------------------------------------------------- rules


def _rule_fields(given: Given) -> Sequence[Field]:
    known = given.get("known", {})
    severities = {"INFO": "Info", "WARNING": "Warning", "CRITICAL": "Critical"}
    return [
        Field("name", "Name", required=True, value=known.get("name")),
        Field("metric", "What it looks at", "choice", True, METRICS, known.get("metric", "FEATURE_DRIFT")),
        Field("severity", "How bad it is", "choice", True, severities, known.get("severity", "WARNING")),
        Field(
            "features",
            "Which features",
            hint="Names, with commas between; all of them if it stays empty.",
            value=", ".join(known.get("features", [])),
        ),
        Field("minimumEffect", "Smallest change that matters", "number", value=known.get("minimumEffect")),
        Field(
            "windows",
            "Looks at so many windows together",
            "number",
            True,
            hint="1 to 90, sliding: several see a drift that is slow, or too small for the rows of one.",
            value=known.get("windows", 1),
        ),
        Field("minimumRows", "Says nothing below so many rows", "number", True, value=known.get("minimumRows", 30)),
        Field("openAfter", "Opens after so many windows in a row", "number", True, value=known.get("openAfter", 2)),
        Field("resolveAfter", "Resolves after so many quiet ones", "number", True, value=known.get("resolveAfter", 2)),
        Field("seconds", "Freshness: longest time without rows, in seconds", "number", value=known.get("seconds")),
        Field("requestRetraining", "Asks for retraining when it opens", "check", value=known.get("requestRetraining")),
        Field("enabled", "Switched on", "check", value=known.get("enabled", True)),
    ]


def _with_rule(given: Given) -> dict[str, Any]:
    former = given.get("known", {}).get("name", given["name"])
    kept: dict[str, Any] = next((one for one in given.get("rules", []) if one["name"] == former), {})
    effect, seconds = given.get("minimumEffect"), given.get("seconds")
    rule = {
        **kept,
        **only("name", "metric", "severity")(given),
        "features": names(given.get("features")),
        "windows": int(given.get("windows") or 1),
        "minimumRows": int(given.get("minimumRows") or 1),
        "seconds": None if seconds in (None, "") else float(seconds),
        "openAfter": int(given.get("openAfter") or 2),
        "resolveAfter": int(given.get("resolveAfter") or 2),
        "requestRetraining": bool(given.get("requestRetraining")),
        "enabled": bool(given.get("enabled")),
        "minimumEffect": None if effect in (None, "") else float(effect),
    }
    others = [one for one in given.get("rules", []) if one["name"] != former]
    return {**only("model", "version", "expected")(given), "rules": [*others, rule]}


def _rules_back(given: Given) -> tuple[str, dict[str, Any]]:
    """The rules as they were, or the built-in ones if nobody had set any."""
    kept = {**only("model", "version")(given), **afterwards(given)}
    return (
        ("rule.default", kept) if given.get("builtIn") else ("rule.restore", {**kept, "rules": given.get("rules", [])})
    )


_RULES = (
    Action(
        "rule.restore",
        "The former rules",
        "setAlertRules",
        "Use them again",
        "The former rules are in force.",
        variables=lambda given: {**only("model", "version", "expected")(given), "rules": given.get("rules", [])},
    ),
    Action(
        "rule.set",
        "Alert rule",
        "setAlertRules",
        "Save",
        "The rules are set.",
        fields=_rule_fields,
        words=lambda given: "Whatever it says, a change that chance explains never fires.",
        variables=_with_rule,
        undo=_rules_back,
    ),
    Action(
        "rule.remove",
        "Remove the rule",
        "setAlertRules",
        "Remove it",
        "The rule is gone.",
        words=lambda given: "Nothing opens an alert for it any more, and its open ones resolve.",
        variables=lambda given: {
            **only("model", "version", "expected")(given),
            "rules": [one for one in given.get("rules", []) if one["name"] != given.get("name")],
        },
        danger=True,
        undo=_rules_back,
    ),
    Action(
        "rule.default",
        "Built-in rules",
        "setAlertRules",
        "Use the built-in rules",
        "The built-in rules are in force.",
        words=lambda given: "Alerts of rules that are gone resolve.",
        variables=only("model", "version", "expected"),
        danger=True,
        undo=_rules_back,
    ),
)

# ---------------------------------------------------------------- cards, data sources, tokens

CARD_WORDS: Mapping[str, str] = {
    "summary": "What it is",
    "intendedUse": "Intended use",
    "outOfScope": "Out of scope",
    "limits": "Limits",
    "ethics": "Ethics",
    "responsePlan": "Response plan",
    "contact": "Contact",
}


ROLES = {
    "VIEWER": "Look",
    "CONTRIBUTOR": "Look and contribute",
    "REVIEWER": "Also decide reviews and deploy",
    "ADMIN": "Everything",
}


def _source_fields(given: Given) -> Sequence[Field]:
    known = given.get("known", {})
    personal = ("NONE", "ANONYMISED", "PSEUDONYMISED", "PERSONAL", "SENSITIVE")
    texts = {
        "description": "What it is",
        "location": "Where it is",
        "owner": "Owner",
        "licence": "Licence",
        "legalBasis": "Legal basis",
        "protection": "How personal data is protected",
        "refresh": "How often it changes",
        "size": "Size",
    }
    return [
        Field("source", "Name", required=True, value=known.get("source")),
        Field("personalData", "Personal data", "choice", True, personal, known.get("personalData", "NONE")),
        *(Field(name, label, value=known.get(name)) for name, label in texts.items()),
    ]


def _words_back(given: Given) -> tuple[str, dict[str, Any]]:
    known = given.get("known", {})
    words = {name: known.get(_snake(name)) or "" for name in CARD_WORDS}
    return "card.write", {**only("model")(given), **words, "known": known, **afterwards(given)}


_REST = (
    Action(
        "card.write",
        "Words of the model card",
        "writeModelCard",
        "Save",
        "The words are saved.",
        fields=lambda given: [
            Field(name, label, "long", value=given.get("known", {}).get(_snake(name)))
            for name, label in CARD_WORDS.items()
        ],
        words=lambda given: "They count for all versions of the model; publish a version's card to show them there.",
        variables=lambda given: {
            **only("model")(given),
            "expected": given.get("expected", 0),
            "words": {name: given.get(name) or "" for name in CARD_WORDS},
        },
        input_type="WriteCardInput",
        undo=_words_back,
    ),
    Action(
        "card.publish",
        "Publish the model card",
        "publishModelCard",
        "Publish it",
        "The card is published.",
        words=lambda given: "The card is made from the facts as they are now and stays readable in this form.",
        variables=only("model", "version"),
        answers_id=False,
        input_type="PublishCardInput",
    ),
    Action(
        "source.describe",
        "Data source",
        "describeSource",
        "Save",
        "The data source is described.",
        fields=_source_fields,
        variables=only("expected", *(field.name for field in _source_fields({}))),
        undo=restoring("source.describe", "source"),
    ),
    Action(
        "token.create",
        "New API token",
        "createToken",
        "Create it",
        "The token is made.",
        fields=lambda given: [
            Field("user", "Whom it stands for", required=True),
            Field("role", "What they may do", "choice", True, ROLES, "CONTRIBUTOR"),
            Field("days", "Valid for so many days", "number", value=90, hint="Without end, if it stays empty."),
            Field("note", "Note"),
        ],
        variables=lambda given: {
            **only("user", "role", "note")(given),
            **({"expiresInSeconds": int(float(given["days"]) * 86_400)} if given.get("days") else {}),
        },
        answers_id=False,
        answers_secret=True,
    ),
    Action(
        "token.revoke",
        "Revoke the token",
        "revokeToken",
        "Revoke it",
        "The token is revoked.",
        words=lambda given: f"Whoever uses it is shut out at once ({given.get('user', '')}).",
        variables=only("id"),
        danger=True,
        answers_id=False,
    ),
)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


POLICIES: tuple[Action, ...] = (*_GATES, *_RULES, *_REST)
