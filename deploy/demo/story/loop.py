"""The loop: an alert is taken and leads to retraining; a second version answers it, goes live, and is watched."""

import asyncio
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from deploy.demo.children import together
from deploy.demo.flights import LABEL, TIMESTAMP, load_flights, read_table
from deploy.demo.ingest import Ingest
from deploy.demo.messages import SCORE, TRUTH, labels, predictions
from deploy.demo.plans import MODEL, RETRAINED
from deploy.demo.replay import OPTIONS
from deploy.demo.reports import ChampionReport, Report, RunReport
from deploy.demo.story import datasets, release, words
from deploy.demo.story.acts import Scene, reach, settle
from deploy.demo.story.board import look, shown
from deploy.demo.story.evaluating import Numbers, kept, metrics_of, worst
from deploy.demo.story.tables import LAST_MONTH_OF_YEAR, Manifest, read_manifest
from deploy.demo.timeline import timeline

REFERENCE: Final = "training-2013-to-november"
_LOOK_EVERY: Final = 1.0
_JUDGED_WITHIN: Final = 8.0  # seconds
_ALERT_WITHIN: Final = 30.0  # seconds after the replay for the monitor to judge its last windows
_URGENT: Final = ("PERFORMANCE", "FEATURE_DRIFT", "PREDICTION_DRIFT")
_ALERTS: Final = """query ($model: String, $version: String) {
  alerts(first: 50, model: $model, version: $version) { nodes {
  alertId metric state title severity acknowledgedBy firstWindow causes { text } } } }"""
_MONITORED: Final = """query ($model: String, $version: String) {
  monitored(model: $model, version: $version) { rows } }"""
_RETRAININGS: Final = """query ($model: String, $version: String) {
  retrainings(first: 20, model: $model, version: $version) { nodes { retrainingId state runId newVersion } } }"""


async def alerts(scene: Scene, version: str) -> list[dict[str, Any]]:
    """All alerts of a version, the ones that matter most first."""
    found = (await scene.anna.ask(_ALERTS, model=MODEL, version=version))["alerts"]["nodes"]
    rank = {metric: place for place, metric in enumerate(_URGENT)}
    return sorted(found, key=lambda alert: (rank.get(alert["metric"], len(rank)), alert["firstWindow"]))


async def answer_alerts(scene: Scene, version: str) -> None:
    """Acknowledges drift and performance alerts as they open, until it is cancelled."""
    while True:
        await acknowledge(scene, version)
        await asyncio.sleep(_LOOK_EVERY)


async def acknowledge(scene: Scene, version: str) -> None:
    """Takes what is open and urgent."""
    for alert in await alerts(scene, version):
        if alert["state"] != "OPEN" or alert["metric"] not in _URGENT:
            continue
        cause = alert["causes"][0]["text"] if alert["causes"] else alert["title"]
        done = await scene.anna.do(
            "acknowledgeAlert",
            {"alertId": alert["alertId"], "note": f"Looking at it: {cause}"},
            "changedId",
            fine=("ALREADY_ACKNOWLEDGED", "ALREADY_RESOLVED"),
        )
        if done["changedId"]:
            scene.anna.say(f"acknowledges the alert “{alert['title']}”")


async def retrained(scene: Scene, project_id: str, champion: ChampionReport) -> ChampionReport | None:
    """The second version, from the request to the closed loop; None if nothing alarmed."""
    retraining = await requested(scene, champion.version)
    if retraining is None:
        scene.anna.say("sees no alert that asks for another version")
        return None
    reports: list[Report] = []

    def told(report: Report) -> None:
        reports.append(report)
        if isinstance(report, RunReport):
            scene.ben.say(f"trains “{report.name}”, ROC-AUC {report.roc_auc:.3f} on validation")

    await scene.run("story.tables", "ben", "--period", "year")
    manifest = read_manifest(scene.cache, "year")
    assert manifest is not None
    arguments = ("--retraining", retraining["retrainingId"], "--former", champion.version)
    await together(
        datasets.register(scene.ben, scene.registry, manifest),
        scene.run("story.retrain", "ben", *arguments, told=told),
    )
    await datasets.check(scene.ben, manifest)
    second = next(report for report in reports if isinstance(report, ChampionReport))
    await release.record(scene.ben, scene.cache, ["baseline-year", f"{champion.version}-year", second.version])
    await _go_live(scene, project_id, champion.version, second.version)
    await _answered(scene, champion.version, second)
    await watched(scene, second, manifest)
    await december(scene, champion, second)
    await _resolved(scene, champion.version, second.version)
    await _assumption(scene, project_id, champion.version, second.version)
    await reach(scene.ben, project_id, words.RETRAINED)
    return second


async def requested(scene: Scene, version: str) -> dict[str, Any] | None:
    """The request for retraining, made now if there is none; None if there is no reason for one."""
    found = await _requests(scene, version)
    if found:
        return found[0]
    deadline = time.monotonic() + _ALERT_WITHIN
    while not (urgent := [alert for alert in await alerts(scene, version) if alert["metric"] in _URGENT]):
        if time.monotonic() > deadline:
            return None
        await asyncio.sleep(_LOOK_EVERY)
    await acknowledge(scene, version)
    alert = urgent[0]
    cause = f": {alert['causes'][0]['text']}" if alert["causes"] else ""
    fields = {"model": MODEL, "version": version, "alertId": alert["alertId"], "backTo": "BUILDING"}
    reason = f"{alert['title']}{cause}. Version {version} knows one winter only."
    await scene.anna.do("requestRetraining", {**fields, "reason": reason}, fine=("RETRAINING_EXISTS",))
    scene.anna.say(f"asks for retraining because of “{alert['title']}”: back to stage 11")
    return (await _requests(scene, version))[0]


async def _requests(scene: Scene, version: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await scene.anna.ask(_RETRAININGS, model=MODEL, version=version))["retrainings"][
        "nodes"
    ]
    order = ("ANSWERED", "RUNNING", "OPEN")
    return sorted((one for one in found if one["state"] in order), key=lambda one: order.index(one["state"]))


async def _go_live(scene: Scene, project_id: str, former: str, version: str) -> None:
    """Gates, review by anna, deployment, one rollback, deployment again: each only if it hasn't happened."""
    anna, ben = scene.anna, scene.ben
    ran = await release.history(anna)
    if (version, "DEPLOYED") not in ran:
        await release.publish(ben, project_id, version)
        await release.judge(ben, version, again=True)
        ours, theirs = metrics_of(kept(scene.cache, version)), metrics_of(kept(scene.cache, f"{former}-year"))
        note = (
            f"On the same sealed rows of April to November: ROC-AUC {ours['roc_auc']:.3f}, version {former} has "
            f"{theirs['roc_auc']:.3f}."
        )
        weak = " ".join(worst(kept(scene.cache, version)))
        await release.review(
            release.Release(version, ben, anna, note, "", "", f"Better on rows that neither has seen. {weak}"),
            project_id,
            "",
        )
        await release.deploy(anna, version, f"Answers the retraining request of version {former}.")
        ran = await release.history(anna)
    if (former, "ROLLED_BACK") not in ran:
        reason = f"A drill: can we be back on version {former} within seconds?"
        fields = {"environment": release.ENVIRONMENT, "model": MODEL, "reason": reason}
        await anna.do("rollBack", fields)
        anna.say(f"rolls back to version {former}: a drill")
    if await release.running(anna) != version:
        await release.deploy(anna, version, "The drill is over.")


async def _answered(scene: Scene, former: str, second: ChampionReport) -> None:
    """The run's tag answers the request by itself; by hand only if it hasn't."""
    request = (await _requests(scene, former))[0]
    if request["state"] != "ANSWERED":
        fields = {"id": request["retrainingId"], "runId": second.run_id, "note": f"Version {second.version}."}
        await scene.ben.do("answerRetraining", fields, fine=("ALREADY_ANSWERED",))
    scene.ben.say(f"has answered the request for retraining with version {second.version}, “{RETRAINED.name}”")


async def watched(scene: Scene, second: ChampionReport, manifest: Manifest) -> None:
    """The second version's reference, and December as it scores it, as far as the source knows the weather."""
    monitored = await scene.ben.ask(_MONITORED, model=MODEL, version=second.version)
    flights, scores = await asyncio.to_thread(lambda: (load_flights(scene.cache), read_table(Path(second.scores))))
    start = int(pc.index(flights["month"], pa.scalar(LAST_MONTH_OF_YEAR + 1, pa.int8())).as_py())
    length = int(np.flatnonzero(flights["temp"].slice(start).is_valid().to_numpy())[-1]) + 1
    december, its_scores = flights.slice(start, length), scores.slice(start, length)
    if monitored["monitored"] and monitored["monitored"][0]["rows"] >= december.num_rows:
        return
    ingest = Ingest(scene.monitor, MODEL, second.version)
    await ingest.set_reference(REFERENCE, await asyncio.to_thread(reference, flights, scores, manifest), OPTIONS)
    moments = december[TIMESTAMP].cast(pa.int64()).to_numpy()
    for step in timeline(moments, slot=timedelta(days=1)):
        size = step.stop - step.start
        rows = december.slice(step.start, size)
        name = f"demo-{second.run_id}-{step.kind}-{step.slot}"
        if step.kind == "predictions":
            await ingest.send_predictions(name, predictions(rows, its_scores.slice(step.start, size)))
        elif (known := labels(rows)).num_rows:
            await ingest.send_labels(name, known)
    scene.ben.say(f"lets version {second.version} score December: {december.num_rows:,} predictions with labels")


async def december(scene: Scene, champion: ChampionReport, second: ChampionReport) -> None:
    """Looks at what the new version's alerts say of its first month, compares both versions there, and answers.

    The monitor judges its last windows a moment after their labels have come.
    """
    reason = await asyncio.to_thread(_december, scene, champion, second)
    deadline = time.monotonic() + _JUDGED_WITHIN
    while time.monotonic() < deadline:
        await acknowledge(scene, second.version)
        for alert in await alerts(scene, second.version):
            if alert["state"] != "RESOLVED":
                fields = {"alertId": alert["alertId"], "reason": reason}
                await scene.ben.do("resolveAlert", fields, fine=("ALREADY_RESOLVED",))
                scene.ben.say(f"has looked at “{alert['title']}”: {reason}")
        await asyncio.sleep(_LOOK_EVERY)


def _december(scene: Scene, champion: ChampionReport, second: ChampionReport) -> str:
    flights = load_flights(scene.cache)
    start = int(pc.index(flights["month"], pa.scalar(LAST_MONTH_OF_YEAR + 1, pa.int8())).as_py())
    known = flights[LABEL].slice(start).is_valid().to_numpy()
    late = flights[LABEL].slice(start).drop_null().to_numpy()
    ours, theirs = (
        roc_auc(late, read_table(Path(report.scores))[SCORE].slice(start).to_numpy()[known])
        for report in (second, champion)
    )
    verdict = "it stays, and December goes into the next training" if ours > theirs else "to be watched closely"
    return (
        f"over all of December version {second.version} has ROC-AUC {ours:.3f}, version {champion.version} "
        f"{theirs:.3f}: {verdict}."
    )


def roc_auc(late: Numbers, score: Numbers) -> float:
    """Area under the ROC curve by ranks (Mann-Whitney U), ties at their middle; without loading scikit-learn."""
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    positive = late == 1
    n = int(positive.sum())
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * (len(late) - n)))


def reference(flights: pa.Table, scores: pa.Table, manifest: Manifest) -> pa.Table:
    """What version 2 was trained on and its holdout; only the holdout has labels, as for version 1."""
    numbers = manifest.tables["labelled"].numbers()
    rows = predictions(flights.take(numbers), scores.take(numbers))
    held_out = pc.is_in(numbers, value_set=manifest.tables["holdout"].numbers())
    label = flights[LABEL].take(numbers)
    return rows.append_column(TRUTH, pc.if_else(held_out, label, pa.scalar(None, label.type)))


async def _resolved(scene: Scene, former: str, version: str) -> None:
    """The alerts of the version that no longer runs are over."""
    for alert in await alerts(scene, former):
        if alert["state"] != "RESOLVED":
            fields = {"alertId": alert["alertId"], "reason": f"Version {version} took over."}
            await scene.anna.do("resolveAlert", fields, fine=("ALREADY_RESOLVED",))
            scene.anna.say(f"resolves the alert “{alert['title']}”")


async def _assumption(scene: Scene, project_id: str, former: str, version: str) -> None:
    """What the months showed of the second assumption."""
    before = metrics_of(kept(scene.cache, former))["roc_auc"]
    ours, theirs = metrics_of(kept(scene.cache, version)), metrics_of(kept(scene.cache, f"{former}-year"))
    note = (
        f"Version {former} had ROC-AUC {before:.3f} on its own quarter and {theirs['roc_auc']:.3f} on April to "
        f"November, where version {version} has {ours['roc_auc']:.3f}."
    )
    refuted = theirs["roc_auc"] < ours["roc_auc"]
    proofs = [{"kind": "version", "id": f"{MODEL}/{one}"} for one in (former, version)]
    await settle(
        scene.ben,
        project_id,
        words.QUARTER_IS_ENOUGH,
        "REFUTED" if refuted else "VERIFIED",
        note,
        proofs,
        words.CONSEQUENCE if refuted else "",
    )


async def close(scene: Scene, project_id: str) -> None:
    """Waits for the evidence of the loop, and confirms what is gone through again without anything new in it."""
    await shown(scene.anna, project_id, ["deployed", "rollback", "retraining", "ingest_alive", "gates", "review"])
    for stage in (await look(scene.anna, project_id)).stages:
        if stage.again:
            reason = "Looked at again with version 2: nothing to change."
            fields = {"projectId": project_id, "stage": stage.key, "reason": reason}
            await scene.anna.do("confirmStage", fields, fine=("NOT_REOPENED",))
