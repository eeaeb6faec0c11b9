"""The acts around the first version, in their order: the scope, the data, what the runs showed, the release."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx

from deploy.demo.plans import EXPERIMENT, MODEL, PLANS
from deploy.demo.reports import ChampionReport
from deploy.demo.story import datasets, release, words
from deploy.demo.story.board import Board, create_project, fill, look
from deploy.demo.story.evaluating import evaluation_path, kept, worst
from deploy.demo.story.graphql import Colleague
from deploy.demo.story.tables import Manifest

_EXPERIMENTS: Final = (
    "query ($name: String) { experiments(first: 20, nameContains: $name) { nodes { experimentId name } } }"
)
_RUNS: Final = """query ($ids: [String!]) { runs(first: 50, experimentIds: $ids) { nodes {
  runId name user metrics { key value } datasets { name digest }
  similar(first: 5) { runName user exact differences { key } } } } }"""


@dataclass(frozen=True)
class Scene:
    """Where the acts happen: `registry` is its address, `run` starts a child process of the demonstration as one of the
    colleagues."""

    anna: Colleague
    ben: Colleague
    registry: str
    monitor: httpx.AsyncClient
    cache: Path
    run: Callable[..., Coroutine[None, None, None]]


async def scope(scene: Scene) -> str:
    """Stages 1 to 3; returns the project's id."""
    project_id = await create_project(scene.anna)
    filled = await fill(scene.anna, project_id, words.SCOPE, words.SCOPE_VALUES)
    board = await look(scene.anna, project_id)
    known = {milestone.title for milestone in board.milestones}
    today = datetime.now(UTC).date()
    for entry in words.MILESTONES:
        if entry.title not in known:
            due = (today + entry.after).isoformat()
            fields = {"projectId": project_id, "title": entry.title, "owner": entry.owner, "due": due}
            await scene.anna.do("setMilestone", fields)
            filled += 1
    for text in words.ASSUMPTIONS:
        if all(assumption.text != text for assumption in board.assumptions):
            await scene.anna.do("setAssumption", {"projectId": project_id, "text": text, "status": "OPEN"})
            filled += 1
    if filled:
        scene.anna.say(f"answers {len(words.SCOPE)} questions, sets {len(words.MILESTONES)} milestones")
    await datasets.search_before(scene.ben, project_id)
    return project_id


async def gather(scene: Scene, project_id: str, manifest: Manifest) -> None:
    """Stages 4 to 10, as far as data alone go."""
    await fill(scene.anna, project_id, words.DATA)
    await datasets.describe_source(scene.anna)
    await datasets.register(scene.anna, scene.registry, manifest)
    await datasets.check(scene.anna, manifest)
    await reach(scene.anna, project_id, words.DATA_READY)


async def learn(scene: Scene, project_id: str, manifest: Manifest) -> None:
    """What the runs showed: the repeat that was found, notes, the assumptions of stage 1, the shortlist."""
    found = (await scene.anna.ask(_EXPERIMENTS, name=EXPERIMENT))["experiments"]["nodes"]
    ids = [one["experimentId"] for one in found if one["name"] == EXPERIMENT]
    runs = (await scene.anna.ask(_RUNS, ids=ids))["runs"]["nodes"]
    by_name = {run["name"]: run for run in runs}
    samples = {
        (dataset["name"], dataset["digest"])
        for run in runs
        for dataset in run["datasets"]
        if "drawn" in dataset["name"]
    }
    training = manifest.tables["training"]
    await datasets.say_parents(scene.anna, training, sorted(samples))
    _tell_repeats(scene, runs)
    plans = [plan for plan in PLANS if plan.name in by_name]
    scores = {plan.name: _metric(by_name[plan.name], "validation_roc_auc") for plan in plans}
    with_weather, without = scores["boosting on all features"], scores["boosting without weather"]
    about = [("run", by_name[name]["runId"]) for name in ("boosting on all features", "boosting without weather")]
    whole = manifest.tables["labelled"].dataset
    weather = (
        f"The same recipe on the same sample: ROC-AUC {with_weather:.3f} with weather, {without:.3f} without. "
        f"Weather is worth {with_weather - without:.3f} on validation."
    )
    await datasets.write_insights(
        scene.ben,
        [
            ("Weather is worth more than anything else", weather, [*about, ("dataset", whole)]),
            (
                "Gusts are missing where there were none",
                "`wind_gust` is empty in most rows and that is no fault: a station reports gusts only when there are "
                "any. Trees take the gap as it is; @anna filled it with the median in the linear model.",
                [("feature", f"{whole}/wind_gust"), ("dataset", whole)],
            ),
        ],
    )
    best = max(scores, key=lambda name: scores[name])
    listed = "; ".join(f"{name} {score:.3f}" for name, score in sorted(scores.items(), key=lambda one: -one[1]))
    shortlist = f"ROC-AUC on validation: {listed}. “{best}” goes on: the best, on every row, and not slower to ask."
    again = f"Looked at again after training. {weather} The second assumption stays open until the months pass."
    filled = await fill(scene.anna, project_id, {"shortlist": shortlist, "assumptions_again": again})
    if filled:
        scene.anna.say(f"writes the shortlist: “{best}” goes on")
    proofs = [{"kind": kind, "id": run_id} for kind, run_id in about]
    status = "VERIFIED" if with_weather > without else "REFUTED"
    await settle(scene.ben, project_id, words.WEATHER_MATTERS, status, weather, proofs)


def _tell_repeats(scene: Scene, runs: list[dict[str, Any]]) -> None:
    for run in runs:
        if run["user"] == scene.ben.user:
            for line in repeats(run):
                scene.ben.say(line)


def repeats(run: dict[str, Any]) -> list[str]:
    """What the registry says of others' runs that did the same, or the same but for a detail."""
    lines = []
    for other in run["similar"]:
        if other["user"] != run["user"]:
            but = ", ".join(difference["key"] for difference in other["differences"])
            how = "exactly" if other["exact"] else f"but for {but}"
            lines.append(
                f"is told by the registry that “{run['name']}” repeats {other['user']}'s “{other['runName']}” {how}"
            )
    return lines


def _metric(run: dict[str, Any], name: str) -> float:
    return next(float(metric["value"]) for metric in run["metrics"] if metric["key"] == name)


async def go_live(scene: Scene, project_id: str, champion: ChampionReport) -> None:
    """Stages 12 and 13 for the first version: a gate that fails, the card, a review with changes, the deployment."""
    anna, ben, version = scene.anna, scene.ben, champion.version
    if not evaluation_path(scene.cache, version).exists():
        return  # somebody else's champion: nothing of this is ours to say
    document = kept(scene.cache, version)
    await release.set_policy(anna, project_id)
    await release.record(anna, scene.cache, ["baseline-q1", version])
    await release.analyse_errors(anna, project_id, document)
    if await release.running(anna) is None:
        await release.judge(anna, version, again=False)
        await release.write_card(anna)
        await release.publish(anna, project_id, version)
        await release.judge(anna, version, again=True)
        weak = " ".join(worst(document))
        await release.review(
            release.Release(
                version=version,
                author=anna,
                reviewer=ben,
                note="The first version. Please look at slices and gates.",
                changes=words.CHANGES_ASKED,
                answer=f"The card's limits say it now. {weak} Scores of flights there are shown with a caution.",
                approval="Weaknesses are named, all gates pass, the rows were sealed. Good to go.",
            ),
            project_id,
            f"{weak} Learned from one winter only: expect it to weaken in other seasons.",
        )
        await release.deploy(ben, version, "The first version.")
    await reach(anna, project_id, words.FIRST_LIVE)


async def fail_safe(scene: Scene, project_id: str, version: str) -> None:
    """Sends the ingest something that is no table, and writes down what it says."""
    if (await look(scene.anna, project_id)).item("fail_safe").answer:
        return
    path = f"/v1/models/{MODEL}/versions/{version}/predictions"
    headers = {"Content-Type": "application/vnd.apache.arrow.stream", "Batch-Id": "demo-bad-input"}
    answer = await scene.monitor.post(path, content=b"no table at all", headers=headers)
    body = answer.json() if answer.headers.get("content-type", "").startswith("application/json") else {}
    message = body.get("error", {}).get("message", answer.reason_phrase)
    text = words.FAIL_SAFE.format(status=answer.status_code, message=message)
    await fill(scene.anna, project_id, {"fail_safe": text, "response_plan": words.RESPONSE_PLAN})
    scene.anna.say(f"tries bad input: the ingest answers {answer.status_code}, “{message}”")


async def settle(
    colleague: Colleague,
    project_id: str,
    text: str,
    status: str,
    note: str,
    proofs: list[dict[str, str]],
    consequence: str = "",
) -> None:
    """Says what became of an assumption, unless somebody has."""
    board = await look(colleague, project_id)
    known = next((entry for entry in board.assumptions if entry.text == text), None)
    if known is None or known.status != "OPEN":
        return
    fields = {"assumption": known.id, "text": text, "status": status, "note": note, "proofs": proofs}
    await colleague.do("setAssumption", {"projectId": project_id, "consequence": consequence, **fields})
    colleague.say(f"finds the assumption “{text}” {status.lower()}")


async def reach(colleague: Colleague, project_id: str, title: str) -> None:
    """Marks a milestone as done."""
    for entry in (await look(colleague, project_id)).milestones:
        if entry.title == title and not entry.done:
            fields = {"milestone": entry.id, "title": title, "owner": entry.owner, "due": entry.due, "done": True}
            await colleague.do("setMilestone", {"projectId": project_id, **fields})


def standing_line(board: Board) -> str:
    """How many stages are done, and what the others lack."""
    done = sum(stage.state == "DONE" for stage in board.stages)
    others = [
        f"{stage.number} {stage.title}: {stage.attention[0] if stage.attention else stage.state.lower()}"
        for stage in board.stages
        if stage.state != "DONE"
    ]
    return f"the board: {done} of {len(board.stages)} stages done" + (f" ({'; '.join(others)})" if others else "")
