"""Lists of what is tracked: pages, conditions and orders."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest

from services.contracts.audit import ListAudit
from services.contracts.conditions import Condition, Ordering
from services.contracts.errors import Invalid, NotFound
from services.contracts.insights import Link, ListInsights, WriteInsight
from services.contracts.paging import Paging
from services.contracts.projects import AssignToProject, CreateProject, Thing
from services.contracts.registry import (
    CreateExperiment,
    DeleteRun,
    ListEvents,
    ListExperiments,
    ListModels,
    ListRuns,
    ListVersions,
    RegisterModel,
    RegisterVersion,
)
from services.contracts.reviews import ListReviews, RequestReview
from tests.integration.registry.asking import Asker, Mlflow


def now() -> datetime:
    return datetime.now(UTC)


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
