"""Notes of a running registry: written, found again by words and links, never lost."""

import uuid

import pytest

from services.contracts.errors import Conflict, Forbidden, NotFound, TooLarge
from services.contracts.identity import Role
from services.contracts.insights import CommentInsight, GetInsight, Link, ListInsights, RemoveInsight, WriteInsight
from services.contracts.paging import Paging
from services.contracts.projects import CreateProject, GetProject, Pattern
from tests.integration.registry.asking import Asker
from tests.support.waiting import until


def word() -> str:
    return f"w{uuid.uuid4().hex[:10]}"


async def titles(ask: Asker, request: ListInsights) -> list[str]:
    return [edge.node.title for edge in (await ask(request)).edges]


async def test_a_note_is_found_by_its_words_the_best_first(ask: Asker) -> None:
    common, rare = word(), word()
    await ask(WriteInsight(title="In the text", text=f"und dann {common} über {rare}"))
    await ask(WriteInsight(title=f"{common} in the title", text="short"))
    assert await titles(ask, ListInsights(words=common)) == [f"{common} in the title", "In the text"]
    assert await titles(ask, ListInsights(words=rare.upper())) == ["In the text"]
    assert await titles(ask, ListInsights(words=f"{common} -{rare}")) == [f"{common} in the title"]
    first = await ask(ListInsights(words=common, paging=Paging(first=1)))
    assert first.has_next
    after = ListInsights(words=common, paging=Paging(first=1, after=first.edges[0].cursor))
    assert await titles(ask, after) == ["In the text"]


async def test_a_note_is_shown_where_its_links_lead(ask: Asker) -> None:
    link = Link(kind="version", id=f"{word()}/3")
    await ask(WriteInsight(title="About the version", text="x", links=[link]))
    assert await titles(ask, ListInsights(links=[link])) == ["About the version"]
    assert await titles(ask, ListInsights(links=[Link(kind="run", id=link.id)])) == []


async def test_two_hundred_kilobytes_come_back_whole_and_two_megabytes_are_refused(ask: Asker) -> None:
    text = "<b>§ 1</b> **fett** \n" * 9_500
    written = await ask(WriteInsight(title="Long", text=text))
    assert (await ask(GetInsight(insight_id=written.id))).text == text
    for size in (600_000, 2_000_000):
        with pytest.raises(TooLarge):
            await ask(WriteInsight(title="Too long", text="x" * size))


async def test_rewriting_keeps_what_it_said_before(ask: Asker) -> None:
    written = await ask(WriteInsight(title="First", text="one"))
    again = WriteInsight(title="Second", text="two", insight_id=written.id, expected=1)
    assert (await ask(again)).revision == 2
    with pytest.raises(Conflict):
        await ask(again)
    assert (await ask(GetInsight(insight_id=written.id))).text == "two"
    assert (await ask(GetInsight(insight_id=written.id, revision=1))).text == "one"
    with pytest.raises(Forbidden):
        await ask(WriteInsight(title="Mine", text="x", insight_id=written.id), "ben", Role.CONTRIBUTOR)


async def test_comments_stay_with_the_note_and_a_removed_one_is_gone(ask: Asker) -> None:
    needle = word()
    written = await ask(WriteInsight(title=needle, text="one"))
    await ask(CommentInsight(insight_id=written.id, text="I doubt it, @anna"), "ben", Role.CONTRIBUTOR)
    comments = (await ask(GetInsight(insight_id=written.id))).comments
    assert [(comment.author, comment.text) for comment in comments] == [("ben", "I doubt it, @anna")]
    await ask(RemoveInsight(insight_id=written.id, reason="wrong"))
    assert await titles(ask, ListInsights(words=needle)) == []
    with pytest.raises(NotFound):
        await ask(GetInsight(insight_id=written.id))


async def test_an_insight_ticks_the_board_of_the_project_it_is_about(ask: Asker) -> None:
    model = word()
    project = await ask(CreateProject(project_name=word(), patterns=[Pattern(kind="model", glob=model)]))
    written = await ask(WriteInsight(title="Fog", text="x", links=[Link(kind="version", id=f"{model}/1")]))

    async def proofs() -> list[str]:
        view = await ask(GetProject(project_id=project.id))
        items = [item for stage in view.stages for item in stage.items if item.key == "insights"]
        return [evidence.proof.id for evidence in items[0].evidence]

    assert await until(proofs, what="the item is ticked") == [written.id]
