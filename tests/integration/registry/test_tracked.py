"""What is tracked, as other services ask for it: files and their previews, and how models were in the past."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from services.contracts.audit import ListAudit
from services.contracts.cards import CardWords, GetCard, GetCardWords, PublishCard, WriteCard
from services.contracts.conditions import Condition, Ordering
from services.contracts.deployments import DeployVersion, ListDeployments, RetireVersion
from services.contracts.errors import Conflict, Forbidden, Invalid, NotAllowedNow, NotFound, Unsupported
from services.contracts.evaluations import GetEvaluation, ListEvaluations, RecordEvaluation, SplitRef
from services.contracts.gates import EvaluateGates, GetGateResults
from services.contracts.identity import Role
from services.contracts.insights import GetInsight, Link, ListInsights, WriteInsight
from services.contracts.lineage import NodeRef, WalkLineage
from services.contracts.paging import Paging
from services.contracts.projects import AssignToProject, CreateProject, FindOwners, Pattern, Thing
from services.contracts.registry import (
    ArtifactOwner,
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
    GetArtifact,
    GetMetricHistory,
    GetModels,
    GetRuns,
    GetVersions,
    ListArtifacts,
    ListEvents,
    ListExperiments,
    ListModels,
    ListRuns,
    ListVersions,
    MoveVersion,
    PreviewArtifact,
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
    VersionKey,
    VersionView,
)
from services.contracts.retraining import ListRetrainings, RequestRetraining
from services.contracts.reviews import DecideReview, GetReview, ListReviews, RequestReview
from tests.integration.registry.asking import Asker, asking
from tests.integration.registry.processes import RegistryProcess
from tests.support.waiting import until


class Mlflow:
    """Speaks MLflow's API, raw."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def __call__(self, path: str, method: str = "POST", **body: object) -> dict:  # type: ignore[type-arg]
        answer = await self.client.request(method, f"/api/2.0/mlflow/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def run(self, name: str = "r", experiment: str | None = None, start: int = 1000) -> str:
        """A new run, in a new experiment unless one is named."""
        experiment = experiment or await self.experiment()
        made = await self("runs/create", experiment_id=experiment, start_time=start, run_name=name)
        return str(made["run"]["info"]["run_id"])

    async def experiment(self) -> str:
        return str((await self("experiments/create", name=uuid.uuid4().hex))["experiment_id"])

    async def put(self, uri: str, path: str, content: bytes) -> None:
        """Stores a file below an artifact location."""
        place = f"/api/2.0/mlflow-artifacts/artifacts/{uri.removeprefix('mlflow-artifacts:/')}/{path}"
        assert (await self.client.put(place, content=content)).status_code == 200


@pytest.fixture
async def mlflow(registry: RegistryProcess) -> AsyncIterator[Mlflow]:
    async with httpx.AsyncClient(base_url=registry.url, timeout=20, auth=("anna", "")) as client:
        yield Mlflow(client)


@pytest.fixture
async def ask(registry: RegistryProcess, nats: str) -> AsyncIterator[Asker]:
    async with asking(nats) as asker:
        yield asker


def now() -> datetime:
    return datetime.now(UTC)


# ---------------------------------------------------------------- files


async def test_files_of_a_run_are_listed_by_name_a_page_at_a_time(mlflow: Mlflow, ask: Asker) -> None:
    run = await mlflow.run()
    uri = (await mlflow(f"runs/get?run_id={run}", "GET"))["run"]["info"]["artifact_uri"]
    for path in ("b.txt", "a/data.csv", "c/deep/er.txt", "d.json"):
        await mlflow.put(uri, path, b"x,y\n1,2\n")
    owner = ArtifactOwner(run_id=run)
    first = await ask(ListArtifacts(owner=owner, paging=Paging(first=3, with_total=True)))
    assert [(edge.node.path, edge.node.is_directory, edge.node.size) for edge in first.edges] == [
        ("a", True, None),
        ("b.txt", False, 8),
        ("c", True, None),
    ]
    assert (first.total, first.has_next) == (4, True)
    await mlflow.put(uri, "aa.txt", b"")
    rest = await ask(ListArtifacts(owner=owner, paging=Paging(first=3, after=first.edges[-1].cursor)))
    assert [edge.node.path for edge in rest.edges] == ["d.json"]
    back = await ask(ListArtifacts(owner=owner, paging=Paging(last=2, before=rest.edges[0].cursor)))
    assert ([edge.node.path for edge in back.edges], back.has_previous) == (["b.txt", "c"], True)
    inside = await ask(ListArtifacts(owner=owner, path="a"))
    assert [edge.node.path for edge in inside.edges] == ["a/data.csv"]
    assert inside.edges[0].node.media_type == "text/csv"
    shown = await ask(PreviewArtifact(owner=owner, path="a/data.csv"))
    assert (shown.kind, shown.columns, shown.rows) == ("table", ["x", "y"], [["1", "2"]])
    directory = await ask(GetArtifact(owner=owner, path="c/deep"))
    assert (directory.path, directory.is_directory) == ("c/deep", True)
    for wrong in ("c/deep", "nope.txt"):
        with pytest.raises(NotFound):
            await ask(PreviewArtifact(owner=owner, path=wrong))
    for wrong in ("../../secret", "/etc/passwd", "a/%2e%2e/%2e%2e/x"):
        with pytest.raises(Invalid):
            await ask(PreviewArtifact(owner=owner, path=wrong))


async def test_files_are_filtered_and_ordered_together_with_directories(mlflow: Mlflow, ask: Asker) -> None:
    run = await mlflow.run()
    uri = (await mlflow(f"runs/get?run_id={run}", "GET"))["run"]["info"]["artifact_uri"]
    for path, size in (("b.txt", 8), ("a/data.csv", 5), ("c.txt", 2), ("d.json", 4)):
        await mlflow.put(uri, path, b"x" * size)

    async def paths(**asked: Any) -> list[str]:
        """Of all pages, one item each."""
        found: list[str] = []
        cursor = None
        while True:
            paging = Paging(first=1, after=cursor, with_total=True)
            page = await ask(ListArtifacts(owner=ArtifactOwner(run_id=run), paging=paging, **asked))
            found += [edge.node.path for edge in page.edges]
            if not page.has_next:
                assert page.total == len(found)
                return found
            cursor = page.edges[-1].cursor

    largest = [Ordering(by="size", descending=True)]
    assert await paths(order=largest) == ["b.txt", "d.json", "c.txt", "a"]
    assert await paths(where=Condition(field="name", operator="like", text="%.txt")) == ["b.txt", "c.txt"]
    assert await paths(where=Condition(field="is_directory", flag=True)) == ["a"]
    assert await paths(where=Condition(field="size", operator="ge", number=3), order=largest) == ["b.txt", "d.json"]


async def test_files_of_a_version_are_its_own_or_of_somebody_else_and_then_refused(mlflow: Mlflow, ask: Asker) -> None:
    name, run = uuid.uuid4().hex, await mlflow.run()
    uri = (await mlflow(f"runs/get?run_id={run}", "GET"))["run"]["info"]["artifact_uri"]
    await mlflow.put(uri, "model/MLmodel", b"flavors: {}\n")
    await mlflow("registered-models/create", name=name)
    await mlflow("model-versions/create", name=name, source=f"{uri}/model", run_id=run)
    await mlflow("model-versions/create", name=name, source="s3://bucket/model")
    own = await ask(ListArtifacts(owner=ArtifactOwner(model_name=name, version="1")))
    assert [edge.node.path for edge in own.edges] == ["MLmodel"]
    shown = await ask(PreviewArtifact(owner=ArtifactOwner(model_name=name, version="1"), path="MLmodel", most=7))
    assert (shown.kind, shown.text, shown.truncated) == ("text", "flavors", True)
    with pytest.raises(Unsupported):
        await ask(ListArtifacts(owner=ArtifactOwner(model_name=name, version="2")))


# ---------------------------------------------------------------- the past


async def test_a_run_is_shown_as_it_was(mlflow: Mlflow, ask: Asker) -> None:
    name, run = uuid.uuid4().hex, await mlflow.run("first")
    before = datetime(2020, 1, 1, tzinfo=UTC)
    await mlflow("runs/log-parameter", run_id=run, key="depth", value="6")
    await mlflow("runs/log-metric", run_id=run, key="auc", value=0.6, timestamp=1, step=0)
    await mlflow("registered-models/create", name=name)
    await mlflow("model-versions/create", name=name, source="s3://b/1", run_id=run)
    then = now()
    await mlflow("runs/log-metric", run_id=run, key="auc", value=0.7, timestamp=2, step=1)
    await mlflow("runs/log-metric", run_id=run, key="loss", value=0.1, timestamp=2, step=1)
    await mlflow("runs/log-parameter", run_id=run, key="rate", value="0.1")
    await ask(DescribeRun(run_id=run, description="later"))
    await ask(RenameRun(run_id=run, run_name="second"))
    await ask(EndRun(run_id=run, status="FINISHED"))
    [was] = await ask(GetRuns(ids=[run], as_of=then))
    [now_is] = await ask(GetRuns(ids=[run]))
    assert was is not None
    assert now_is is not None
    assert (was.name, was.status, was.end_time, was.as_of) == ("first", "RUNNING", None, then)
    assert (was.params, was.metrics) == ({"depth": "6"}, {"auc": 0.6})
    assert "mlflow.note.content" not in was.tags
    assert (now_is.name, now_is.status, set(now_is.metrics)) == ("second", "FINISHED", {"auc", "loss"})
    [version] = await ask(GetVersions(keys=[VersionKey(model_name=name, version="1")], as_of=then))
    assert version is not None
    assert (version.params, version.metrics) == ({"depth": "6"}, {"auc": 0.6})
    points = await ask(GetMetricHistory(run_id=run, metric="auc", as_of=then))
    assert [point.value for point in points] == [0.6]
    assert await ask(GetRuns(ids=[run, "none"], as_of=before)) == [None, None]


async def test_lists_ordered_by_a_moment_go_on_where_a_page_ended(mlflow: Mlflow, ask: Asker) -> None:
    name = uuid.uuid4().hex
    for number in range(4):
        await ask(WriteInsight(title=f"{name}-{number}", text="x"))
    where = Condition(field="data", operator="like", text=f"%{name}%")
    found: list[str] = []
    cursor = None
    for _ in range(2):
        paging = Paging(first=2, after=cursor)
        page = await ask(ListEvents(order=[Ordering(by="time")], paging=paging, where=where))
        found += [edge.node.aggregate_id for edge in page.edges]
        cursor = page.edges[-1].cursor
    assert len(set(found)) == 4
    assert not page.has_next


async def test_a_model_is_shown_as_it_was(mlflow: Mlflow, ask: Asker) -> None:
    name, renamed = uuid.uuid4().hex, uuid.uuid4().hex
    before = now()
    await mlflow("registered-models/create", name=name, description="first", tags=[{"key": "team", "value": "a"}])
    await mlflow("model-versions/create", name=name, source="s3://b/1", description="one")
    await ask(SetAlias(model_name=name, alias="champion", version="1"))
    await ask(RequestReview(model_name=name, version="1"))
    deploy = DeployVersion(environment="staging", model_name=name, version="1", override_reason="x", note="n")
    await ask(deploy, "ben")
    early = now()
    await mlflow("registered-models/update", "PATCH", name=name, description="second")
    await mlflow("registered-models/set-tag", name=name, key="team", value="b")
    await mlflow("model-versions/create", name=name, source="s3://b/2")
    await ask(SetAlias(model_name=name, alias="champion", version="2"))
    await mlflow("model-versions/update", "PATCH", name=name, version="1", description="changed")
    await mlflow("model-versions/set-tag", name=name, version="1", key="k", value="v")
    await mlflow("model-versions/transition-stage", name=name, version="1", stage="Production",
                 archive_existing_versions=False)  # fmt: skip
    late = now()
    await mlflow("model-versions/delete", "DELETE", name=name, version="2")
    await mlflow("registered-models/rename", name=name, new_name=renamed)

    for asked in (name, renamed):
        [model] = await ask(GetModels(names=[asked], as_of=early))
        assert model is not None
        assert (model.name, model.description, model.tags, model.aliases) == (
            name,
            "first",
            {"team": "a"},
            {"champion": "1", "challenger": "1"},
        )
        assert (model.version_count, model.latest and model.latest.version, model.as_of) == (1, "1", early)
    [nothing] = await ask(GetModels(names=[name], as_of=before))
    assert nothing is None
    [later] = await ask(GetModels(names=[name], as_of=late))
    assert later is not None
    assert (later.description, later.version_count, later.aliases) == (
        "second",
        2,
        {"champion": "2", "challenger": "1"},
    )
    [gone] = await ask(GetModels(names=[name], as_of=now()))
    assert gone is None

    async def version(number: str, at: datetime, of: str = name) -> VersionView | None:
        return (await ask(GetVersions(keys=[VersionKey(model_name=of, version=number)], as_of=at)))[0]

    old = await version("1", early, renamed)
    assert old is not None
    assert (old.description, old.stage, old.tags) == ("one", "None", {})
    assert sorted(old.aliases) == ["challenger", "champion"]
    new = await version("@champion", late)
    assert new is not None
    assert new.version == "2"
    changed = await version("1", late)
    assert changed is not None
    assert (changed.description, changed.stage, changed.tags) == ("changed", "Production", {"k": "v"})
    assert await version("2", now(), renamed) is None
    page = await ask(ListVersions(model_name=name, as_of=late, paging=Paging(first=1, with_total=True)))
    assert ([edge.node.version for edge in page.edges], page.total, page.has_next) == (["2"], 2, True)

    assert await ask(GetReview(model_name=name, version="1", as_of=before)) is None
    review = await ask(GetReview(model_name=name, version="1", as_of=early))
    assert review is not None
    assert review.state == "open"
    assert old.current_name == renamed
    assert await ask(ListDeployments(model_name=renamed, as_of=before)) == []
    [ran] = await ask(ListDeployments(model_name=renamed, as_of=early))
    assert ran.current is not None
    assert ran.current.version == "1"
    rows = await ask(ListAudit(action="describe_model", paging=Paging(first=1)))
    assert '"first"' in (rows.edges[0].node.before or "")
    assert '"second"' in (rows.edges[0].node.after or "")


# ---------------------------------------------------------------- what people do


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


# ---------------------------------------------------------------- pages


async def test_no_run_is_skipped_or_doubled_when_others_come_between_pages(mlflow: Mlflow, ask: Asker) -> None:
    experiment = await mlflow.experiment()

    async def run(name: str, auc: float | None) -> None:
        id_ = await mlflow.run(name, experiment, start=int(name[1:]))
        if auc is not None:
            await mlflow("runs/log-metric", run_id=id_, key="auc", value=auc, timestamp=1, step=0)

    for number in range(6):
        await run(f"r{number}", number / 10 if number % 3 else None)
    for order_by, names in (
        ([], ["r5", "r4", "r3", "r2", "r1", "r0"]),
        (["metrics.auc DESC"], ["r5", "r4", "r2", "r1", "r3", "r0"]),
        (["attributes.run_name ASC"], ["r0", "r1", "r2", "r3", "r4", "r5"]),
    ):
        seen, before = list[str](), None
        after = None
        for number in range(3):
            page = await ask(
                ListRuns(paging=Paging(first=2, after=after), experiment_ids=[experiment], order_by=order_by)
            )
            seen += [edge.node.name for edge in page.edges]
            assert (page.has_next, page.has_previous) == (number < 2 or page.has_next, number > 0)
            after, before = page.edges[-1].cursor, page.edges[-1].cursor
            await run(f"r{100 + number}" if order_by != ["attributes.run_name ASC"] else f"r0{number}", 0.99)
        assert [name for name in seen if len(name) == 2] == names
        assert len(seen) == len(set(seen))
        back = await ask(ListRuns(paging=Paging(last=3, before=before), experiment_ids=[experiment], order_by=order_by))
        assert back.edges[-1].node.name == seen[-2]
        for node in [edge.node for edge in back.edges]:
            assert node.name != seen[-1]
        await ask_away(ask, experiment)
    with pytest.raises(Invalid):
        await ask(ListRuns(paging=Paging(first=2, after="WzJd")))


async def ask_away(ask: Asker, experiment: str) -> None:
    """Deletes the runs that came in between."""
    page = await ask(ListRuns(experiment_ids=[experiment]))
    for edge in page.edges:
        if len(edge.node.name) > 2:
            await ask(DeleteRun(run_id=edge.node.id))


# ---------------------------------------------------------------- filters


async def test_lists_take_conditions_and_orders(mlflow: Mlflow, ask: Asker) -> None:
    mark = uuid.uuid4().hex
    for number, team in enumerate(("ops", "sales", "ops")):
        name = f"{mark}-{number}"
        await ask(CreateExperiment(experiment_name=name, tags={"team": team}))
        await ask(RegisterModel(model_name=name, description=f"about {team}", tags={"team": team}))
        await ask(RegisterVersion(model_name=name, source="s3://b/m"))
        await ask(RequestReview(model_name=name, version="1"), f"user{number}")
        await ask(WriteInsight(title=f"{name} {team}", text=f"{mark} {'word ' * number}"), f"user{number}")
    ours = Condition(field="name", operator="like", text=f"{mark}%")
    ops = Condition(field="tags", key="team", text="ops")
    newest = [Ordering(by="name", descending=True)]

    async def names(*parts: Condition, order: list[Ordering] = newest) -> tuple[list[str], list[str]]:
        where = Condition(all=list(parts))
        experiments = await ask(ListExperiments(where=where, order=order))
        models = await ask(ListModels(where=where, order=order))
        return (
            [edge.node.name[-1] for edge in experiments.edges],
            [edge.node.name[-1] for edge in models.edges],
        )

    assert await names(ours) == (["2", "1", "0"], ["2", "1", "0"])
    assert await names(ours, ops) == (["2", "0"], ["2", "0"])
    not_ops = Condition(all=[ops], negated=True)
    assert await names(ours, not_ops) == (["1"], ["1"])
    assert await names(ours, Condition(field="created_at", operator="ge", time=now())) == ([], [])
    either = Condition(any=[Condition(field="name", text=f"{mark}-{n}") for n in (0, 1)])
    assert await names(either, order=[Ordering(by="created_at")]) == (["0", "1"], ["0", "1"])
    with pytest.raises(Invalid, match="colour"):
        await names(Condition(field="colour", text="red"))

    of_model = Condition(field="model", operator="like", text=f"{mark}%")
    reviews = await ask(
        ListReviews(
            where=Condition(all=[of_model, Condition(field="author", text="user1")]), order=[Ordering(by="model")]
        )
    )
    assert [edge.node.model_name for edge in reviews.edges] == [f"{mark}-1"]
    versions = await ask(ListVersions(where=of_model, order=[Ordering(by="model")], paging=Paging(first=2)))
    assert [edge.node.model_name[-1] for edge in versions.edges] == ["0", "1"]
    audit = await ask(ListAudit(where=Condition(all=[Condition(field="user", text="user2"),
                                                     Condition(field="action", operator="in", texts=["request_review"]),
                                                     Condition(field="time", operator="lt", time=now())])))  # fmt: skip
    assert {edge.node.action for edge in audit.edges} == {"request_review"}
    events = await ask(
        ListEvents(where=Condition(field="data", operator="like", text=f"%{mark}-1%"), order=[Ordering(by="type")])
    )
    types = [edge.node.type for edge in events.edges]
    assert types == sorted(types)
    assert len(types) >= 4


async def test_a_search_goes_on_behind_what_fits_best_though_better_ones_are_written(ask: Asker) -> None:
    word = f"w{uuid.uuid4().hex}"
    for count in (1, 3, 2, 4):
        await ask(WriteInsight(title=str(count), text=f"{word} " * count))
    seen: list[str] = []
    after = None
    for number in range(2):
        page = await ask(ListInsights(words=word, paging=Paging(first=2, after=after, with_total=True)))
        seen += [edge.node.title for edge in page.edges]
        assert (page.total, page.has_next, page.has_previous) == (4 + number, number == 0, number == 1)
        after = page.edges[-1].cursor
        if number == 0:
            await ask(WriteInsight(title="best", text=f"{word} " * 9))
    scores = [edge.node.score or 0.0 for edge in page.edges]
    assert len(set(seen)) == 4
    assert "best" not in seen
    assert scores == sorted(scores, reverse=True)
    back = await ask(ListInsights(words=word, paging=Paging(last=1, before=page.edges[0].cursor)))
    assert [edge.node.title for edge in back.edges] == [seen[1]]


# ---------------------------------------------------------------- renames


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


async def test_what_was_learned_about_things_of_a_project_is_found_by_the_project(mlflow: Mlflow, ask: Asker) -> None:
    name = uuid.uuid4().hex
    project = (await ask(CreateProject(project_name=name))).id
    experiment = await mlflow.experiment()
    run, other = await mlflow.run(experiment=experiment), await mlflow.run()
    await ask(RegisterModel(model_name=name))
    for kind, id_ in (("experiment", experiment), ("model", name)):
        await ask(AssignToProject(project_id=project, thing=Thing(kind=kind, id=id_)))  # type: ignore[arg-type]  # kinds
    for title, link in (
        ("project", Link(kind="project", id=project)),
        ("run", Link(kind="run", id=run)),
        ("version", Link(kind="version", id=f"{name}/7")),
        ("other run", Link(kind="run", id=other)),
        ("other model", Link(kind="model", id=f"{name}0")),
    ):
        await ask(WriteInsight(title=title, text=f"words {name}", links=[link]))
    page = await ask(ListInsights(project_id=project, paging=Paging(first=10, with_total=True)))
    assert ([edge.node.title for edge in page.edges], page.total) == (["version", "run", "project"], 3)
    found = await ask(ListInsights(project_id=project, words=name))
    assert {edge.node.title for edge in found.edges} == {"version", "run", "project"}
    with pytest.raises(NotFound):
        await ask(ListInsights(project_id="none"))
