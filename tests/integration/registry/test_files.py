"""Files of runs and versions, as other services ask for them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from services.contracts.conditions import Condition, Ordering
from services.contracts.errors import Invalid, NotFound, Unsupported
from services.contracts.paging import Paging
from services.contracts.registry import (
    ArtifactOwner,
    GetArtifact,
    ListArtifacts,
    PreviewArtifact,
)
from tests.integration.registry.asking import Asker, Mlflow


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
