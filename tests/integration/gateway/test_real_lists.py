"""Lists of the real services through the gateway: filtered, ordered, in pages, and as they were before."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.gateway.stacks import Stack, changed, refused


async def test_lists_are_filtered_and_ordered_as_asked(stack: Stack) -> None:
    experiment = (await stack.tell("experiments/create", name="flights"))["experiment_id"]
    for name, depth, auc in (("a", "4", 0.6), ("b", "6", 0.7), ("c", "6", 0.8), ("it's", "8", 0.9)):
        run = (await stack.tell("runs/create", experiment_id=experiment, run_name=name))["run"]["info"]["run_id"]
        await stack.tell("runs/log-parameter", run_id=run, key="max depth", value=depth)
        await stack.tell("runs/log-metric", run_id=run, key="auc", value=auc, timestamp=1_000, step=0)
    for name, team in (("delays", "ops"), ("prices", "sales"), ("weather", "ops")):
        await stack.tell("registered-models/create", name=name, tags=[{"key": "team", "value": team}])
        await stack.tell("model-versions/create", name=name, source=f"s3://{name}/model")
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
    await runs_stand_in_groups_with_the_figures_of_each(stack)
    await what_people_do_is_seen_and_was_otherwise_before(stack, run)


async def runs_stand_in_groups_with_the_figures_of_each(stack: Stack) -> None:
    query = """query($by: [RunGroupingInput!]!, $sort: RunGroupOrder, $after: String, $where: RunFilter) {
        runGroups(by: $by, sort: $sort, first: 2, after: $after, where: $where, metrics: ["auc"]) {
          totalCount pageInfo { hasNextPage endCursor }
          nodes { values runs metrics { key runs mean deviation least greatest } } } }"""
    depth = [{"by": "PARAM", "key": "max depth"}]

    async def page(**variables: Any) -> Any:
        return (await stack.gateway.data(query, {"by": depth, **variables}))["runGroups"]

    first = await page()
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (3, True)
    most, one = first["nodes"]
    assert (most["values"], most["runs"], one["values"]) == (["6"], 2, ["4"])
    [auc] = most["metrics"]
    assert (auc["key"], auc["runs"], auc["least"], auc["greatest"]) == ("auc", 2, 0.7, 0.8)
    assert (auc["mean"], auc["deviation"]) == (pytest.approx(0.75), pytest.approx(0.005**0.5))
    rest = await page(after=first["pageInfo"]["endCursor"])
    assert [node["values"] for node in rest["nodes"]] == [["8"]]
    best = await page(sort={"by": "MEAN", "metric": "auc", "descending": True}, where={"name": {"ne": "c"}})
    assert [(node["values"], node["runs"]) for node in best["nodes"]] == [(["8"], 1), (["6"], 1)]
    both = await page(by=[*depth, {"by": "TAG", "key": "nobody has it"}], sort={"by": "VALUE"})
    assert [node["values"] for node in both["nodes"]] == [["4", None], ["6", None]]
    for wrong, told in (
        ({"by": []}, "1 to 2"),
        ({"by": [{"by": "PARAM"}]}, "needs its name"),
        ({"by": depth, "sort": {"by": "LEAST", "metric": "loss"}}, "isn't asked for"),
        ({"by": depth, "after": "WyI1Il0"}, "is gone"),
    ):
        [error] = (await stack.gateway.ask(query, wrong))["errors"]
        assert told in error["message"]


async def what_people_do_is_seen_and_was_otherwise_before(stack: Stack, run: str) -> None:
    """Goes on in the same services: files, mutations, filters of other lists, the past, a new name."""
    uri = (await stack.mlflow.get("/api/2.0/mlflow/runs/get", params={"run_id": run})).json()["run"]["info"]
    place = f"/api/2.0/mlflow-artifacts/artifacts{uri['artifact_uri'].removeprefix('mlflow-artifacts:')}"
    await stack.mlflow.put(f"{place}/plots/a.csv", content=b"x,y\n1,2\n")
    data = await stack.gateway.data(
        """query($run: String!) { run(id: $run) { artifacts { totalCount nodes { path isDirectory } }
             artifact(path: "plots/a.csv") { size mediaType
               preview(maxBytes: 100) { kind columns rows truncated } } } }""",
        {"run": run},
    )
    assert data["run"] == {
        "artifacts": {"totalCount": 1, "nodes": [{"path": "plots", "isDirectory": True}]},
        "artifact": {
            "size": 8,
            "mediaType": "text/csv",
            "preview": {"kind": "TABLE", "columns": ["x", "y"], "rows": [["1", "2"]], "truncated": False},
        },
    }
    made = await changed(stack, "registerModel", {"model": "seats", "description": "before"}, "model { createdAt }")
    then = made["model"]["createdAt"]
    described = await changed(
        stack, "describeModel", {"model": "seats", "description": "after"}, "model { description updatedAt }"
    )
    assert described["model"]["description"] == "after"
    version = await changed(
        stack, "registerModelVersion", {"model": "seats", "source": "s3://b/model"}, "modelVersion { version }"
    )
    assert version["modelVersion"] == {"version": "1"}
    ended = await changed(stack, "endRun", {"runId": run, "status": "FAILED"}, "run { status }")
    assert ended["run"] == {"status": "FAILED"}
    tagged = await changed(
        stack, "setRunTag", {"runId": run, "tag": "why", "value": "stuck"}, "run { tags { key value } }"
    )
    assert {"key": "why", "value": "stuck"} in tagged["run"]["tags"]
    again = await refused(stack, "endRun", {"runId": run}, "run { status }")
    assert again["code"] == "RUN_ENDED"
    renamed = await changed(stack, "renameModel", {"model": "seats", "newName": "chairs"}, "model { name }")
    assert renamed["model"] == {"name": "chairs"}
    past = await stack.gateway.data(
        """query($then: DateTime!) {
             was: model(name: "chairs", asOf: $then) {
               name description asOf currentName versionCount latestVersion { version } }
             is: model(name: "chairs") { description asOf
               versions(where: {number: {ge: 1}}) { nodes { registeredAs } } }
             gone: model(name: "seats") { name }
             experiments(where: {or: [{name: {like: "fli%"}}, {createdAt: {before: "2000-01-01T00:00:00Z"}}]}) {
               nodes { name } }
             audit(where: {action: {in: ["rename_model"]}}) { nodes { before after } }
             events(where: {aggregate: {eq: "registered_model"}}, sort: [{by: TYPE}], first: 1) { nodes { type } }
             models(where: {description: {ilike: "AFT%"}}) { nodes { name } } }""",
        {"then": then},
    )
    assert past["was"] == {
        "name": "seats",
        "description": "before",
        "asOf": then,
        "currentName": "chairs",
        "versionCount": 0,
        "latestVersion": None,
    }
    assert past["is"] == {"description": "after", "asOf": None, "versions": {"nodes": [{"registeredAs": "seats"}]}}
    assert past["gone"] is None
    await only_the_present_has(stack, run)
    assert past["experiments"]["nodes"] == [{"name": "flights"}]
    assert past["audit"]["nodes"][0] == {"before": {"id": "seats"}, "after": {"id": "chairs"}}
    assert past["events"]["nodes"] == [{"type": "registry.registered_model.registered.v1"}]
    assert past["models"]["nodes"] == [{"name": "chairs"}]


async def only_the_present_has(stack: Stack, run: str) -> None:
    """Below an object of the past, what can't be told of then is an error that says so."""
    now = datetime.now(UTC).isoformat()
    answer = await stack.gateway.ask(
        """query($run: String!, $now: DateTime!) {
             run(id: $run, asOf: $now) { asOf status tags { key value } artifacts { totalCount } similar { exact } }
             project(id: "default", asOf: $now) { name insights { totalCount } } }""",
        {"run": run, "now": now},
    )
    assert answer["data"]["run"]["status"] == "FAILED"
    assert {"key": "why", "value": "stuck"} in answer["data"]["run"]["tags"]
    assert answer["data"]["run"]["artifacts"] is None
    assert {error["extensions"]["reason"] for error in answer["errors"]} == {"ONLY_NOW"}
    assert len(answer["errors"]) == 3


async def test_a_logged_model_is_found_by_its_figures_and_leads_on(stack: Stack) -> None:
    ask = stack.gateway.data
    experiment = (await stack.tell("experiments/create", name="forests"))["experiment_id"]
    run = (await stack.tell("runs/create", experiment_id=experiment, run_name="grown"))["run"]["info"]["run_id"]
    ids = {}
    for name, auc in (("shallow", 0.6), ("deep", 0.7), ("unmeasured", None)):
        made = await stack.tell(
            "logged-models",
            experiment_id=experiment,
            name=name,
            model_type="forest",
            source_run_id=run,
            params=[{"key": "depth", "value": str(len(name))}],
            tags=[{"key": "team", "value": "ops"}],
        )
        ids[name] = made["model"]["info"]["model_id"]
        if auc is not None:
            figure = {"key": "auc", "value": auc, "timestamp": 1_000, "step": 2, "model_id": ids[name]}
            on = {"dataset_name": "flights", "dataset_digest": "5f2c"}
            await stack.tell("runs/log-batch", run_id=run, metrics=[{**figure, **on}])
    found = await ask(
        """query($run: String!, $experiment: String!, $deep: String!) {
             run(id: $run) { experiment { name } loggedModels(first: 2) { totalCount nodes { name } } }
             experiment(id: $experiment) {
               runs(where: {metrics: [{key: "auc", gt: 0}]}) { nodes { runId } }
               loggedModels(sort: [{by: METRIC, key: "auc", descending: true}]) { nodes { name } } }
             comparison(runIds: [$run, $run]) { sides { run { name } } metrics { key values same }
               params(onlyDifferent: true) { key } }
             others: runs(where: {not: {name: {ilike: "GR%"}}}) { totalCount }
             unlike: runs(where: {not: {or: [{name: {like: "x%"}}, {tags: [{key: "none", like: "%"}]}]}}) { totalCount }
             this: runs(where: {not: {name: {like: "x%"}}}) { totalCount }
             better: loggedModels(where: {metrics: [{key: "auc", ge: 0.65}], status: [PENDING]}) { nodes { name } }
             worse: loggedModels(runId: $run, where: {not: {metrics: [{key: "auc", ge: 0.65}]}}) { nodes { name } }
             either: loggedModels(where: {or: [{params: [{key: "depth", eq: "4"}]}, {name: {like: "sh%"}}]},
                 sort: [{by: NAME}]) { nodes { name } }
             loggedModel(id: $deep) { id name status modelType sourceRun { name } experiment { name }
               versions { version } params { key value }
               metrics { key value step datasetName datasetDigest run { runId } } artifacts { nodes { name } } } }""",
        {"run": run, "experiment": experiment, "deep": ids["deep"]},
    )
    assert found["run"]["experiment"] == {"name": "forests"}
    assert found["run"]["loggedModels"] == {"totalCount": 3, "nodes": [{"name": "unmeasured"}, {"name": "deep"}]}
    sides = {"key": "auc", "values": [0.7, 0.7], "same": True}
    assert found["comparison"] == {"sides": [{"run": {"name": "grown"}}] * 2, "metrics": [sides], "params": []}
    counts = [found[name]["totalCount"] for name in ("others", "unlike", "this")]
    assert counts == [0, 0, 1]
    assert found["experiment"]["runs"]["nodes"] == [{"runId": run}]
    names = [node["name"] for node in found["experiment"]["loggedModels"]["nodes"]]
    assert names == ["deep", "shallow", "unmeasured"]
    assert (found["better"]["nodes"], found["worse"]["nodes"]) == ([{"name": "deep"}], [{"name": "shallow"}])
    assert found["either"]["nodes"] == [{"name": "deep"}, {"name": "shallow"}]
    model = found["loggedModel"]
    assert model["metrics"] == [
        {
            "key": "auc",
            "value": 0.7,
            "step": 2,
            "datasetName": "flights",
            "datasetDigest": "5f2c",
            "run": {"runId": run},
        }
    ]
    assert (model["sourceRun"], model["experiment"]) == ({"name": "grown"}, {"name": "forests"})
    assert (model["modelType"], model["artifacts"]["nodes"], model["versions"]) == ("forest", [], [])
    again = await ask(f'{{ node(id: "{model["id"]}") {{ ... on LoggedModel {{ name }} }} }}')
    assert again["node"] == {"name": "deep"}

    pages, after = [], None
    while True:
        page = (
            await ask(
                """query($after: String) { loggedModels(first: 1, after: $after, sort: [{by: METRIC, key: "auc"}]) {
                     pageInfo { hasNextPage endCursor } nodes { name } } }""",
                {"after": after},
            )
        )["loggedModels"]
        pages += [node["name"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert pages == ["shallow", "deep", "unmeasured"]

    tag = {"modelId": ids["deep"], "tag": "kept", "value": "yes", "idempotencyKey": "k"}
    tagged = await changed(stack, "setLoggedModelTag", tag, "loggedModel { tags { key value } }")
    assert {"key": "kept", "value": "yes"} in tagged["loggedModel"]["tags"]
    assert await changed(stack, "setLoggedModelTag", tag, "loggedModel { tags { key value } }") == tagged
    bare = {"modelId": ids["deep"], "tag": "kept"}
    assert (await changed(stack, "deleteLoggedModelTag", bare, "loggedModel { tags { key } }"))["loggedModel"] == {
        "tags": [{"key": "team"}]
    }
    gone = await changed(
        stack, "deleteLoggedModel", {"modelId": ids["shallow"]}, "loggedModel { lifecycleStage sourceRunId }"
    )
    assert gone["loggedModel"] == {"lifecycleStage": "deleted", "sourceRunId": run}
    left = await ask("{ some: loggedModels { totalCount } all: loggedModels(withDeleted: true) { totalCount } }")
    assert left == {"some": {"totalCount": 2}, "all": {"totalCount": 3}}


async def test_what_operators_look_after_is_filtered_ordered_and_comes_in_pages(stack: Stack) -> None:
    ask = stack.gateway.data
    for user, role in (("ci", "CONTRIBUTOR"), ("bot", "VIEWER"), ("cd", "CONTRIBUTOR")):
        await changed(stack, "createToken", {"user": user, "role": role}, "token { id }")
    for day, reason in ((1, "Moving house."), (3, "Load test."), (2, "Moving back.")):
        span = {"start": f"2026-04-0{day}T00:00:00Z", "end": f"2026-04-0{day}T06:00:00Z", "reason": reason}
        await changed(stack, "setSilence", span, "changedId")
    await changed(stack, "setEnvironment", {"environment": "canary", "needsApproval": False}, "changedId")
    for name in ("delays", "fares"):
        await stack.tell("registered-models/create", name=name)
        await stack.tell("model-versions/create", name=name, source="s3://elsewhere/model")
        for environment in ("staging", "canary"):
            wish = {"environment": environment, "model": name, "version": "1", "overrideReason": "To try it."}
            await changed(stack, "deployVersion", wish, "changedId")
    gone = {"environment": "canary", "model": "fares", "reason": "Tried."}
    await changed(stack, "retireVersion", gone, "changedId")

    found = await ask(
        """{ first: apiTokens(first: 2, sort: [{by: USER}], where: {role: [CONTRIBUTOR, VIEWER], revoked: false}) {
               totalCount pageInfo { hasNextPage endCursor } nodes { user } }
             alertSilences(where: {reason: {ilike: "moving%"}}, sort: [{by: START}]) { totalCount nodes { reason } }
             newest: alertSilences(last: 1) { nodes { reason } }
             audit(service: MONITOR, where: {action: {eq: "set_silence"}}) { totalCount nodes { user } }
             auditHead(service: MONITOR) { number } auditVerdict(service: MONITOR) { problem }
             deadLetters(service: MONITOR, where: {decided: false}, sort: [{by: CODE}]) { totalCount }
             deployedModels(where: {running: true}, sort: [{by: MODEL, descending: true}]) {
               totalCount nodes { environment model current { version } } }
             over: deployedModels(where: {not: {running: true}}) { nodes { environment model } }
             model(name: "delays") { deployedIn(where: {environment: {eq: "staging"}}) { nodes { environment alias } } }
             environments(where: {needsApproval: false}, sort: [{by: NAME, descending: true}]) { name }
             ran(start: "2026-01-01T00:00:00Z", where: {model: {eq: "delays"}}, sort: [{by: ENVIRONMENT}]) {
               environment }
             standings(model: "delays", version: "1", where: {missing: [REVIEW_NOT_APPROVED]}) { environment }
             monitoredVersions(where: {rows: {gt: 0}}, sort: [{by: ROWS}]) { totalCount }
             webhooks(where: {enabled: true}) { id } lifecycleWebhooks(sort: [{by: WAITING}]) { id } }"""
    )
    assert [node["user"] for node in found["first"]["nodes"]] == ["bot", "cd"]
    assert (found["first"]["totalCount"], found["first"]["pageInfo"]["hasNextPage"]) == (3, True)
    assert [node["reason"] for node in found["alertSilences"]["nodes"]] == ["Moving house.", "Moving back."]
    assert found["newest"]["nodes"] == [{"reason": "Moving house."}]
    assert (found["audit"]["totalCount"], found["audit"]["nodes"][0]) == (3, {"user": "anonymous"})
    assert found["auditVerdict"] == {"problem": None}
    assert found["deadLetters"] == {"totalCount": 0}
    running = [(node["environment"], node["model"]) for node in found["deployedModels"]["nodes"]]
    assert running == [("staging", "fares"), ("canary", "delays"), ("staging", "delays")]
    assert found["over"]["nodes"] == [{"environment": "canary", "model": "fares"}]
    assert [node["environment"] for node in found["model"]["deployedIn"]["nodes"]] == ["staging"]
    assert found["environments"] == [{"name": "staging"}, {"name": "canary"}]
    assert [entry["environment"] for entry in found["ran"]] == ["canary", "staging"]
    assert found["standings"] == [{"environment": "production"}]
    assert (found["monitoredVersions"], found["webhooks"]) == ({"totalCount": 0}, [])
    after = found["first"]["pageInfo"]["endCursor"]
    more = await ask(
        """query($after: String) { apiTokens(after: $after, first: 5, sort: [{by: USER}],
             where: {role: [CONTRIBUTOR, VIEWER], revoked: false}) { nodes { user } } }""",
        {"after": after},
    )
    assert [node["user"] for node in more["apiTokens"]["nodes"]] == ["ci"]
