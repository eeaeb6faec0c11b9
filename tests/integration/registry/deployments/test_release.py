"""The way of a version through a running registry: evaluated, judged, reviewed, deployed, rolled back, retrained."""

import asyncio
import uuid
from datetime import UTC, datetime
from pathlib import Path

import mlflow
import msgspec
import pytest
from mlflow import MlflowClient

from services.contracts.datasets import RecordSplits, RegisterDataset, Split
from services.contracts.deployments import (
    DeploymentView,
    DeployVersion,
    GetStandings,
    ListDeployments,
    ListEnvironments,
    ListRan,
    RetireVersion,
    RollBack,
    SetEnvironment,
)
from services.contracts.errors import Conflict, Forbidden, NotAllowedNow, NotFound, TooLarge
from services.contracts.evaluations import (
    Curve,
    Example,
    Explanation,
    Gate,
    GetEvaluation,
    Importance,
    ListEvaluations,
    RecordEvaluation,
    RowScores,
    SeedScore,
    SliceScore,
    SplitRef,
)
from services.contracts.gates import EvaluateGates, GetGatePolicy, GetGateResults, ListGateResults, SetGatePolicy
from services.contracts.identity import Role
from services.contracts.paging import Paging
from services.contracts.projects import CreateProject, FillAnswer, GetMetricLevels, GetProject, ItemView, Pattern, Thing
from services.contracts.registry import GetVersions, VersionKey
from services.contracts.retraining import (
    RETRAINING_TAG,
    AnswerRetraining,
    DeclineRetraining,
    GetRetraining,
    ListRetrainings,
    RequestRetraining,
    RetrainingView,
)
from services.contracts.reviews import CompareVersions, DecideReview, GetReview, RequestReview
from tests.integration.registry.asking import Asker
from tests.support.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore")

ROWS = [float(number % 3 != 0) for number in range(90)]
BETTER = [1.0 if number % 9 == 0 else row for number, row in enumerate(ROWS)]


def trained(client: MlflowClient, name: str, folder: Path, auc: float, **tags: str) -> str:
    """A finished run with a file, registered as the next version; its id."""
    mlflow.set_experiment(name)
    with mlflow.start_run(tags=tags) as run:
        mlflow.log_metrics({"auc": auc, "latency_ms": 5.0})
        mlflow.log_param("depth", int(auc * 10))
        file = folder / "model.bin"
        file.write_bytes(str(auc).encode())
        mlflow.log_artifact(str(file), "model")
    client.create_model_version(name, run.info.artifact_uri + "/model", run.info.run_id)
    return str(run.info.run_id)


def evaluation(name: str, version: str, auc: float, rows: list[float], digest: str = "d1") -> RecordEvaluation:
    return RecordEvaluation(
        model_name=name,
        version=version,
        split=SplitRef(name="test", dataset="flights", digest=digest, sealed=True, rows=len(rows)),
        metrics={"auc": auc, "log_loss": 0.4},
        slices=[
            SliceScore(feature="carrier", value="AA", rows=50, metrics={"auc": auc}, kind="fairness"),
            SliceScore(feature="carrier", value="UA.$x", rows=40, metrics={"auc": auc - 0.1}, kind="fairness"),
        ],
        curves=[Curve(name="roc", x=[0, 0.5, 1], y=[0, 0.8, 1])],
        seeds=[SeedScore(seed=str(seed), metrics={"auc": auc + seed / 100}) for seed in range(3)],
        explanation=Explanation(
            method="permutation",
            importances=[Importance(feature="distance", value=0.2), Importance(feature="hour", value=0.5)],
            examples=[Example(row="17", prediction="late")],
        ),
        row_scores=[RowScores(measure="auc", scores=rows, rows_digest="r1")],
    )


async def item(ask: Asker, project: str, key: str) -> ItemView:
    view = await ask(GetProject(project_id=project))
    return next(item for stage in view.stages for item in stage.items if item.key == key)


async def shows(ask: Asker, project: str, key: str, state: str) -> ItemView | None:
    found = await item(ask, project, key)
    return found if found.state == state else None


async def approve(ask: Asker, name: str, version: str) -> None:
    await ask(RequestReview(model_name=name, version=version))
    review = await ask(GetReview(model_name=name, version=version))
    assert review is not None
    decision = DecideReview(model_name=name, version=version, decision="approve", reason="good", digest=review.digest)
    await ask(decision, "ben", Role.REVIEWER)


async def production(ask: Asker, name: str) -> DeploymentView:
    [view] = await ask(ListDeployments(environment="production", model_name=name))
    return view


async def alias(ask: Asker, name: str, alias_name: str) -> str | None:
    [found] = await ask(GetVersions(keys=[VersionKey(model_name=name, version=f"@{alias_name}")]))
    return None if found is None else found.version


async def code_of(asked: object) -> str:
    with pytest.raises(NotAllowedNow) as refused:
        await asked  # type: ignore[misc]
    return refused.value.code


async def test_a_version_goes_the_whole_way_and_its_successor_takes_over_and_gives_back(
    ask: Asker, client: MlflowClient, tmp_path: Path
) -> None:
    name = f"model-{uuid.uuid4().hex[:8]}"
    began = datetime.now(UTC)
    patterns = [Pattern(kind="model", glob=name), Pattern(kind="experiment", glob=name)]
    project = (await ask(CreateProject(project_name=name, patterns=patterns))).id
    await asyncio.to_thread(client.create_registered_model, name)
    await asyncio.to_thread(trained, client, name, tmp_path, 0.7)

    # nothing yet holds: each rule says so by its name
    deploy = DeployVersion(environment="production", model_name=name, version="1")
    assert await code_of(ask(deploy)) == "REVIEW_NOT_APPROVED"
    judged = await ask(EvaluateGates(model_name=name, version="1"))
    assert (judged.passed, judged.verdicts) == (False, [])

    # the policy: gates of people, and one that follows from an answer
    fields = {"metric": "auc", "value": "0.65", "direction": "higher"}
    await ask(FillAnswer(project_id=project, item="minimum_performance", text="as good as today", fields=fields))
    experts = {"metric": "auc", "value": "0.8"}
    await ask(FillAnswer(project_id=project, item="expert_level", text="our dispatchers", fields=experts))
    levels = await ask(GetMetricLevels(thing=Thing(kind="model", id=name)))
    assert [(level.metric, level.kind, level.value) for level in levels] == [
        ("auc", "expert", 0.8), ("auc", "minimum", 0.65),
    ]  # fmt: skip
    policy = [
        Gate(name="champion", kind="beats_champion", metric="auc", significance=0.05),
        Gate(name="worst carrier", kind="worst_slice", metric="auc", threshold=0.58, slice_by="carrier"),
        Gate(name="fast", kind="constraint", metric="latency_ms", threshold=10),
        Gate(name="once", kind="sealed_test_once"),
    ]
    await ask(SetGatePolicy(project_id=project, gates=policy, reason="first", expected=0))
    with pytest.raises(Conflict) as lost:
        await ask(SetGatePolicy(project_id=project, gates=[], reason="second", expected=0))
    assert lost.value.code == "CHANGED_MEANWHILE"
    seen = await ask(GetGatePolicy(project_id=project))
    assert ([gate.name for gate in seen.derived], seen.revision) == (["meets_minimum"], 1)
    failed = await ask(EvaluateGates(model_name=name, version="1"))
    outcomes = {entry.gate.name: entry.outcome for entry in failed.verdicts}
    assert (failed.number, failed.passed, outcomes["worst carrier"], outcomes["once"]) == (
        2,
        False,
        "unknown",
        "unknown",
    )
    await until(lambda: shows(ask, project, "gates", "bad"), what="the board shows the failed gates")

    # evaluated on the sealed split
    recorded = await ask(evaluation(name, "1", 0.7, ROWS))
    whole = await ask(GetEvaluation(id=recorded.id))
    assert whole.explanation is not None
    assert (whole.sealed_uses, whole.disparities[0].worst, whole.lower_is_better) == (1, "UA.$x", ["log_loss"])
    assert whole.stability[0].count == 3
    summaries = (await ask(ListEvaluations(model_name=name, version="1"))).edges
    assert [edge.node.id for edge in summaries] == [recorded.id]
    passed = await ask(EvaluateGates(model_name=name, version="1"))
    assert passed.passed, passed.verdicts
    [least] = [entry for entry in passed.verdicts if entry.gate.name == "meets_minimum"]
    assert least.numbers["expert"] == 0.8
    assert least.words.endswith("; experts reach 0.8")
    for key in ("final_evaluation", "gates", "slices", "stability", "explanation"):
        await until(lambda key=key: shows(ask, project, key, "done"), what=f"the board shows {key}")  # type: ignore[misc]

    # approved by another, deployed; the alias follows
    assert await code_of(ask(deploy)) == "REVIEW_NOT_APPROVED"
    await approve(ask, name, "1")
    [standing] = [s for s in await ask(GetStandings(model_name=name, version="1")) if s.environment == "production"]
    assert (standing.missing, standing.runs_here) == ([], False)
    with pytest.raises(Forbidden):
        await ask(deploy, "eve", Role.CONTRIBUTOR)
    await ask(deploy, "ben", Role.REVIEWER)
    assert await alias(ask, name, "champion") == "1"
    assert await code_of(ask(deploy)) == "RUNS_ALREADY"
    await ask(RetireVersion(environment="production", model_name=name, reason="not yet announced"))
    assert await alias(ask, name, "champion") is None
    with pytest.raises(Conflict):
        await ask(DeployVersion(environment="production", model_name=name, version="1", expected=1))
    await ask(deploy, "ben", Role.REVIEWER)
    await until(lambda: shows(ask, project, "deployed", "done"), what="the board shows the deployment")

    # a second version: not significantly better, overridden by an administrator, then rolled back
    await asyncio.to_thread(trained, client, name, tmp_path, 0.71)
    await ask(evaluation(name, "2", 0.71, ROWS))
    worse = await ask(EvaluateGates(model_name=name, version="2"))
    champion = next(entry for entry in worse.verdicts if entry.gate.name == "champion")
    assert (champion.outcome, champion.numbers["champion"], champion.numbers["p_value"]) == ("failed", 0.7, 1.0)
    once = next(entry for entry in worse.verdicts if entry.gate.name == "once")
    assert (once.outcome, once.numbers) == ("passed", {"uses": 1.0})  # the first version's use was before its release
    second = DeployVersion(environment="production", model_name=name, version="2", override_reason="the old one leaks")
    with pytest.raises(Forbidden) as forbidden:
        await ask(second, "ben", Role.REVIEWER)
    assert forbidden.value.code == "OVERRIDE_FORBIDDEN"
    await ask(second)
    assert await alias(ask, name, "champion") == "2"
    rolled = RollBack(environment="production", model_name=name, reason="worse", to_version="9")
    assert await code_of(ask(rolled)) == "NEVER_RAN_HERE"
    await ask(RollBack(environment="production", model_name=name, reason="complaints"), "ben", Role.REVIEWER)
    view = await production(ask, name)
    assert view.current is not None
    assert (view.current.version, await alias(ask, name, "champion")) == ("1", "1")
    assert [(stay.version, bool(stay.overridden)) for stay in view.history] == [
        ("1", False), ("2", True), ("1", False), ("1", False),
    ]  # fmt: skip
    await until(lambda: shows(ask, project, "rollback", "done"), what="the board shows the rollback")
    ran = await ask(ListRan(start=began, end=datetime.now(UTC), model_name=name))
    assert [entry.stay.version for entry in ran] == ["1", "2", "1", "1"]
    assert await ask(ListRan(start=began, end=began, model_name=name)) == []

    # a newer evaluation of other rows changes nothing for the gates, one of sealed rows does
    async def counts() -> bool:
        found = await ask(GetGateResults(model_name=name, version="2"))
        return found is not None and found.current

    other_rows = SplitRef(name="dev", dataset="flights", digest="d2", rows=90)
    await ask(msgspec.structs.replace(evaluation(name, "2", 0.5, ROWS), split=other_rows))
    assert await counts()
    await ask(evaluation(name, "2", 0.71, BETTER))
    assert not await counts()

    # what a reviewer sees: the candidate beside the champion
    beside = await ask(CompareVersions(model_name=name, version="2"))
    assert beside.champion is not None
    assert (beside.champion.version.version, beside.same_split, beside.champion.runs_in) == ("1", True, ["production"])
    auc = next(row for row in beside.metrics if row.name == "auc")
    assert (auc.candidate, auc.champion, auc.better, auc.test) == (0.71, 0.7, True, "mcnemar")
    assert [row.name for row in beside.params] == []
    assert {row.value for row in beside.slices} == {"AA", "UA.$x"}
    assert beside.importances[0].name == "hour"

    # a file below the version changes: approval and gates lapse
    file = tmp_path / "other.bin"
    file.write_bytes(b"else")
    run_id = beside.champion.version.run_id
    assert run_id is not None
    await asyncio.to_thread(client.log_artifact, run_id, str(file), "model")
    review = await ask(GetReview(model_name=name, version="1"))
    result = await ask(GetGateResults(model_name=name, version="1"))
    assert review is not None
    assert result is not None
    assert (review.state, result.current) == ("lapsed", False)
    await until(lambda: shows(ask, project, "review", "open"), what="the approval no longer counts on the board")
    results = (await ask(ListGateResults(model_name=name, paging=Paging(first=10)))).edges
    assert len(results) == 4

    # of several who roll back what they saw, one does; the override's mark comes along
    back = RollBack(environment="production", model_name=name, reason="the file", expected=view.revision)
    outcomes = await asyncio.gather(*(ask(back) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 3
    view = await production(ask, name)
    assert view.current is not None
    assert (view.current.version, await alias(ask, name, "champion")) == ("2", "2")
    assert view.current.overridden == ["REVIEW_NOT_APPROVED", "GATES_NOT_PASSED"]
    assert await code_of(ask(RollBack(environment="production", model_name=name, reason="x"))) == "CONTENT_CHANGED"


async def test_an_unmodified_client_logs_an_evaluation_as_a_file(ask: Asker, client: MlflowClient) -> None:
    name = f"model-{uuid.uuid4().hex[:8]}"

    def log() -> tuple[str, str]:
        mlflow.set_experiment(name)
        with mlflow.start_run() as good:
            stated = {
                "split": {"name": "test", "dataset": "flights", "digest": name, "sealed": True},
                "metrics": {"auc": 0.7},
                "slices": [{"feature": "sex", "value": "f", "rows": 3, "metrics": {"auc": 1}, "kind": "fairness"}],
            }
            mlflow.log_dict(stated, "lifecycle/evaluation.json")
        with mlflow.start_run() as wrong:
            mlflow.log_dict({"split": {"name": "test"}, "metrics": {"auc": "high"}}, "lifecycle/evaluation-2.json")
        return str(good.info.run_id), str(wrong.info.run_id)

    good, wrong = await asyncio.to_thread(log)

    async def recorded() -> str | None:
        edges = (await ask(ListEvaluations(run_id=good))).edges
        return edges[0].node.id if edges else None

    found = await ask(GetEvaluation(id=await until(recorded, what="the file is an evaluation") or ""))
    user = (await asyncio.to_thread(client.get_run, good)).info.user_id
    assert (found.metrics, found.by, found.slices[0].kind) == ({"auc": 0.7}, user, "fairness")

    async def told() -> str | None:
        tags = (await asyncio.to_thread(client.get_run, wrong)).data.tags
        return tags.get("lifecycle.evaluation_problem")

    assert "metrics" in (await until(told, what="the run says what is wrong with its file") or "")


async def test_rows_that_are_known_as_sealed_count_as_sealed_whatever_is_said(
    ask: Asker, client: MlflowClient, tmp_path: Path
) -> None:
    name = f"model-{uuid.uuid4().hex[:8]}"
    await asyncio.to_thread(client.create_registered_model, name)
    for digest in ("whole", "part"):
        await ask(RegisterDataset(dataset=name, digest=digest, rows=10))
    part = Split(role="test", dataset=name, digest="part", sealed=True)
    await ask(RecordSplits(dataset=name, digest="whole", splits=[part]))
    uses = []
    for version, tags in (("1", {"lifecycle.baseline": "true"}), ("2", {}), ("3", {})):
        await asyncio.to_thread(lambda tags=tags: trained(client, name, tmp_path, 0.7, **tags))  # type: ignore[misc]
        split = SplitRef(name="test", dataset=name, digest="part")
        recorded = await ask(RecordEvaluation(model_name=name, version=version, split=split, metrics={"auc": 0.7}))
        found = await ask(GetEvaluation(id=recorded.id))
        assert found.split.sealed
        uses.append(found.sealed_uses)
    assert uses == [1, 1, 2]  # the baseline's doesn't count: nothing was chosen by it


async def test_what_doesnt_exist_or_is_too_large_is_refused(ask: Asker) -> None:
    with pytest.raises(NotFound):
        await ask(DeployVersion(environment="mars", model_name="m", version="1"))
    with pytest.raises(NotFound):
        await ask(DeployVersion(environment="production", model_name="nothing", version="1"))
    with pytest.raises(NotFound):
        await ask(RecordEvaluation(run_id="nothing", split=SplitRef(name="test"), metrics={"auc": 0.5}))
    with pytest.raises(TooLarge):
        await ask(RecordEvaluation(run_id="x", split=SplitRef(name="t"), metrics={"a": 1}, note="x" * 2_000_000))
    with pytest.raises(Forbidden):
        await ask(SetEnvironment(environment="mars"), "ben", Role.REVIEWER)
    environment = SetEnvironment(environment=f"e-{uuid.uuid4().hex[:8]}", needs_gates=False, expected=0)
    assert (await ask(environment)).revision == 1
    with pytest.raises(Conflict):
        await ask(environment)
    assert {"production", "staging"} <= {entry.name for entry in await ask(ListEnvironments())}


async def test_a_request_for_retraining_is_answered_by_the_run_that_names_it(
    ask: Asker, client: MlflowClient, tmp_path: Path
) -> None:
    name = f"model-{uuid.uuid4().hex[:8]}"
    project = (await ask(CreateProject(project_name=name, patterns=[Pattern(kind="model", glob=name)]))).id
    await asyncio.to_thread(client.create_registered_model, name)
    await asyncio.to_thread(trained, client, name, tmp_path, 0.7)
    asked = RequestRetraining(model_name=name, version="1", reason="a new airline", back_to="gathering")
    opened = await ask(asked)
    assert await code_of(ask(asked)) == "RETRAINING_EXISTS"
    await until(lambda: shows(ask, project, "retraining", "bad"), what="the board says that retraining is asked for")
    view = await ask(GetProject(project_id=project))
    assert [(move.stage, move.to) for move in view.moves] == [("monitoring", "gathering")]

    def once_in_vain() -> str:
        mlflow.set_experiment(name)
        run = mlflow.start_run(tags={RETRAINING_TAG: opened.id})
        mlflow.end_run("FAILED")
        return str(run.info.run_id)

    await asyncio.to_thread(once_in_vain)
    run_id = await asyncio.to_thread(trained, client, name, tmp_path, 0.8, **{RETRAINING_TAG: f"{name}/1"})

    async def answered() -> RetrainingView | None:
        found = await ask(GetRetraining(id=opened.id))
        return found if found.new_version else None

    closed = await until(answered, what="the run and its version answer the request")
    assert (closed.state, closed.run_id, closed.new_version) == ("answered", run_id, "2")

    async def loop_closed() -> bool:
        found = await item(ask, project, "retraining")
        return found.state == "done" and "version 2" in found.evidence[0].note

    await until(loop_closed, what="the board shows the loop closed")
    assert await code_of(ask(AnswerRetraining(id=opened.id, run_id=run_id))) == "RETRAINING_CLOSED"

    again = await ask(RequestRetraining(model_name=name, version="@latest", reason="a whim"))
    with pytest.raises(Conflict):
        await ask(DeclineRetraining(id=again.id, reason="no", expected=7))
    await ask(DeclineRetraining(id=again.id, reason="no", expected=1))
    listed = (await ask(ListRetrainings(model_name=name))).edges
    assert [edge.node.state for edge in listed] == ["declined", "answered"]
