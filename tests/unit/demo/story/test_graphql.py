"""A colleague at the gateway: says who asks, and turns refusals into words."""

import json

import httpx
import pytest

from deploy.demo.story.acts import standing_line
from deploy.demo.story.board import Board, Item, Stage, find_project
from deploy.demo.story.graphql import Colleague, GatewaySilent, StepRefused, identity


def _colleague(answer: object, said: list[str] | None = None) -> tuple[Colleague, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(200, json=answer)

    headers = identity("anna", None)
    http = httpx.AsyncClient(transport=httpx.MockTransport(respond), headers=headers)
    lines = [] if said is None else said
    return Colleague("anna", http, "http://gateway/graphql", lines.append), asked


def test_a_token_says_who_asks_and_without_one_the_name_does() -> None:
    assert identity("anna", "secret") == {"Authorization": "Bearer secret"}
    assert identity("anna", None) == {"x-lifecycle-user": "anna"}


async def test_a_change_names_its_input_type_and_returns_the_payload() -> None:
    anna, asked = _colleague({"data": {"createProject": {"errors": [], "changedId": "p1"}}})
    assert (await anna.do("createProject", {"name": "Late"}, "changedId"))["changedId"] == "p1"
    sent = json.loads(asked[0].content)
    assert "$input: CreateProjectInput!" in sent["query"]
    assert sent["variables"] == {"input": {"name": "Late"}}
    assert asked[0].headers["x-lifecycle-user"] == "anna"


async def test_a_refused_change_says_what_is_wrong_and_what_to_do() -> None:
    told = {"code": "GATES_NOT_PASSED", "message": "the gates hold it up", "field": "version", "fix": "Pass them."}
    anna, _ = _colleague({"data": {"deployVersion": {"errors": [told]}}})
    with pytest.raises(StepRefused) as refused:
        await anna.do("deployVersion", {})
    assert (refused.value.code, refused.value.fix) == ("GATES_NOT_PASSED", "Pass them.")
    assert "deployVersion was refused (version): the gates hold it up" in refused.value.what


async def test_a_refusal_that_means_done_already_is_fine() -> None:
    told = {"code": "RUNS_ALREADY", "message": "it runs", "field": None, "fix": None}
    anna, _ = _colleague({"data": {"deployVersion": {"errors": [told]}}})
    await anna.do("deployVersion", {}, fine=("RUNS_ALREADY",))


async def test_a_gateway_out_of_reach_is_a_problem_in_words() -> None:
    anna, _ = _colleague(httpx.ConnectError("refused"))
    with pytest.raises(GatewaySilent, match="http://gateway/graphql"):
        await anna.ask("query { viewer { user } }")


async def test_errors_of_a_query_are_raised_with_the_gateways_words() -> None:
    anna, _ = _colleague({"data": None, "errors": [{"message": "no such field"}]})
    with pytest.raises(StepRefused, match="no such field"):
        await anna.ask("query { nothing }")


async def test_the_project_is_found_by_its_name() -> None:
    nodes = [{"projectId": "default", "name": "Default"}, {"projectId": "p7", "name": "Late arrivals"}]
    anna, _ = _colleague({"data": {"projects": {"nodes": nodes}}})
    assert await find_project(anna) == "p7"


def test_the_boards_line_counts_stages_and_names_what_others_lack() -> None:
    def stage(number: int, state: str, attention: list[str]) -> Stage:
        return Stage(str(number), number, f"Stage {number}", state, "", attention, [Item("one", "DONE", "", 1)])

    board = Board([], [], [stage(1, "DONE", []), stage(2, "IN_PROGRESS", []), stage(3, "NEEDS_ATTENTION", ["drift"])])
    assert standing_line(board) == "the board: 1 of 3 stages done (2 Stage 2: in_progress; 3 Stage 3: drift)"
