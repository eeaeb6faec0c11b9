"""Takes a version from its evaluation to production: gates, model card, review by the other colleague, deployment."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from deploy.demo.plans import MODEL
from deploy.demo.story import words
from deploy.demo.story.board import fill, shown
from deploy.demo.story.evaluating import kept, metrics_of, worst
from deploy.demo.story.graphql import Colleague

ENVIRONMENT: Final = "production"
BEATS_BASELINE_BY: Final = 0.1
WORST_ORIGIN: Final = 0.6
WIDEST_GAP: Final = 0.2
LEAST_REPRODUCIBLE: Final = 0.5
SIGNIFICANCE: Final = 0.05
GATES: Final[Sequence[Mapping[str, object]]] = (
    {"name": "beats the baseline", "kind": "BEATS_BASELINE", "metric": "roc_auc", "threshold": BEATS_BASELINE_BY},
    {
        "name": "beats the champion",
        "kind": "BEATS_CHAMPION",
        "metric": "log_loss",
        "threshold": 0.0,
        "higherIsBetter": False,
        "significance": SIGNIFICANCE,
    },
    {
        "name": "worst airport",
        "kind": "WORST_SLICE",
        "metric": "roc_auc",
        "threshold": WORST_ORIGIN,
        "sliceBy": "origin",
    },
    {"name": "not learned by heart", "kind": "OVERFITTING", "metric": "roc_auc", "threshold": WIDEST_GAP},
    {"name": "reproducible", "kind": "REPRODUCIBLE", "threshold": LEAST_REPRODUCIBLE},
    {"name": "sealed rows used once", "kind": "SEALED_TEST_ONCE"},
    {"name": "documents", "kind": "DOCUMENTS", "documents": ["model_card", "error_analysis"]},
)

_POLICY: Final = "query ($id: String!) { gatePolicy(projectId: $id) { revision gates { name } } }"
_DEPLOYMENTS: Final = """query ($environment: String!, $model: String!) {
  deployments(environment: $environment, model: $model) {
    current { version } history { version how start } } }"""
_EVALUATIONS: Final = """query ($run: String, $model: String, $version: String, $split: String) {
  evaluations(first: 50, runId: $run, model: $model, version: $version, split: $split) {
    nodes { split { dataset } } } }"""
_STANDING: Final = """query ($model: String!, $version: String!) { modelVersion(model: $model, version: $version) {
  gateResult { passed current number verdicts { gate { name } outcome words } }
  review { state digest decisions { by decision } comments { id text } }
  standings { environment approved gatesPassed missing runsHere digest }
  modelCard { revision current } } }"""
_WORDS: Final = "query ($model: String!) { modelCardWords(model: $model) { revision words { summary limits } } }"
_VERDICTS: Final = "gateResult { passed verdicts { gate { name } outcome words } }"


async def set_policy(colleague: Colleague, project_id: str) -> None:
    """The project's gates, unless somebody set some."""
    known = (await colleague.ask(_POLICY, id=project_id))["gatePolicy"]
    if known and known["gates"]:
        return
    reason = "What a version has to show before it scores real flights; agreed by both of us."
    policy = {"projectId": project_id, "gates": [dict(gate) for gate in GATES], "approvals": 1, "reason": reason}
    await colleague.do("setGatePolicy", policy)
    colleague.say(f"sets {len(GATES)} gates and one approval for whatever goes to {ENVIRONMENT}")


async def record(colleague: Colleague, cache: Path, names: Sequence[str]) -> None:
    """Records the evaluations that the children kept under these names, in this order, unless they are recorded."""
    for name in names:
        document = kept(cache, name)
        whose = {"run": document.get("runId"), "model": document.get("model"), "version": document.get("version")}
        known = (await colleague.ask(_EVALUATIONS, **whose))["evaluations"]["nodes"]
        split = document["split"]
        if any(entry["split"]["dataset"] == split["dataset"] for entry in known):
            continue
        await colleague.do("recordEvaluation", document)
        figures = metrics_of(document)
        who = f"version {document['version']}" if "version" in document else "the naive baseline"
        colleague.say(
            f"evaluates {who} on {split['dataset']}: ROC-AUC {figures['roc_auc']:.3f}, log loss "
            f"{figures['log_loss']:.3f}, {len(document['slices'])} slices"
        )


async def analyse_errors(colleague: Colleague, project_id: str, document: Mapping[str, Any]) -> None:
    """What the evaluation says about where the model is wrong."""
    (_, alarmed), (missed, _) = document["confusion"]["counts"]
    text = words.ERROR_ANALYSIS.format(
        rows=document["split"]["rows"], missed=missed, alarmed=alarmed, slices=" ".join(worst(document))
    )
    if await fill(colleague, project_id, {"error_analysis": text}):
        colleague.say("writes the error analysis")


async def standing(colleague: Colleague, version: str) -> dict[str, Any]:
    """Gates, review, card and whether the version may run where, as of now."""
    found: dict[str, Any] = (await colleague.ask(_STANDING, model=MODEL, version=version))["modelVersion"]
    return found


async def judge(colleague: Colleague, version: str, *, again: bool) -> bool:
    """Evaluates the gates and says what they said; whether all passed. again: although they were evaluated before."""
    result = (await standing(colleague, version))["gateResult"]
    if result is not None and ((result["passed"] and result["current"]) or not again):
        return bool(result["passed"])
    payload = await colleague.do("evaluateGates", {"model": MODEL, "version": version}, _VERDICTS)
    verdicts = payload["gateResult"]["verdicts"]
    failed = [entry for entry in verdicts if entry["outcome"] != "PASSED"]
    if failed:
        why = "; ".join(f"{entry['gate']['name']}: {entry['words']}" for entry in failed)
        colleague.say(f"lets the gates judge version {version}: {len(failed)} of {len(verdicts)} hold it up ({why})")
    else:
        colleague.say(f"lets the gates judge version {version}: all {len(verdicts)} pass")
    return not failed


async def write_card(colleague: Colleague, limits: str = "") -> None:
    """The words of the model's cards, where they aren't there yet; `limits` are added when given."""
    known = (await colleague.ask(_WORDS, model=MODEL))["modelCardWords"]
    said = known["words"] if known else {"summary": "", "limits": ""}
    if said["summary"] and (not limits or said["limits"] == limits):
        return
    revision = {"expected": known["revision"]} if known and known["revision"] else {}
    await colleague.do("writeModelCard", {"model": MODEL, "words": {**words.CARD, "limits": limits}, **revision})


async def publish(colleague: Colleague, project_id: str, version: str) -> None:
    """Publishes the card unless it says what the facts are, and waits until the board shows it."""
    card = (await standing(colleague, version))["modelCard"]
    if card is None or card["revision"] == 0 or not card["current"]:
        payload = await colleague.do(
            "publishModelCard", {"model": MODEL, "version": version}, "modelCard { revision missing }"
        )
        made = payload["modelCard"]
        lacks = f", nothing yet about {', '.join(made['missing'])}" if made["missing"] else ""
        colleague.say(f"publishes the model card of version {version}, revision {made['revision']}{lacks}")
    await shown(colleague, project_id, ["model_card"])


class Release(msgspec.Struct, frozen=True):
    """Who made a version, who looks at it, and what they say."""

    version: str
    author: Colleague
    reviewer: Colleague
    note: str
    changes: str
    answer: str
    approval: str


async def review(release: Release, project_id: str, limits: str) -> None:
    """Asks for the review; the reviewer asks for changes where there are any to ask for, and approves once they are
    made."""
    author, reviewer, version = release.author, release.reviewer, release.version
    subject = {"model": MODEL, "version": version}
    state = (await standing(author, version))["review"]
    if state is None or state["state"] in ("LAPSED", "WITHDRAWN"):
        await author.do("requestReview", {**subject, "reviewers": [reviewer.user], "needed": 1, "note": release.note})
        author.say(f"asks {reviewer.user} to review version {version}")
        state = (await standing(author, version))["review"]
    if state["state"] == "APPROVED":
        return
    digest = state["digest"]
    if release.changes and not state["decisions"]:
        asked = {**subject, "decision": "ASK_FOR_CHANGES", "reason": release.changes, "digest": digest}
        await reviewer.do("decideReview", asked)
        reviewer.say(f"asks for changes: {release.changes}")
    if release.answer and all(comment["text"] != release.answer for comment in state["comments"]):
        await write_card(author, limits)
        await publish(author, project_id, version)
        await author.do("commentReview", {**subject, "text": release.answer})
        author.say(f"answers: {release.answer}")
    await reviewer.do("decideReview", {**subject, "decision": "APPROVE", "reason": release.approval, "digest": digest})
    reviewer.say(f"approves version {version}: {release.approval}")


async def running(colleague: Colleague) -> str | None:
    """The version that runs in production."""
    found = (await colleague.ask(_DEPLOYMENTS, environment=ENVIRONMENT, model=MODEL))["deployments"]
    current = found[0]["current"] if found else None
    return None if current is None else str(current["version"])


async def history(colleague: Colleague) -> list[tuple[str, str]]:
    """What ran in production, as (version, how it came there)."""
    found = (await colleague.ask(_DEPLOYMENTS, environment=ENVIRONMENT, model=MODEL))["deployments"]
    stays = sorted(found[0]["history"], key=lambda stay: stay["start"]) if found else []
    return [(stay["version"], stay["how"]) for stay in stays]


async def deploy(colleague: Colleague, version: str, note: str) -> None:
    """Deploys the version to production, which also makes it champion."""
    fields = {"environment": ENVIRONMENT, "model": MODEL, "version": version, "note": note}
    await colleague.do("deployVersion", fields, fine=("RUNS_ALREADY",))
    colleague.say(f"deploys version {version} to {ENVIRONMENT}; the alias champion follows")
