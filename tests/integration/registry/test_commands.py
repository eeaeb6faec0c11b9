"""Experiments, runs, models and versions, changed by other services' commands."""

from __future__ import annotations

import contextlib
import uuid

import pytest

from services.contracts.cards import CardWords, GetCard, GetCardWords, PublishCard, WriteCard
from services.contracts.deployments import DeployVersion, ListDeployments, RetireVersion
from services.contracts.errors import Conflict, Forbidden, Invalid, NotAllowedNow, NotFound
from services.contracts.evaluations import GetEvaluation, ListEvaluations, RecordEvaluation, SplitRef
from services.contracts.gates import EvaluateGates, GetGateResults
from services.contracts.identity import Role
from services.contracts.insights import GetInsight, Link, WriteInsight
from services.contracts.lineage import NodeRef, WalkLineage
from services.contracts.projects import CreateProject, FindOwners, Pattern, Thing
from services.contracts.registry import (
    CreateExperiment,
    DeleteExperiment,
    DeleteExperimentTag,
    DeleteModel,
    DeleteModelTag,
    DeleteRun,
    DeleteRunTag,
    DeleteVersion,
    DeleteVersionTag,
    DescribeExperiment,
    DescribeModel,
    DescribeRun,
    DescribeVersion,
    EndRun,
    ListEvents,
    MoveVersion,
    RegisterModel,
    RegisterVersion,
    RemoveAlias,
    RenameExperiment,
    RenameModel,
    RenameRun,
    RestoreExperiment,
    RestoreRun,
    SetAlias,
    SetExperimentTag,
    SetModelTag,
    SetRunTag,
    SetVersionTag,
)
from services.contracts.retraining import ListRetrainings, RequestRetraining
from services.contracts.reviews import DecideReview, GetReview, RequestReview
from tests.integration.registry.asking import Asker, Mlflow
from tests.support.waiting import until


async def test_experiments_are_made_changed_deleted_and_restored(mlflow: Mlflow, ask: Asker) -> None:
    name = uuid.uuid4().hex
    wish = CreateExperiment(experiment_name=name, tags={"team": "a"}, idempotency_key=name)
    made = await ask(wish)
    assert await ask(wish) == made
    with pytest.raises(Conflict):
        await ask(CreateExperiment(experiment_name=name))
    id_ = made.id
    renamed = await ask(RenameExperiment(experiment_id=id_, experiment_name=f"{name}-2"))
    assert (renamed.name, renamed.tags) == (f"{name}-2", {"team": "a"})
    described = await ask(DescribeExperiment(experiment_id=id_, description="**Why**"))
    assert described.tags["mlflow.note.content"] == "**Why**"
    assert "mlflow.note.content" not in (await ask(DescribeExperiment(experiment_id=id_, description=""))).tags
    assert (await ask(SetExperimentTag(experiment_id=id_, tag="k", value="v"))).tags == {"team": "a", "k": "v"}
    assert (await ask(DeleteExperimentTag(experiment_id=id_, tag="team"))).tags == {"k": "v"}
    run = await mlflow.run(experiment=id_)
    assert (await ask(DeleteExperiment(experiment_id=id_))).lifecycle_stage == "deleted"
    assert (await ask(RestoreExperiment(experiment_id=id_))).run_count == 1
    assert (await ask(RenameRun(run_id=run, run_name="again"))).name == "again"
    with pytest.raises(Forbidden):
        await ask(DeleteExperiment(experiment_id=id_), "vera", Role.VIEWER)


async def test_runs_are_changed_ended_deleted_and_restored(mlflow: Mlflow, ask: Asker) -> None:
    run = await mlflow.run()
    assert (await ask(RenameRun(run_id=run, run_name="new"))).name == "new"
    with pytest.raises(Invalid):
        await ask(RenameRun(run_id=run, run_name=" "))
    assert (await ask(SetRunTag(run_id=run, tag="k", value="v"))).tags["k"] == "v"
    assert "k" not in (await ask(DeleteRunTag(run_id=run, tag="k"))).tags
    with pytest.raises(NotFound):
        await ask(DeleteRunTag(run_id=run, tag="k"))
    assert (await ask(DescribeRun(run_id=run, description="x"))).tags["mlflow.note.content"] == "x"
    assert "mlflow.note.content" not in (await ask(DescribeRun(run_id=run, description=""))).tags
    ended = await ask(EndRun(run_id=run))
    assert ended.status == "KILLED"
    assert ended.end_time is not None
    with pytest.raises(NotAllowedNow, match="ended already"):
        await ask(EndRun(run_id=run))
    assert (await ask(DeleteRun(run_id=run))).lifecycle_stage == "deleted"
    assert (await ask(RestoreRun(run_id=run))).lifecycle_stage == "active"


async def test_models_and_versions_are_registered_changed_and_deleted(mlflow: Mlflow, ask: Asker) -> None:
    name = uuid.uuid4().hex
    assert (await ask(RegisterModel(model_name=name, description="d", tags={"a": "1"}))).description == "d"
    first = await ask(RegisterVersion(model_name=name, source="s3://b/1", description="one", tags={"t": "1"}))
    assert (first.version, first.description, first.tags) == ("1", "one", {"t": "1"})
    repeat = RegisterVersion(model_name=name, source="s3://b/2", idempotency_key=name)
    assert [(await ask(repeat)).version, (await ask(repeat)).version] == ["2", "2"]
    await ask(SetAlias(model_name=name, alias="champion", version="1"))
    assert (await ask(RemoveAlias(model_name=name, alias="champion"))).aliases == {}
    assert (await ask(DescribeModel(model_name=name, description="e"))).description == "e"
    assert (await ask(SetModelTag(model_name=name, tag="b", value="2"))).tags == {"a": "1", "b": "2"}
    assert (await ask(DeleteModelTag(model_name=name, tag="a"))).tags == {"b": "2"}
    assert (await ask(DescribeVersion(model_name=name, version="1", description="uno"))).description == "uno"
    assert (await ask(SetVersionTag(model_name=name, version="1", tag="u", value="2"))).tags == {"t": "1", "u": "2"}
    assert (await ask(DeleteVersionTag(model_name=name, version="1", tag="t"))).tags == {"u": "2"}
    assert (await ask(MoveVersion(model_name=name, version="1", stage="production"))).stage == "Production"
    await ask(DeleteVersion(model_name=name, version="2"))
    renamed = await ask(RenameModel(model_name=name, new_name=f"{name}-2"))
    assert (renamed.name, renamed.version_count) == (f"{name}-2", 1)
    assert renamed.latest is not None
    assert renamed.latest.version == "1"
    await ask(DeleteModel(model_name=f"{name}-2"))
    with pytest.raises(NotFound):
        await ask(DescribeModel(model_name=f"{name}-2", description=""))


async def test_what_is_kept_about_a_model_follows_it_to_a_new_name(mlflow: Mlflow, ask: Asker) -> None:
    old, new = uuid.uuid4().hex, uuid.uuid4().hex
    project = (await ask(CreateProject(project_name=old, patterns=[Pattern(kind="model", glob=f"{old}*")]))).id
    await ask(RegisterModel(model_name=old))
    await ask(RegisterVersion(model_name=old, source="s3://b/1"), "anna")
    await ask(RequestReview(model_name=old, version="1"), "anna")
    review = await ask(GetReview(model_name=old, version="1"))
    assert review is not None
    decide = DecideReview(model_name=old, version="1", decision="approve", reason="good", digest=review.digest)
    await ask(decide, "bert")
    split = SplitRef(name="test")
    evaluation = (await ask(RecordEvaluation(split=split, metrics={"auc": 0.8}, model_name=old, version="1"))).id
    assert (await ask(EvaluateGates(model_name=old, version="1"))).number == 1
    await ask(DeployVersion(environment="staging", model_name=old, version="1"))
    await ask(WriteCard(model_name=old, words=CardWords(intended_use="Flights.")))
    await ask(PublishCard(model_name=old, version="1"))
    await ask(RequestRetraining(model_name=old, version="1", reason="old"))
    about = [Link(kind="version", id=f"{old}/1"), Link(kind="model", id=old)]
    insight = (await ask(WriteInsight(title="t", text="x", links=about))).id

    await ask(RenameModel(model_name=old, new_name=new))
    moved = await ask(GetReview(model_name=new, version="1"))
    assert moved is not None
    assert (moved.state, moved.digest, [d.by for d in moved.decisions]) == ("approved", review.digest, ["bert"])
    assert await ask(GetReview(model_name=old, version="1")) is None
    assert (await ask(GetEvaluation(id=evaluation))).model_name == new
    listed = await ask(ListEvaluations(model_name=new, version="1"))
    assert [edge.node.id for edge in listed.edges] == [evaluation]
    result = await ask(GetGateResults(model_name=new, version="1"))
    assert result is not None
    assert (result.current, result.model_name) == (True, new)
    assert (await ask(EvaluateGates(model_name=new, version="1"))).number == 2
    [running] = await ask(ListDeployments(model_name=new))
    assert running.current is not None
    assert running.current.version == "1"
    assert await ask(ListDeployments(model_name=old)) == []
    await ask(RetireVersion(environment="staging", model_name=new, reason="over"))
    assert (await ask(GetCardWords(model_name=new))).words.intended_use == "Flights."
    assert (await ask(GetCard(model_name=new, version="1"))).revision == 1
    retrainings = await ask(ListRetrainings(model_name=new))
    assert [edge.node.version for edge in retrainings.edges] == ["1"]
    links = (await ask(GetInsight(insight_id=insight))).links
    assert links == [Link(kind="version", id=f"{new}/1"), Link(kind="model", id=new)]
    assert await ask(FindOwners(things=[Thing(kind="model", id=new)])) == [project]

    # the old name is free: what comes under it begins anew, and its events count on
    await ask(RegisterModel(model_name=old))
    await ask(RegisterVersion(model_name=old, source="s3://b/2"))
    await ask(RequestReview(model_name=old, version="1"), "cleo")
    again = await ask(GetReview(model_name=old, version="1"))
    assert again is not None
    assert (again.round, "anna" in again.authors, again.state) == (1, True, "open")
    await ask(DeployVersion(environment="staging", model_name=old, version="1"))
    assert (await ask(EvaluateGates(model_name=old, version="1"))).number == 1
    await ask(PublishCard(model_name=old, version="1"))
    page = await ask(ListEvents(aggregate="deployment", aggregate_id=f"staging/{old}"))
    assert [edge.node.version for edge in page.edges] == [2, 1]

    async def told() -> set[str]:
        walk = await ask(WalkLineage(start=NodeRef(kind="deployment", id=f"staging/{new}/1"), direction="up", depth=5))
        return {f"{node.kind}:{node.id}" for node in walk.nodes}

    async def whole() -> bool:
        with contextlib.suppress(NotFound):
            return {f"version:{new}/1", f"version:{old}/1"} <= await told()
        return False

    await until(whole)
