"""Projects, insights, duplicates, reviews and the audit trail through the gateway, from the real registry."""

from __future__ import annotations

from typing import Any

from tests.integration.gateway.test_real_services import Stack, stack
from tests.support.waiting import until

__all__ = ["stack"]


async def payload(stack: Stack, mutation: str, input_: dict[str, Any], selection: str) -> dict[str, Any]:
    """What a mutation answers."""
    kind = mutation[0].upper() + mutation[1:] + "Input"
    fields = f"{selection} errors {{ code message field }}"
    text = f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {fields} }} }}"
    found: dict[str, Any] = (await stack.gateway.data(text, {"input": input_}))[mutation]
    return found


async def changed(stack: Stack, mutation: str, input_: dict[str, Any], selection: str) -> dict[str, Any]:
    """The payload of a mutation that must not fail."""
    found = await payload(stack, mutation, input_, selection)
    assert found.pop("errors") == []
    return found


async def refused(stack: Stack, mutation: str, input_: dict[str, Any], selection: str) -> dict[str, Any]:
    """The first error of a mutation that must change nothing."""
    error: dict[str, Any] = (await payload(stack, mutation, input_, selection))["errors"][0]
    return error


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


async def test_lists_are_filtered_and_ordered_as_asked(stack: Stack) -> None:
    experiment = (await stack.tell("experiments/create", name="flights"))["experiment_id"]
    for name, depth, auc in (("a", "4", 0.6), ("b", "6", 0.7), ("c", "6", 0.8), ("it's", "8", 0.9)):
        run = (await stack.tell("runs/create", experiment_id=experiment, run_name=name))["run"]["info"]["run_id"]
        await stack.tell("runs/log-parameter", run_id=run, key="max depth", value=depth)
        await stack.tell("runs/log-metric", run_id=run, key="auc", value=auc, timestamp=1_000, step=0)
    for name, team in (("delays", "ops"), ("prices", "sales"), ("weather", "ops")):
        await stack.tell("registered-models/create", name=name, tags=[{"key": "team", "value": team}])
        await stack.tell("model-versions/create", name=name, source=f"s3://{name}")
    query = """query($runs: RunFilter, $models: ModelFilter, $versions: VersionFilter) {
        runs(where: $runs, sort: [{by: METRIC, key: "auc", descending: true}]) { totalCount nodes { name } }
        models(where: $models, sort: [{by: NAME, descending: true}], first: 1) {
          totalCount nodes { name } pageInfo { hasNextPage endCursor } }
        modelVersions(where: $versions, sort: [{by: MODEL}]) { nodes { modelName } } }"""

    async def names(runs: Any, models: Any, versions: Any) -> tuple[list[str], list[str], list[str]]:
        data = await stack.gateway.data(query, {"runs": runs, "models": models, "versions": versions})
        return (
            [node["name"] for node in data["runs"]["nodes"]],
            [node["name"] for node in data["models"]["nodes"]],
            [node["modelName"] for node in data["modelVersions"]["nodes"]],
        )

    assert await names(None, None, None) == (["it's", "c", "b", "a"], ["weather"], ["delays", "prices", "weather"])
    deep = {"params": [{"key": "max depth", "in": ["6", "8"]}], "not": {"metrics": [{"key": "auc", "ge": 0.9}]}}
    ops = {"tags": [{"key": "team", "eq": "ops"}], "not": {"name": {"eq": "weather"}}}
    either = {"or": [{"model": {"eq": "prices"}}, {"source": {"like": "%weath%"}}]}
    assert await names(deep, ops, either) == (["c", "b"], ["delays"], ["prices", "weather"])
    assert (await names({"name": {"eq": "it's"}}, None, None))[0] == ["it's"]
    after = await stack.gateway.data(
        """{ models(sort: [{by: NAME, descending: true}], first: 1) { pageInfo { endCursor } } }"""
    )
    second = await stack.gateway.data(
        """query($after: String) { models(sort: [{by: NAME, descending: true}], first: 1, after: $after) {
             nodes { name } pageInfo { hasPreviousPage } } }""",
        {"after": after["models"]["pageInfo"]["endCursor"]},
    )
    assert second["models"] == {"nodes": [{"name": "prices"}], "pageInfo": {"hasPreviousPage": True}}
