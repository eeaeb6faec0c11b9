"""A review of a version in a running registry: changes asked, a new round, approval, and its lapse."""

import asyncio
import uuid

import mlflow
import pytest
from mlflow import MlflowClient

from services.contracts.errors import Forbidden, NotAllowedNow, NotFound
from services.contracts.identity import Role
from services.contracts.projects import CreateProject, GetProject, ItemView, Pattern
from services.contracts.reviews import (
    CommentReview,
    DecideReview,
    GetReview,
    ListReviews,
    RequestReview,
    ReviewView,
)
from tests.integration.registry.asking import Asker
from tests.support.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore")


def version(client: MlflowClient) -> tuple[str, str]:
    """A model's name and the run of its version 1."""
    name = f"model-{uuid.uuid4().hex[:8]}"
    mlflow.set_experiment(name)
    with mlflow.start_run() as run:
        mlflow.log_metric("auc", 0.7)
    client.create_registered_model(name)
    client.create_model_version(name, run.info.artifact_uri + "/model", run.info.run_id)
    return name, run.info.run_id


async def review(ask: Asker, name: str) -> ReviewView:
    found = await ask(GetReview(model_name=name, version="1"))
    assert found is not None
    return found


async def test_a_version_is_approved_by_another_after_changes_and_lapses_when_it_changes(
    ask: Asker, client: MlflowClient
) -> None:
    name, run_id = await asyncio.to_thread(version, client)
    project = (await ask(CreateProject(project_name=name, patterns=[Pattern(kind="model", glob=name)]))).id
    await ask(RequestReview(model_name=name, version="1"))
    seen = await review(ask, name)
    assert (seen.state, seen.missing) == ("open", 1)
    assert {"anna", (await asyncio.to_thread(client.get_run, run_id)).info.user_id} <= set(seen.authors)
    assert [edge.node.model_name for edge in (await ask(ListReviews(waiting_for="ben"))).edges] == [name]
    assert (await ask(ListReviews(waiting_for="anna"))).edges == []

    approve = DecideReview(model_name=name, version="1", decision="approve", reason="good", digest=seen.digest)
    with pytest.raises(Forbidden) as refused:
        await ask(approve, "anna")
    assert refused.value.code == "OWN_VERSION"
    with pytest.raises(Forbidden):
        await ask(approve, "eve", Role.CONTRIBUTOR)
    comment = await ask(CommentReview(model_name=name, version="1", text="why so few rows?"), "ben")
    await ask(CommentReview(model_name=name, version="1", text="a sample", reply_to=comment.id))
    changes = DecideReview(
        model_name=name, version="1", decision="ask_for_changes", reason="log more metrics", digest=seen.digest
    )
    await ask(changes, "ben", Role.REVIEWER)
    assert (await review(ask, name)).state == "changes_asked"
    await until(lambda: board(ask, project, "bad"), what="the board asks for attention")

    await asyncio.to_thread(client.log_metric, run_id, "f1", 0.6)
    assert (await review(ask, name)).state == "lapsed"
    with pytest.raises(NotAllowedNow) as changed:
        await ask(approve, "ben", Role.REVIEWER)
    assert changed.value.code == "CONTENT_CHANGED"

    await ask(RequestReview(model_name=name, version="1", note="with f1"))
    again = await review(ask, name)
    assert (again.round, again.state, len(again.comments)) == (2, "open", 2)
    await ask(DecideReview(model_name=name, version="1", decision="approve", reason="good", digest=again.digest), "ben")
    assert (await review(ask, name)).state == "approved"
    await until(lambda: board(ask, project, "done"), what="the board shows the approval")

    await asyncio.to_thread(client.delete_model_version, name, "1")
    assert (await review(ask, name)).state == "lapsed"
    await until(lambda: board(ask, project, "open"), what="the approval no longer counts")


async def board(ask: Asker, project: str, state: str) -> ItemView | None:
    view = await ask(GetProject(project_id=project))
    item = next(item for stage in view.stages for item in stage.items if item.key == "review")
    return item if item.state == state else None


async def test_what_isnt_there_isnt_reviewed(ask: Asker) -> None:
    with pytest.raises(NotFound):
        await ask(RequestReview(model_name="nothing", version="1"))
    assert await ask(GetReview(model_name="nothing", version="1")) is None
