"""A review of a version in a running registry: changes asked, a new round, approval, and its lapse."""

import asyncio
import uuid

import mlflow
import msgspec
import pytest
from mlflow import MlflowClient

from services.contracts.deployments import DeployVersion
from services.contracts.errors import Forbidden, NotAllowedNow, NotFound
from services.contracts.evaluations import Gate, RecordEvaluation, SliceScore, SplitRef
from services.contracts.gates import EvaluateGates, SetGatePolicy
from services.contracts.identity import Role
from services.contracts.projects import CreateProject, FillAnswer, GetProject, ItemView, Pattern
from services.contracts.reviews import (
    CommentReview,
    DecideReview,
    GetReview,
    ListReviews,
    ReopenReviewComment,
    RequestReview,
    ResolveReviewComment,
    ReviewPart,
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


async def test_an_approval_lapses_with_the_figures_and_the_documents_that_it_saw(
    ask: Asker, client: MlflowClient
) -> None:
    name, run_id = await asyncio.to_thread(version, client)
    project = (await ask(CreateProject(project_name=name, patterns=[Pattern(kind="model", glob=name)]))).id
    asked_for = [Gate(name="objective is stated", kind="documents", documents=["objective"])]
    await ask(SetGatePolicy(project_id=project, gates=asked_for, reason="first"))
    objective = FillAnswer(project_id=project, item="objective", text="fewer late passengers")
    await ask(objective)
    split = SplitRef(name="dev", dataset="flights", digest=name)
    figures = RecordEvaluation(model_name=name, version="1", split=split, metrics={"auc": 0.7})
    first = await ask(figures)
    verdict = await ask(EvaluateGates(model_name=name, version="1"))

    async def approved() -> ReviewView:
        await ask(RequestReview(model_name=name, version="1"))
        digest = (await review(ask, name)).digest
        decision = DecideReview(model_name=name, version="1", decision="approve", reason="good", digest=digest)
        await ask(decision, "ben", Role.REVIEWER)
        seen = await review(ask, name)
        assert (seen.state, seen.lapsed_because) == ("approved", "")
        return seen

    async def lapsed() -> str | None:
        """As the list has it, which only follows events."""
        [edge] = (await ask(ListReviews(model_name=name))).edges
        return edge.node.lapsed_because if edge.node.state == "lapsed" else None

    [decision] = (await approved()).decisions
    assert (decision.evaluations, decision.gates) == ([first.id], verdict.number)

    # the same figures again take nothing back, other ones do, and nothing goes where an approval is asked for
    await ask(figures)
    later = SplitRef(name="april", dataset="flights", digest="april")
    await ask(msgspec.structs.replace(figures, split=later, metrics={"auc": 0.5}))
    assert (await review(ask, name)).state == "approved"
    await ask(msgspec.structs.replace(figures, model_name=None, version=None, run_id=run_id, metrics={"auc": 0.66}))
    seen = await review(ask, name)
    assert (seen.state, seen.lapsed_because) == (
        "lapsed", "it was evaluated anew: auc on dev was 0.7 and is 0.66",
    )  # fmt: skip
    assert await until(lapsed, what="the review has lapsed by the evaluation's event") == seen.lapsed_because
    with pytest.raises(NotAllowedNow, match="auc on dev was") as refused:
        await ask(DeployVersion(environment="production", model_name=name, version="1"))
    assert refused.value.code == "REVIEW_NOT_APPROVED"

    # approved anew; then a document that the gates ask for says something else, and the review lapses with it
    assert (await approved()).round == 2
    await ask(msgspec.structs.replace(objective, text="fewer complaints"))
    assert await lapsed() == "the project's objective was answered anew"
    await until(lambda: board(ask, project, "open"), what="the approval no longer counts")


async def board(ask: Asker, project: str, state: str) -> ItemView | None:
    view = await ask(GetProject(project_id=project))
    item = next(item for stage in view.stages for item in stage.items if item.key == "review")
    return item if item.state == state else None


async def test_comments_are_about_parts_of_the_version_and_their_threads_are_resolved(
    ask: Asker, client: MlflowClient
) -> None:
    name, run_id = await asyncio.to_thread(version, client)
    await asyncio.to_thread(client.log_param, run_id, "depth", "6")
    project = (await ask(CreateProject(project_name=name, patterns=[Pattern(kind="model", glob=name)]))).id
    minimum = Gate(name="auc is enough", kind="minimum", metric="auc", threshold=0.6)
    await ask(SetGatePolicy(project_id=project, gates=[minimum], reason="first"))
    await ask(EvaluateGates(model_name=name, version="1"))
    slices = [SliceScore(feature="carrier", value="A=A", rows=9, metrics={"brier": 0.2})]
    split = SplitRef(name="dev", dataset="flights", digest=name)
    await ask(RecordEvaluation(model_name=name, version="1", split=split, metrics={"brier": 0.1}, slices=slices))
    await ask(RequestReview(model_name=name, version="1"))

    of_it = CommentReview(model_name=name, version="1", text="<b>why?</b>")
    parts = [
        ReviewPart(kind="gate", key="auc is enough"),
        ReviewPart(kind="metric", key="auc"),
        ReviewPart(kind="metric", key="brier"),
        ReviewPart(kind="slice", key="carrier=A=A"),
        ReviewPart(kind="parameter", key="depth"),
    ]
    first, *_ = [await ask(msgspec.structs.replace(of_it, about=part), "ben") for part in parts]
    for part in (ReviewPart(kind="metric", key="auk"), ReviewPart(kind="slice", key="carrier=UA")):
        with pytest.raises(NotFound, match=f"no {part.kind} '{part.key}'") as refused:
            await ask(msgspec.structs.replace(of_it, about=part), "ben")
        assert refused.value.fix in ("There are: auc, brier.", "There are: carrier=A=A.")
    answer = await ask(msgspec.structs.replace(of_it, reply_to=first.id))
    seen = await review(ask, name)
    assert [comment.about for comment in seen.comments] == [*parts, parts[0]]
    assert seen.open_remarks == len(parts)

    with pytest.raises(Forbidden):
        await ask(ResolveReviewComment(model_name=name, version="1", comment_id=answer.id), "eve", Role.VIEWER)
    await ask(ResolveReviewComment(model_name=name, version="1", comment_id=answer.id))
    [edge] = (await ask(ListReviews(model_name=name))).edges
    assert (edge.node.open_remarks, edge.node.comments[0].resolved_by) == (len(parts) - 1, "anna")
    with pytest.raises(NotAllowedNow, match="resolved already"):
        await ask(ResolveReviewComment(model_name=name, version="1", comment_id=first.id), "ben")
    await ask(ReopenReviewComment(model_name=name, version="1", comment_id=first.id), "ben")
    await ask(DecideReview(model_name=name, version="1", decision="approve", reason="good", digest=seen.digest), "ben")
    seen = await review(ask, name)
    assert (seen.state, seen.open_remarks) == ("approved", len(parts))


async def test_what_isnt_there_isnt_reviewed(ask: Asker) -> None:
    with pytest.raises(NotFound):
        await ask(RequestReview(model_name="nothing", version="1"))
    assert await ask(GetReview(model_name="nothing", version="1")) is None
