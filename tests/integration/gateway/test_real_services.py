"""The gateway before the real registry and monitor: what MLflow's API was told, GraphQL tells."""

from __future__ import annotations

from tests.integration.gateway.stacks import Stack
from tests.support.waiting import until


async def test_what_mlflow_logs_is_asked_watched_and_changed_by_graphql(stack: Stack) -> None:
    ask = stack.gateway.data
    async with stack.gateway.socket() as socket:
        await socket.subscribe("e", "subscription { events { event { type actor summary } } }")
        experiment = (await stack.tell("experiments/create", name="flights"))["experiment_id"]
        run = (await stack.tell("runs/create", experiment_id=experiment, run_name="first"))["run"]["info"]["run_id"]
        for step, value in enumerate((0.6, 0.7, 0.71)):
            await stack.tell("runs/log-metric", run_id=run, key="auc", value=value, timestamp=1_000 + step, step=step)
        await stack.tell("runs/log-parameter", run_id=run, key="depth", value="6")
        await stack.tell("runs/update", run_id=run, status="FINISHED", end_time=2_000_000_000_000)
        await stack.tell("registered-models/create", name="delays")
        await stack.tell("model-versions/create", name="delays", source=f"runs:/{run}/model", run_id=run)
        told: list[tuple[str, str]] = []
        while ("anna", "registered delays version 1") not in told:
            event = (await socket.next())["payload"]["data"]["events"]["event"]
            told.append((event["actor"], event["summary"]))
        assert ("anna", "started the run first") in told

    changed = await ask(
        """mutation { setAlias(input: {model: "delays", alias: "champion", version: "1"}) {
             modelVersion { aliases run { runId } } errors { message } } }"""
    )
    assert changed["setAlias"] == {"modelVersion": {"aliases": ["champion"], "run": {"runId": run}}, "errors": []}

    answer = await ask(
        """query($run: String!) {
             models { totalCount nodes { name aliases { name version } latestVersion { version
               metrics { key value } run { name params { key value } } monitored { rows } windows { rows } } } }
             run(id: $run) { id status experimentName metricHistory(metric: "auc") { step value } }
             runs(filter: "metrics.auc > 0.7", orderBy: ["metrics.auc DESC"]) { nodes { runId } }
             experiments { nodes { name } } monitored { model }
             modelVersion(model: "delays", version: "@champion") { version model { versionCount } } }""",
        {"run": run},
    )
    latest = answer["models"]["nodes"][0]["latestVersion"]
    assert answer["models"]["totalCount"] == 1
    assert answer["models"]["nodes"][0]["aliases"] == [{"name": "champion", "version": "1"}]
    assert latest["metrics"] == [{"key": "auc", "value": 0.71}]
    assert latest["run"] == {"name": "first", "params": [{"key": "depth", "value": "6"}]}
    assert (latest["monitored"], latest["windows"]) == (None, None)
    assert [point["value"] for point in answer["run"]["metricHistory"]] == [0.6, 0.7, 0.71]
    assert answer["runs"]["nodes"] == [{"runId": run}]
    assert "flights" in [node["name"] for node in answer["experiments"]["nodes"]]
    assert answer["monitored"] == []
    assert answer["modelVersion"] == {"version": "1", "model": {"versionCount": 1}}
    again = await ask("query($id: ID!) { node(id: $id) { ... on Run { runId } } }", {"id": answer["run"]["id"]})
    assert again["node"]["runId"] == run

    async def searchable() -> list[str]:
        page = (await ask("{ events(first: 100) { nodes { type } } }"))["events"]
        types = [node["type"] for node in page["nodes"]]
        return types if "registry.registered_model.alias_set.v1" in types else []

    assert "registry.run.started.v1" in await until(searchable)


async def test_refusals_of_the_owner_arrive_with_their_fix(stack: Stack) -> None:
    answer = await stack.gateway.ask('{ runs(filter: "metrics.auc >") { nodes { runId } } }')
    assert answer["data"] == {"runs": None}
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    data = await stack.gateway.data(
        'mutation { setAlias(input: {model: "none", alias: "a", version: "1"}) { errors { code message } } }'
    )
    assert data["setAlias"]["errors"][0]["message"]
