"""What is tracked, as other services ask for it: files and their previews, and how models were in the past."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from services.contracts.audit import ListAudit
from services.contracts.deployments import DeployVersion, ListDeployments
from services.contracts.errors import Invalid, NotFound, Unsupported
from services.contracts.paging import Paging
from services.contracts.registry import (
    ArtifactOwner,
    GetArtifact,
    GetModels,
    GetVersions,
    ListArtifacts,
    ListVersions,
    PreviewArtifact,
    SetAlias,
    VersionKey,
    VersionView,
)
from services.contracts.reviews import GetReview, RequestReview
from tests.integration.registry.asking import Asker, asking
from tests.integration.registry.processes import RegistryProcess


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
    assert await ask(ListDeployments(model_name=name, as_of=before)) == []
    [ran] = await ask(ListDeployments(model_name=name, as_of=early))
    assert ran.current is not None
    assert ran.current.version == "1"
    rows = await ask(ListAudit(action="describe_model", paging=Paging(first=1)))
    assert '"first"' in (rows.edges[0].node.before or "")
    assert '"second"' in (rows.edges[0].node.after or "")
