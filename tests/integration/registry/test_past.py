"""Runs, models and what is said of them, as they were."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from services.contracts.audit import ListAudit
from services.contracts.deployments import DeployVersion, ListDeployments
from services.contracts.paging import Paging
from services.contracts.registry import (
    DescribeRun,
    EndRun,
    GetMetricHistory,
    GetModels,
    GetRuns,
    GetVersions,
    ListVersions,
    RenameRun,
    SetAlias,
    VersionKey,
    VersionView,
)
from services.contracts.reviews import GetReview, RequestReview
from tests.integration.registry.asking import Asker, Mlflow


def now() -> datetime:
    return datetime.now(UTC)


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
