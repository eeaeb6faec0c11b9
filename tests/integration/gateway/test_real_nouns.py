"""Projects, insights, duplicates, reviews and the audit trail through the gateway, from the real registry."""

from __future__ import annotations

from typing import Any

from tests.integration.gateway.stacks import Stack, changed, refused
from tests.support.waiting import until


async def test_a_project_is_created_answered_and_shown_as_it_was(stack: Stack) -> None:
    wish = {"name": "delays", "patterns": [{"kind": "MODEL", "glob": "delay*"}], "idempotencyKey": "k1"}
    made = await changed(
        stack,
        "createProject",
        wish,
        "changedId revision project { id projectId name patterns { kind glob } stageStates createdBy }",
    )
    project_id = made["changedId"]
    assert made["project"]["patterns"] == [{"kind": "MODEL", "glob": "delay*"}]
    assert set(made["project"]["stageStates"]) == {"NOT_STARTED"}
    again = await changed(stack, "createProject", wish, "changedId")
    assert again == {"changedId": project_id}
    taken = await refused(stack, "createProject", {"name": "delays"}, "changedId")
    assert (taken["code"], taken["field"]) == ("ALREADY_EXISTS", "projectName")

    board = await stack.gateway.data(f'{{ project(id: "{project_id}") {{ asOf stages {{ items {{ key kind }} }} }} }}')
    item = next(i["key"] for i in board["project"]["stages"][0]["items"] if i["kind"] == "ANSWER")
    answered = await changed(
        stack,
        "fillAnswer",
        {"projectId": project_id, "item": item, "text": "Fewer late flights.", "expected": 0},
        "revision project { stages { state items { key answer state } } }",
    )
    assert answered["project"]["stages"][0]["state"] == "IN_PROGRESS"
    stale = await refused(
        stack, "fillAnswer", {"projectId": project_id, "item": item, "text": "Later.", "expected": 0}, "revision"
    )
    assert stale["code"] == "CHANGED_MEANWHILE"
    was = await stack.gateway.data(
        f'{{ project(id: "{project_id}", asOf: "{board["project"]["asOf"]}") {{ stageStates name }} '
        '  projects { totalCount nodes { name stageStates stages { key } } } node(id: "'
        f'{made["project"]["id"]}") {{ ... on Project {{ name }} }} }}'
    )
    assert set(was["project"]["stageStates"]) == {"NOT_STARTED"}
    assert was["node"] == {"name": "delays"}
    assert [node["name"] for node in was["projects"]["nodes"]][-1] == "delays"
    assert all(len(node["stages"]) == 14 for node in was["projects"]["nodes"])


async def test_a_page_keeps_what_it_is_set_to_for_its_user(stack: Stack) -> None:
    wanted = {"title": "Best", "page": "/runs", "state": '{"sort": "auc"}', "projectId": "default"}
    made = await changed(stack, "saveView", wanted, "changedId revision savedView { id state project { projectId } }")
    assert made["savedView"]["project"] == {"projectId": "default"}
    view = {"viewId": made["changedId"]}
    await changed(stack, "saveView", {**wanted, **view, "state": "?sort=f1", "expected": 1}, "revision")
    found = await stack.gateway.data(
        """query($id: ID!) { node(id: $id) { ... on SavedView { state revision } }
             savedViews(page: "/runs", where: {title: {ilike: "be%"}}, sort: [{by: TITLE}]) {
               totalCount nodes { title } } }""",
        {"id": made["savedView"]["id"]},
    )
    assert found["node"] == {"state": "?sort=f1", "revision": 2}
    assert found["savedViews"] == {"totalCount": 1, "nodes": [{"title": "Best"}]}
    assert (await refused(stack, "saveView", wanted, "revision"))["code"] == "ALREADY_EXISTS"
    assert await changed(stack, "removeSavedView", view, "savedView { title }") == {"savedView": None}


async def test_what_was_learned_and_tried_is_found_again(stack: Stack) -> None:
    experiment = (await stack.tell("experiments/create", name="flights"))["experiment_id"]
    for name in ("first", "second"):
        run = (await stack.tell("runs/create", experiment_id=experiment, run_name=name))["run"]["info"]["run_id"]
        await stack.tell("runs/log-parameter", run_id=run, key="depth", value="6")
        await stack.tell("runs/log-metric", run_id=run, key="auc", value=0.7, timestamp=1_000, step=0)
        await stack.tell("runs/update", run_id=run, status="FINISHED", end_time=2_000_000_000_000)
    written = await changed(
        stack,
        "writeInsight",
        {"title": "Gusts are missing", "text": "In **76 %** of rows.", "links": [{"kind": "run", "id": run}]},
        "changedId insight { insightId text links { kind id node { ... on Run { name } } } }",
    )
    assert written["insight"]["links"] == [{"kind": "run", "id": run, "node": {"name": "second"}}]
    insight = {"insightId": written["changedId"]}
    await changed(stack, "commentInsight", {**insight, "text": "In May, too."}, "changedId")
    found = await stack.gateway.data(
        """query($about: [LinkInput!]) { insights(words: "gusts", about: $about) {
             nodes { title excerpt text score commentCount comments { text author } } } }""",
        {"about": [{"kind": "run", "id": run}]},
    )
    assert found["insights"]["nodes"][0]["comments"][0]["text"] == "In May, too."
    assert found["insights"]["nodes"][0]["score"] > 0

    async def tried() -> list[Any]:
        answer = await stack.gateway.data(
            """{ tried(params: [{key: "depth", value: "6"}], first: 5) {
                   runName exact run { runId metrics { key value } } differences { key } } }"""
        )
        similar: list[Any] = answer["tried"]
        return similar if len(similar) == 2 else []

    assert {entry["run"]["metrics"][0]["value"] for entry in await until(tried)} == {0.7}
    data = await stack.gateway.data("query($r: String!) { similarRuns(runId: $r) { runName exact } }", {"r": run})
    assert data["similarRuns"][0] == {"runName": "first", "exact": True}
    assert await changed(stack, "removeInsight", {**insight, "reason": "wrong"}, "insight { title }") == {
        "insight": None
    }


async def test_a_review_is_asked_for_and_decided_and_the_trail_says_who(stack: Stack) -> None:
    await stack.tell("registered-models/create", name="delays")
    await stack.tell("model-versions/create", name="delays", source="s3://bucket/model")
    of = {"model": "delays", "version": "1"}
    asked = await changed(stack, "requestReview", {**of, "note": "Please."}, "review { state digest missing }")
    assert asked["review"]["state"] == "OPEN"
    about = {"kind": "GATE", "key": "accuracy"}
    nothing = await refused(stack, "commentReview", {**of, "text": "Why?", "about": about}, "changedId")
    assert (nothing["code"], nothing["field"]) == ("NOT_FOUND", "about.key")
    await changed(stack, "commentReview", {**of, "text": "Why so deep?"}, "changedId")
    wrong = await refused(
        stack, "decideReview", {**of, "decision": "APPROVE", "reason": "fine", "digest": "other"}, "changedId"
    )
    assert wrong["code"] == "OWN_VERSION"
    unknown = await refused(stack, "requestReview", {"model": "none", "version": "1"}, "changedId")
    assert unknown["message"]
    data = await stack.gateway.data(
        """{ reviews(states: [OPEN]) { nodes { model modelVersion { version review { state } } comments { text } } }
             review(model: "delays", version: "1") { id state }
             audit(action: "request_review") { totalCount nodes { user action after } }
             auditHead { number } auditVerdict { done problem } }"""
    )
    assert data["reviews"]["nodes"] == [
        {
            "model": "delays",
            "modelVersion": {"version": "1", "review": {"state": "OPEN"}},
            "comments": [{"text": "Why so deep?"}],
        }
    ]
    assert data["audit"]["totalCount"] == 1
    assert data["auditVerdict"]["problem"] is None


async def test_why_a_change_was_not_made_comes_as_the_type_of_its_kind(stack: Stack) -> None:
    await stack.tell("registered-models/create", name="delays")
    wish = """mutation($input: RegisterModelInput!) { registerModel(input: $input) { model { name }
                problems { __typename ... on Problem { code field retryable } ... on ConflictProblem { fix } } } }"""
    twice = (await stack.gateway.data(wish, {"input": {"model": "delays"}}))["registerModel"]
    assert twice["model"] is None
    assert [(one["__typename"], one["code"]) for one in twice["problems"]] == [
        ("ConflictProblem", "RESOURCE_ALREADY_EXISTS")
    ]
    assert "fix" in twice["problems"][0]
    nothing = await stack.gateway.data(
        """mutation { setModelTag(input: {model: "none", tag: "a", value: "b"}) { problems { __typename } }
             setAlias(input: {model: "none", alias: "a", version: "1"}) { problems { __typename } } }"""
    )
    assert {one["problems"][0]["__typename"] for one in nothing.values()} == {"NotFoundProblem"}
    fine = await stack.gateway.data(wish, {"input": {"model": "fares"}})
    assert fine["registerModel"] == {"model": {"name": "fares"}, "problems": []}
