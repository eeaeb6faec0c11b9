"""Everything that can be done from a page, as data: one entry an action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard.components.acting import Action, Field, Given, afterwards, names, only, restoring
from dashboard.delivery_actions import DELIVERIES
from dashboard.label_actions import LABELS
from dashboard.links import Links
from dashboard.naming_actions import NAMING
from dashboard.policy_actions import POLICIES
from dashboard.production_actions import PRODUCTION

_KINDS = ("experiment", "dataset", "model")


def patterns(text: str) -> list[dict[str, str]]:
    """`model:flight-*`, one a line, as the schema takes it. Raises ValueError for anything else."""
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        kind, colon, glob = line.partition(":")
        if not colon or kind.strip() not in _KINDS or not glob.strip():
            raise ValueError(f"“{line[:80]}” isn't one of experiment:…, dataset:… or model:…")
        found.append({"kind": kind.strip().upper(), "glob": glob.strip()})
    return found


# ---------------------------------------------------------------- projects

_PATTERNS_HINT = "One a line, such as model:flight-* or experiment:flights; what fits belongs to the project."


def _project_fields(given: Given) -> Sequence[Field]:
    known = given.get("known", {})
    fields = [
        Field("name", "Name", required=True, value=known.get("name")),
        Field("description", "What it is about", "long", value=known.get("description")),
        Field("patterns", "What it owns, by name", "long", value=known.get("patterns"), hint=_PATTERNS_HINT),
    ]
    if known:
        fields.append(Field("archived", "Archived", "check", value=known.get("archived")))
    return fields


def _project(given: Given) -> dict[str, Any]:
    kept = only("projectId", "expected", "name")(given)
    return {
        **kept,
        "description": given.get("description") or "",
        "patterns": patterns(given.get("patterns") or ""),
        **({"archived": bool(given.get("archived"))} if "projectId" in kept else {}),
    }


def answer_input(given: Given) -> dict[str, Any]:
    """What an inline form says: its text, and every `field:…` that isn't empty."""
    fields = [
        {"key": name.removeprefix("field:"), "value": str(value).strip()}
        for name, value in given.items()
        if name.startswith("field:") and str(value or "").strip()
    ]
    kept = only("projectId", "item")(given)
    return {**kept, "expected": given["expected"], "text": (given.get("text") or "").strip(), "fields": fields}


def _answer_back(given: Given) -> tuple[str, dict[str, Any]]:
    """The answer that stood there before, or none."""
    kept = {**only("projectId", "item")(given), **afterwards(given)}
    former = given.get("former") or {}
    if not (former.get("text") or former.get("fields")):
        return "project.clear", kept
    fields = {f"field:{key}": value for key, value in (former.get("fields") or {}).items()}
    return "project.answer", {**kept, "text": former.get("text", ""), **fields}


def _milestone_fields(given: Given) -> Sequence[Field]:
    known = given.get("known", {})
    fields = [
        Field("title", "What is to be reached", required=True, value=known.get("title")),
        Field("owner", "Who sees to it", required=True, value=known.get("owner")),
        Field("due", "By when", "date", required=True, value=known.get("due")),
    ]
    if known:
        fields.append(Field("done", "Reached", "check", value=known.get("done")))
        fields.append(Field("drop", "Take it off the board", "check", hint="Its history stays."))
    return fields


def _milestone(given: Given) -> dict[str, Any]:
    kept = only("projectId", "milestone", "expected", "title", "owner")(given)
    return {
        **kept,
        "due": str(given["due"])[:10],
        "done": bool(given.get("done")),
        **({"drop": True} if given.get("drop") else {}),
    }


_STATUSES = {"OPEN": "Open", "VERIFIED": "Verified", "REFUTED": "Refuted"}


def _assumption_fields(given: Given) -> Sequence[Field]:
    known = given.get("known", {})
    fields = [
        Field("text", "What is assumed", "long", required=True, value=known.get("text")),
        Field("status", "Where it stands", "choice", True, _STATUSES, known.get("status", "OPEN")),
        Field("note", "What shows it", "long", value=known.get("note"), hint="Needed for a verified or refuted one."),
        Field("consequence", "What follows if it is refuted", "long", value=known.get("consequence")),
    ]
    return [*fields, Field("drop", "Take it off the board", "check", hint="Its history stays.")] if known else fields


def _assumption(given: Given) -> dict[str, Any]:
    kept = only("projectId", "assumption", "expected", "text", "status", "note", "consequence")(given)
    return {**kept, **({"drop": True} if given.get("drop") else {})}


PROJECTS = (
    Action(
        "project.create",
        "New project",
        "createProject",
        "Create it",
        "The project is there.",
        fields=_project_fields,
        variables=_project,
        goes_to=lambda links, changed, given: links.project(changed) if changed else "",
    ),
    Action(
        "project.edit",
        "Edit the project",
        "updateProject",
        "Save",
        "The project is changed.",
        fields=_project_fields,
        variables=_project,
        undo=restoring("project.edit", "projectId"),
    ),
    Action(
        "project.answer",
        "Answer",
        "fillAnswer",
        "Save",
        "The answer is saved.",
        variables=answer_input,
        keyed=True,
        undo=_answer_back,
    ),
    Action(
        "project.clear",
        "Take it back",
        "fillAnswer",
        "Take it back",
        "It is open again.",
        words=lambda given: "The answer or the waiver no longer counts: the item is open. The history keeps it.",
        variables=lambda given: {**only("projectId", "item")(given), "expected": given["expected"], "text": ""},
    ),
    Action(
        "project.waive",
        "Waive an item",
        "waiveItem",
        "Waive it",
        "The item is waived.",
        fields=lambda given: [Field("reason", "Why it isn't needed here", "long", required=True)],
        words=lambda given: f"“{given.get('title', '')}” counts as dealt with. Your name and reason stay on the board.",
        variables=lambda given: {**only("projectId", "item", "reason")(given), "expected": given["expected"]},
        undo=lambda given: ("project.clear", {**only("projectId", "item")(given), **afterwards(given)}),
    ),
    Action(
        "project.ask",
        "Add a question",
        "addItem",
        "Add it",
        "The question is on the board.",
        fields=lambda given: [
            Field("title", "The question", required=True),
            Field("item", "Its key", required=True, hint="Letters, digits and underscores."),
        ],
        variables=only("projectId", "stage", "item", "title"),
    ),
    Action(
        "project.back",
        "Move back",
        "moveBack",
        "Move back",
        "The project moved back.",
        fields=lambda given: [
            Field("to", "To which stage", "choice", True, given.get("earlier", {})),
            Field("reason", "Why", "long", required=True),
        ],
        words=lambda given: "The stages in between are to be gone through again. Their answers and evidence stay.",
        variables=only("projectId", "stage", "to", "reason"),
        danger=True,
    ),
    Action(
        "project.confirm",
        "It still stands",
        "confirmStage",
        "Confirm",
        "The stage is confirmed.",
        fields=lambda given: [Field("reason", "Why it still stands", "long", required=True)],
        variables=only("projectId", "stage", "reason"),
    ),
    Action(
        "project.milestone",
        "Milestone",
        "setMilestone",
        "Save",
        "The milestone is set.",
        fields=_milestone_fields,
        variables=_milestone,
        undo=restoring("project.milestone", "projectId", "milestone"),
    ),
    Action(
        "project.assumption",
        "Assumption",
        "setAssumption",
        "Save",
        "The assumption is set.",
        fields=_assumption_fields,
        variables=_assumption,
        undo=restoring("project.assumption", "projectId", "assumption"),
    ),
)

# ---------------------------------------------------------------- insights


def _insight_back(given: Given) -> tuple[str, dict[str, Any]] | None:
    if given.get("known"):
        return restoring("insight.write", "insightId", "links")(given)
    if not given.get("changed"):
        return None
    return "insight.remove", {"insightId": given["changed"], "reason": "Undone right after it was written."}


INSIGHTS = (
    Action(
        "insight.write",
        "Note an insight",
        "writeInsight",
        "Save",
        "The insight is noted.",
        fields=lambda given: [
            Field("title", "In one sentence", required=True, value=given.get("known", {}).get("title")),
            Field("text", "What was learned, and how", "long", required=True, value=given.get("known", {}).get("text")),
        ],
        variables=lambda given: {
            **only("insightId", "expected", "title", "text")(given),
            "links": given.get("links") or ([{"kind": given["kind"], "id": given["id"]}] if given.get("kind") else []),
        },
        undo=_insight_back,
    ),
    Action(
        "insight.comment",
        "Comment",
        "commentInsight",
        "Send",
        "The comment is there.",
        variables=only("insightId", "text"),
    ),
    Action(
        "insight.remove",
        "Remove the insight",
        "removeInsight",
        "Remove it",
        "The insight is removed.",
        fields=lambda given: [Field("reason", "Why", required=True)],
        words=lambda given: "No list shows it any more. What it said stays in the record.",
        variables=only("insightId", "reason"),
        danger=True,
        goes_to=lambda links, changed, given: links.insights(),
    ),
)

# ---------------------------------------------------------------- reviews


def _asked_for(given: Given) -> dict[str, Any]:
    reviewers = names(given.get("reviewers"))
    return {
        **only("model", "version", "note")(given),
        "needed": int(given.get("needed") or 1),
        **({"reviewers": reviewers} if reviewers else {}),
    }


def _to_review(links: Links, changed: str, given: Given) -> str:
    return links.review(given["model"], given["version"])


REVIEWS = (
    Action(
        "review.request",
        "Request a review",
        "requestReview",
        "Request it",
        "The review is requested.",
        fields=lambda given: [
            Field("note", "What reviewers should know", "long"),
            Field("reviewers", "Who", hint="Names, with commas between; anybody who may, if it stays empty."),
            Field("needed", "Approvals needed", "number", value=1),
        ],
        words=lambda given: f"{given['model']} v{given['version']} will wait for somebody other than its author.",
        variables=_asked_for,
        goes_to=_to_review,
    ),
    Action(
        "review.comment",
        "Comment",
        "commentReview",
        "Send",
        "The comment is there.",
        fields=lambda given: [Field("text", "Your answer", "long", required=True)],
        variables=only("model", "version", "text", "replyTo", "about"),
    ),
    Action(
        "review.resolve",
        "Resolve the thread",
        "resolveReviewComment",
        "Resolve",
        "The thread is resolved.",
        variables=only("model", "version", "commentId"),
    ),
    Action(
        "review.reopen",
        "Reopen the thread",
        "reopenReviewComment",
        "Reopen",
        "The thread is open again.",
        variables=only("model", "version", "commentId"),
    ),
    Action(
        "review.approve",
        "Approve this version",
        "decideReview",
        "Approve",
        "You approved it.",
        fields=lambda given: [Field("reason", "Why it is good enough", "long", required=True)],
        words=lambda given: (
            f"{given['model']} v{given['version']} may be deployed once its gates hold and no approval "
            "is missing. The decision counts for exactly what you looked at, and stays in the audit trail."
        ),
        variables=lambda given: {**only("model", "version", "digest", "reason")(given), "decision": "APPROVE"},
    ),
    Action(
        "review.changes",
        "Ask for changes",
        "decideReview",
        "Ask for changes",
        "You asked for changes.",
        fields=lambda given: [Field("reason", "What has to change", "long", required=True)],
        words=lambda given: "It can't be deployed until a new review is requested and approved.",
        variables=lambda given: {**only("model", "version", "digest", "reason")(given), "decision": "ASK_FOR_CHANGES"},
    ),
    Action(
        "review.withdraw",
        "Withdraw the review",
        "withdrawReview",
        "Withdraw it",
        "The review is withdrawn.",
        fields=lambda given: [Field("reason", "Why", "long", required=True)],
        variables=only("model", "version", "reason"),
        danger=True,
    ),
)

ACTIONS: tuple[Action, ...] = (*PROJECTS, *INSIGHTS, *REVIEWS, *PRODUCTION, *POLICIES, *DELIVERIES, *LABELS, *NAMING)
