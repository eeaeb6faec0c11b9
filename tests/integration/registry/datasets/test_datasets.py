"""Datasets on a running registry: registered, uploaded, profiled, split, checked, and named by MLflow's runs."""

from pathlib import Path

import httpx
import mlflow
import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from services.contracts.datasets import (
    Code,
    DatasetKey,
    DatasetUploadMoved,
    DatasetVersionView,
    DescribeFeatures,
    DescribeSource,
    Feature,
    GetDatasetVersions,
    GetSources,
    ListDatasets,
    ListDatasetUses,
    ListDatasetVersions,
    ListSources,
    RecordSplits,
    RegisterDataset,
    Split,
)
from services.contracts.errors import Conflict, Forbidden, Invalid, NotAllowedNow, NotFound
from services.contracts.identity import Role
from services.contracts.profiles import (
    CheckOverlap,
    CheckRepresentation,
    CompareProfiles,
    GetDatasetChecks,
    GetProfile,
    Profile,
    RecordProfile,
    RecordRowDigests,
)
from services.contracts.registry import ListEvents
from tests.integration.registry.asking import Asker
from tests.integration.registry.processes import RegistryProcess
from tests.support.waiting import until


def table(rows: int, seed: int = 0, *, gaps: float = 0.0) -> pa.Table:
    random = np.random.default_rng(seed)
    delay = random.normal(10, 3, rows)
    return pa.table(
        {
            "id": pa.array(np.arange(rows) + seed * 1_000_000),
            "delay": pa.array(np.where(random.random(rows) < gaps, np.nan, delay), from_pandas=True),
            "carrier": pa.array(random.choice(["AA", "UA"], rows, p=[0.7, 0.3])),
        }
    )


async def uploaded(
    registry: RegistryProcess, folder: Path, name: str, content: pa.Table, **query: str | list[str]
) -> DatasetVersionView:
    path = folder / "rows.parquet"
    pyarrow.parquet.write_table(content, path)
    async with httpx.AsyncClient(base_url=registry.url, timeout=30) as http:
        answer = await http.post(f"/lifecycle/datasets/{name}", params=query, content=path.read_bytes())
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=DatasetVersionView)


async def events(ask: Asker, version: str) -> list[str]:
    page = await ask(ListEvents(aggregate="dataset_version", aggregate_id=version))
    return [edge.node.type.removeprefix("registry.dataset_version.").removesuffix(".v1") for edge in page.edges]


async def test_a_source_is_described_and_found(ask: Asker) -> None:
    await ask(DescribeSource(source="census", owner="BfS", personal_data="personal"))
    [found, none] = await ask(GetSources(names=["census", "nothing"]))
    assert none is None
    assert found is not None
    assert found.missing == ["licence", "legal_basis", "refresh", "protection"]
    page = await ask(ListSources(name_contains="CENS"))
    assert [edge.node.name for edge in page.edges] == ["census"]
    with pytest.raises(Conflict):
        await ask(DescribeSource(source="census", owner="me"))


async def test_an_upload_is_profiled_and_told_on_the_way(ask: Asker, registry: RegistryProcess, tmp_path: Path) -> None:
    async with ask.bus.hear(DatasetUploadMoved) as heard:
        view = await uploaded(registry, tmp_path, "up", table(5000, gaps=0.1), keys=["id"], target="delay")
        assert (view.rows, view.format, view.origin, view.profiled) == (5000, "parquet", "upload", True)
        assert view.sha256.startswith(view.digest)
        phases = []
        while not phases or phases[-1] != "done":
            phases.append((await heard.get()).phase)
    assert {"receiving", "profiling", "done"} >= set(phases)
    found = await ask(GetProfile(dataset="up", digest=view.digest))
    assert found is not None
    assert [column.name for column in found.profile.columns] == ["id", "delay", "carrier"]
    assert found.profile.target == "delay"
    [only] = (await ask(GetProfile(dataset="up", digest="", columns=["carrier"]))).profile.columns  # type: ignore[union-attr]
    assert [entry.value for entry in only.top] == ["AA", "UA"]
    second = await ask(GetProfile(dataset="up", digest="1", start=1, first=1))
    assert second is not None
    assert ([column.name for column in second.profile.columns], second.has_more) == (["delay"], True)


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("x", b"", 400, "INVALID"),
        ("x", b"no table \xff\xfe", 400, "INVALID"),
        ("x?format=parquet", b"PAR1....", 400, "UNREADABLE_TABLE"),
        ("x?format=docx", b"a\n1\n", 400, "INVALID"),
        ("x?colour=red", b"a\n1\n", 400, "INVALID"),
        ("x?filename=a.csv&target=y", b"a\n1\n", 400, "INVALID"),
        ("%20x", b"a\n1\n", 400, "INVALID"),
    ],
)
async def test_a_bad_upload_is_refused_in_words(
    registry: RegistryProcess, path: str, body: bytes, status: int, code: str
) -> None:
    async with httpx.AsyncClient(base_url=registry.url) as http:
        answer = await http.post(f"/lifecycle/datasets/{path}", content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_a_web_page_of_another_origin_cant_upload(registry: RegistryProcess) -> None:
    async with httpx.AsyncClient(base_url=registry.url, headers={"origin": "https://elsewhere.example"}) as http:
        answer = await http.post("/lifecycle/datasets/x?filename=a.csv", content=b"a\n1\n")
    assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED")


async def test_cleaning_shows_beside_what_it_was_made_of(ask: Asker, registry: RegistryProcess, tmp_path: Path) -> None:
    raw = await uploaded(registry, tmp_path, "air", table(3000, gaps=0.2))
    clean = await uploaded(registry, tmp_path, "air", table(3000), parents=[f"air@{raw.digest}"])
    assert (raw.number, clean.number) == (1, 2)
    found = await ask(CompareProfiles(before=_key(raw), after=_key(clean)))
    assert found.missing_cells[0] > 0 == found.missing_cells[1]
    assert await events(ask, f"air/{clean.digest}") == ["derived", "profiled", "registered"]
    [back] = await ask(GetDatasetVersions(keys=[_key(raw)]))
    assert back is not None
    assert back.children == [_key(clean)]
    page = await ask(ListDatasetVersions(dataset="air"))
    assert [edge.node.number for edge in page.edges] == [2, 1]


async def test_splits_overlaps_and_groups_are_checked(ask: Asker, registry: RegistryProcess, tmp_path: Path) -> None:
    whole = table(4000, seed=1)
    all_rows = await uploaded(registry, tmp_path, "s", whole, keys=["id"])
    train = await uploaded(registry, tmp_path, "s-train", whole.slice(0, 3000), keys=["id"])
    test = await uploaded(registry, tmp_path, "s-test", whole.slice(2990), keys=["id"])
    splits = [
        Split(role="train", dataset="s-train", digest=train.digest),
        Split(role="test", dataset="s-test", digest=test.digest, sealed=True),
    ]
    written = await ask(RecordSplits(dataset="s", digest=all_rows.digest, splits=splits))
    [sealed] = await ask(GetDatasetVersions(keys=[_key(test)]))
    assert sealed is not None
    assert (sealed.sealed, sealed.sealed_uses, sealed.split_of) == (True, 0, [_key(all_rows)])
    with pytest.raises(NotAllowedNow):
        await ask(RecordSplits(dataset="s", digest=all_rows.digest, splits=splits[:1], expected=written.revision))
    other = [Split(role="test", dataset="s-test", digest="nothing")]
    with pytest.raises(NotFound):
        await ask(RecordSplits(dataset="s-train", digest=train.digest, splits=other))

    for by_key in (False, True):
        overlap = await ask(CheckOverlap(left=_key(train), right=_key(test), by_key=by_key))
        assert (overlap.shared, overlap.approximate, overlap.outcome) == (10, False, "bad")
    groups = await ask(
        CheckRepresentation(dataset="s", digest="", column="carrier", expected={"AA": 0.5, "UA": 0.4, "DL": 0.1})
    )
    assert {group.group: group.verdict for group in groups.groups} == {"AA": "over", "UA": "under", "DL": "missing"}
    kept = await ask(GetDatasetChecks(dataset="s-train", digest=train.digest))
    assert [entry.by_key for entry in kept.overlaps] == [False, True]
    with pytest.raises(NotFound):
        await ask(CheckRepresentation(dataset="s", digest="", column="nose", expected={"AA": 0.5}))


async def test_features_say_what_wont_be_there(ask: Asker, registry: RegistryProcess, tmp_path: Path) -> None:
    view = await uploaded(registry, tmp_path, "features", table(100))
    features = [Feature(name="delay", origin="timetable", at_inference=False)]
    written = await ask(DescribeFeatures(dataset="features", digest=view.digest, features=features, expected=1))
    with pytest.raises(Conflict):
        await ask(DescribeFeatures(dataset="features", digest=view.digest, features=[], expected=1))
    assert written.revision == 2
    assert (await events(ask, f"features/{view.digest}"))[0] == "features_described"


async def test_what_a_run_names_is_a_version_and_uses_of_a_sealed_one_are_counted(ask: Asker, tracking: str) -> None:
    frame = pd.DataFrame({"age": [1.5, 2.0, 3.0], "late": [True, False, True]})
    data = mlflow.data.from_pandas(frame, source="https://data/people.csv", name="people", digest="d1", targets="late")
    mlflow.set_experiment("people")
    with mlflow.start_run():
        mlflow.log_input(data, context="training")
    key = DatasetKey(dataset="people", digest=data.digest)

    async def known() -> DatasetVersionView | None:
        return (await ask(GetDatasetVersions(keys=[key])))[0]

    found = await until(known)
    assert (found.rows, found.origin, found.location, found.uses) == (3, "mlflow", "https://data/people.csv", 1)
    assert [column.name for column in found.columns] == ["age", "late"]

    await ask(RegisterDataset(dataset="people-all", digest="x", code=Code(version="abc")))
    seal = [Split(role="test", dataset="people", digest=data.digest, sealed=True)]
    await ask(RecordSplits(dataset="people-all", digest="x", splits=seal))
    for _ in range(2):
        with mlflow.start_run():
            mlflow.log_input(data, context="test")

    async def used_twice() -> DatasetVersionView | None:
        view = await known()
        return view if view is not None and view.sealed_uses == 2 else None

    assert (await until(used_twice)).uses == 3
    uses = await ask(ListDatasetUses(dataset="people", digest=data.digest))
    assert [edge.node.context for edge in uses.edges] == ["test", "test", "training"]
    assert (await events(ask, f"people/{data.digest}"))[:2] == ["sealed_used", "sealed_used"]


async def test_datasets_are_listed_by_name_and_source(ask: Asker) -> None:
    await ask(RegisterDataset(dataset="listed", digest="a", sources=["meters"]))
    await ask(RegisterDataset(dataset="listed", digest="b", rows=5))
    page = await ask(ListDatasets(name_contains="LISTED"))
    assert [(edge.node.versions, edge.node.digest, edge.node.rows) for edge in page.edges] == [(2, "b", 5)]
    assert len((await ask(ListDatasets(source="meters"))).edges) == 1


async def test_who_may_only_read_and_what_cant_be_is_refused(ask: Asker) -> None:
    await ask(RegisterDataset(dataset="own", digest="a"))
    empty = Profile(rows=0, column_count=3, missing_cells=0)
    with pytest.raises(Forbidden):
        await ask(RegisterDataset(dataset="own", digest="c"), role=Role.VIEWER)
    with pytest.raises(NotFound):
        await ask(RecordProfile(dataset="own", digest="zzz", profile=empty))
    with pytest.raises(Invalid, match="0 of 3 columns"):
        await ask(RecordProfile(dataset="own", digest="a", profile=empty))
    with pytest.raises(Invalid):
        await ask(RecordRowDigests(dataset="own", digest="a", by_key=False, digests=b"abc", complete=True))
    own, other = DatasetKey(dataset="own", digest="a"), DatasetKey(dataset="own", digest="b")
    await ask(RegisterDataset(dataset="own", digest="b"))
    with pytest.raises(Conflict, match="weren't digested"):
        await ask(CheckOverlap(left=own, right=other))
    assert await ask(GetProfile(dataset="own", digest="a")) is None


def _key(view: DatasetVersionView) -> DatasetKey:
    return DatasetKey(dataset=view.dataset, digest=view.digest)
