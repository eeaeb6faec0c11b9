"""Boards of a running registry: commands over NATS, evidence from the real mlflow client, the past."""

import asyncio
import uuid
from datetime import UTC, date, datetime

import mlflow
import pytest
from mlflow import MlflowClient

from services.contracts.errors import Conflict, Forbidden, NotAllowedNow, NotFound
from services.contracts.identity import Role
from services.contracts.paging import Paging
from services.contracts.projects import (
    AssignToProject,
    CreateProject,
    FillAnswer,
    FindOwners,
    GetProject,
    ItemView,
    ListProjects,
    MoveBack,
    Pattern,
    ProjectView,
    SetMilestone,
    Thing,
    WaiveItem,
)
from tests.integration.registry.asking import Asker
from tests.support.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore")


def unique(word: str) -> str:
    return f"{word}-{uuid.uuid4().hex[:8]}"


async def new_project(ask: Asker, *globs: str) -> str:
    patterns = [Pattern(kind=kind, glob=glob) for glob in globs for kind in ("experiment", "model")]
    return (await ask(CreateProject(project_name=unique("project"), patterns=patterns))).id


def item(view: ProjectView, key: str) -> ItemView:
    return next(item for stage in view.stages for item in stage.items if item.key == key)


async def test_the_default_project_is_there_from_the_start_and_owns_what_nobody_does(ask: Asker) -> None:
    page = await ask(ListProjects(paging=Paging(first=100)))
    assert "default" in [edge.node.id for edge in page.edges]
    owners = await ask(FindOwners(things=[Thing(kind="model", id=unique("m")), Thing(kind="experiment", id="0")]))
    assert owners == ["default", "default"]


async def test_answers_waivers_and_milestones_stand_on_the_board(ask: Asker) -> None:
    project = await new_project(ask)
    fields = {"metric": "auc", "value": "0.7"}
    written = await ask(FillAnswer(project_id=project, item="minimum_performance", text="worth it", fields=fields))
    assert written.revision == 1
    await ask(WaiveItem(project_id=project, item="workaround", reason="none today"), "ben")
    milestone = await ask(SetMilestone(project_id=project, title="Pilot", owner="ben", due=date(2020, 1, 1)))
    view = await ask(GetProject(project_id=project))
    assert (item(view, "minimum_performance").values, item(view, "workaround").waived_by) == (fields, "ben")
    assert [(entry.id, entry.overdue) for entry in view.milestones] == [(milestone.id, True)]
    assert view.stages[0].state == "in_progress"


async def test_a_repeated_command_has_one_effect_and_a_reused_key_is_refused(ask: Asker) -> None:
    project = await new_project(ask)
    request = SetMilestone(
        project_id=project, title="Pilot", owner="ben", due=date(2027, 1, 1), idempotency_key=unique("key")
    )
    answers = await asyncio.gather(*(ask(request) for _ in range(5)))
    assert len({answer.id for answer in answers}) == 1
    assert len((await ask(GetProject(project_id=project))).milestones) == 1
    with pytest.raises(Conflict) as refused:
        await ask(
            SetMilestone(
                project_id=project, title="Other", owner="ben", due=date(2027, 1, 1),
                idempotency_key=request.idempotency_key,
            )
        )  # fmt: skip
    assert refused.value.code == "IDEMPOTENCY_KEY_REUSED"


async def test_concurrent_edits_lose_nothing(ask: Asker) -> None:
    project = await new_project(ask)
    items = ["objective", "stakeholders", "use", "workaround", "business_measure", "ethical_risks", "human_solution"]
    await asyncio.gather(*(ask(FillAnswer(project_id=project, item=key, text=key)) for key in items))
    view = await ask(GetProject(project_id=project))
    assert [item(view, key).answer for key in items] == items
    outcomes = await asyncio.gather(
        *(ask(FillAnswer(project_id=project, item="access", text=str(n), expected=0)) for n in range(6)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 5


async def test_illegal_moves_name_their_rule(ask: Asker) -> None:
    project = await new_project(ask)
    with pytest.raises(NotAllowedNow) as refused:
        await ask(FillAnswer(project_id=project, item="gates", text="fine"))
    assert refused.value.code == "TICKED_BY_EVIDENCE"
    with pytest.raises(NotFound):
        await ask(FillAnswer(project_id="nowhere", item="use", text="x"))
    with pytest.raises(Forbidden):
        await ask(FillAnswer(project_id=project, item="use", text="x"), "eve", Role.VIEWER)
    name = (await ask(GetProject(project_id=project))).name
    with pytest.raises(Conflict):
        await ask(CreateProject(project_name=name))


async def test_an_mlflow_run_ticks_the_board_of_its_project_and_links_to_itself(
    ask: Asker, client: MlflowClient
) -> None:
    name = unique("flights")
    project = await new_project(ask, f"{name}*")

    def train() -> str:
        mlflow.set_experiment(name)
        with mlflow.start_run(tags={"lifecycle.baseline": "true"}) as run:
            mlflow.log_params({"seed": 1})
            mlflow.log_metrics({"train_auc": 0.95, "val_auc": 0.7})
        client.create_registered_model(name)
        client.create_model_version(name, run.info.artifact_uri + "/model", run.info.run_id)
        return run.info.run_id

    run_id = await asyncio.to_thread(train)

    async def ticked() -> ProjectView | None:
        view = await ask(GetProject(project_id=project))
        wanted = ("runs", "baseline", "exported_format", "learning_curves")
        return view if all(item(view, key).state in ("done", "bad") for key in wanted) else None

    view = await until(ticked, what="the run has ticked its items")
    assert view is not None
    assert item(view, "baseline").evidence[0].proof.id == run_id
    assert item(view, "learning_curves").state == "bad"
    building = next(stage for stage in view.stages if stage.key == "building")
    assert (building.state, building.attention) == ("needs_attention", [building.attention[0]])
    default = await ask(GetProject(project_id="default"))
    assert run_id not in [evidence.proof.id for evidence in item(default, "baseline").evidence]


async def test_what_happened_before_a_thing_was_claimed_counts_and_leaves_its_former_project(
    ask: Asker, client: MlflowClient
) -> None:
    name = unique("late")

    def train() -> str:
        mlflow.set_experiment(name)
        with mlflow.start_run(tags={"lifecycle.baseline": "true"}) as run:
            mlflow.log_metric("auc", 0.7)
        client.create_registered_model(name)
        client.create_model_version(name, run.info.artifact_uri + "/model", run.info.run_id)
        return run.info.run_id

    run_id = await asyncio.to_thread(train)

    async def known_to(project: str, key: str) -> bool:
        view = await ask(GetProject(project_id=project))
        return name in str(item(view, key).evidence) or run_id in str(item(view, key).evidence)

    claiming = await new_project(ask, f"{name}*")
    assert await known_to(claiming, "exported_format")
    assert await known_to(claiming, "baseline")
    assert not await known_to("default", "exported_format")
    empty = await new_project(ask)
    await ask(AssignToProject(project_id=empty, thing=Thing(kind="model", id=name)))
    assert await known_to(empty, "exported_format")
    assert not await known_to(claiming, "exported_format")
    assert await known_to(claiming, "baseline")
    view = await ask(GetProject(project_id=empty))
    past = await ask(GetProject(project_id=empty, as_of=view.updated_at))
    assert past.stages == view.stages


async def test_a_board_is_shown_as_it_was(ask: Asker) -> None:
    project = await new_project(ask)
    await ask(FillAnswer(project_id=project, item="use", text="first"))
    await asyncio.sleep(0.01)
    then = datetime.now(UTC)
    await asyncio.sleep(0.01)
    await ask(FillAnswer(project_id=project, item="use", text="second"))
    await ask(MoveBack(project_id=project, stage="building", to="cleaning", reason="bad rows"))
    past = await ask(GetProject(project_id=project, as_of=then))
    now = await ask(GetProject(project_id=project))
    assert (item(past, "use").answer, item(now, "use").answer) == ("first", "second")
    assert (past.moves, [move.reason for move in now.moves]) == ([], ["bad rows"])
    replayed = await ask(GetProject(project_id=project, as_of=now.updated_at))
    assert (replayed.stages, replayed.moves, replayed.updated_at) == (now.stages, now.moves, now.updated_at)
    with pytest.raises(NotFound):
        await ask(GetProject(project_id=project, as_of=datetime(2020, 1, 1, tzinfo=UTC)))


async def test_a_thing_belongs_to_one_project_at_a_time(ask: Asker) -> None:
    one, two = await new_project(ask), await new_project(ask)
    model = Thing(kind="model", id=unique("m"))
    await asyncio.gather(*(ask(AssignToProject(project_id=project, thing=model)) for project in (one, two)))
    owner = (await ask(FindOwners(things=[model])))[0]
    assert owner in (one, two)
    other = two if owner == one else one
    views = {project: await ask(GetProject(project_id=project)) for project in (one, two)}
    assert (views[owner].assigned, views[other].assigned) == ([model], [])
    with pytest.raises(NotFound):
        await ask(AssignToProject(project_id=one, thing=Thing(kind="experiment", id="987654")))
