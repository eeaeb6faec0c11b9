"""Queries: the data of two services through one schema, in few requests."""

from __future__ import annotations

from math import inf, nan

from services.contracts import registry as r
from services.gateway.ids import global_id
from tests.integration.gateway.doubles import (
    NOON,
    MonitorDouble,
    RegistryDouble,
    model,
    run,
    version,
    window,
)
from tests.integration.gateway.harness import Gateway


async def test_one_query_joins_registry_and_monitor(
    gateway: Gateway, registry: RegistryDouble, monitor: MonitorDouble
) -> None:
    data = await gateway.data(
        """{ modelVersion(model: "delays", version: "@champion") {
             version aliases metrics { key value }
             model { name aliases { name version } }
             run { runId durationSeconds startTime params { key value } datasets { name } }
             monitored { reference rows }
             windows(last: 1) { start rows features { feature psi drifted } } } }"""
    )
    assert data["modelVersion"] == {
        "version": "1",
        "aliases": [],
        "metrics": [{"key": "auc", "value": 0.71}],
        "model": {"name": "delays", "aliases": [{"name": "champion", "version": "1"}]},
        "run": {
            "runId": "r1",
            "durationSeconds": 90.0,
            "startTime": "2013-07-01T12:00:00Z",
            "params": [{"key": "depth", "value": "6"}],
            "datasets": [],
        },
        "monitored": {"reference": "January to March", "rows": 2**33},
        "windows": [
            {
                "start": "2013-07-01T13:00:00Z",
                "rows": 100,
                "features": [{"feature": "temp", "psi": 0.3, "drifted": True}],
            }
        ],
    }


async def test_a_page_of_models_asks_for_all_relatives_at_once(
    gateway: Gateway, registry: RegistryDouble, monitor: MonitorDouble
) -> None:
    registry.models = {f"m{i:03}": model(f"m{i:03}", latest=version(f"m{i:03}", run_id=f"r{i}")) for i in range(100)}
    registry.runs = {f"r{i}": run(f"r{i}") for i in range(100)}
    data = await gateway.data(
        """query Page { models(first: 100) { ...page } }
           fragment page on ModelConnection { edges { cursor node { name ... on Model { latestVersion { ...v } } } } }
           fragment v on ModelVersion { run { runId } model { name } monitored { rows } }"""
    )
    edges = data["models"]["edges"]
    assert [edge["node"]["latestVersion"]["run"]["runId"] for edge in edges] == [f"r{i}" for i in range(100)]
    assert [edge["node"]["latestVersion"]["model"]["name"] for edge in edges] == sorted(registry.models)
    assert registry.asked == {"ListModels": 1, "GetRuns": 1, "GetModels": 1}
    assert monitor.asked == {"ListMonitored": 1}


async def test_relatives_that_nobody_foresaw_are_gathered_into_one_request(
    gateway: Gateway, registry: RegistryDouble
) -> None:
    registry.versions = {("delays", str(i)): version(number=str(i), run_id=f"r{i}") for i in range(3)}
    registry.runs = {f"r{i}": run(f"r{i}") for i in range(3)}
    ids = [global_id("ModelVersion", "delays", str(i)) for i in range(3)]
    data = await gateway.data(
        "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on ModelVersion { run { runId } } } }", {"ids": ids}
    )
    assert [node["run"]["runId"] for node in data["nodes"]] == ["r0", "r1", "r2"]
    assert registry.asked == {"GetVersions": 1, "GetRuns": 1}


async def test_cursors_walk_forward_and_backward_over_all_items(gateway: Gateway, registry: RegistryDouble) -> None:
    registry.models = {name: model(name) for name in "abcdefg"}
    query = """query($first: Int, $after: String, $last: Int, $before: String) {
        models(first: $first, after: $after, last: $last, before: $before) {
          nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
    seen: list[str] = []
    after = None
    while True:
        page = (await gateway.data(query, {"first": 3, "after": after}))["models"]
        seen += [node["name"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert seen == list("abcdefg")
    back = (await gateway.data(query, {"last": 2, "before": "c"}))["models"]
    assert [node["name"] for node in back["nodes"]] == ["a", "b"]
    assert not back["pageInfo"]["hasPreviousPage"]


async def test_a_total_is_counted_only_when_it_is_asked_for(gateway: Gateway, registry: RegistryDouble) -> None:
    assert (await gateway.data("{ models { totalCount } }"))["models"]["totalCount"] == 1
    await gateway.data("{ models { nodes { name } } }")
    asked = [request.paging.with_total for request in registry.requests if isinstance(request, r.ListModels)]
    assert asked == [True, False]


async def test_a_global_id_finds_its_object_again(gateway: Gateway, registry: RegistryDouble) -> None:
    registry.models["strange/~name"] = model("strange/~name", latest=version("strange/~name"))
    registry.versions["strange/~name", "1"] = version("strange/~name")
    registry.experiments["7"] = r.ExperimentView(
        id="7", name="e", lifecycle_stage="active", artifact_location="", created_at=NOON, updated_at=NOON
    )
    data = await gateway.data(
        """{ model(name: "strange/~name") { id latestVersion { id } }
             run(id: "r1") { id } experiment(id: "7") { id } }"""
    )
    ids = [data["model"]["id"], data["model"]["latestVersion"]["id"], data["run"]["id"], data["experiment"]["id"]]
    found = await gateway.data("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", {"ids": ids})
    assert [node["id"] for node in found["nodes"]] == ids
    kinds = [node["__typename"] for node in found["nodes"]]
    assert kinds == ["Model", "ModelVersion", "Run", "Experiment"]
    one = await gateway.data("query($id: ID!) { node(id: $id) { id } }", {"id": ids[1]})
    assert one["node"]["id"] == ids[1]


async def test_what_does_not_exist_is_null_without_an_error(gateway: Gateway, registry: RegistryDouble) -> None:
    missing = global_id("Model", "missing")
    data = await gateway.data(
        """query($ids: [ID!]!) { model(name: "missing") { name } run(id: "missing") { name }
           modelVersion(model: "delays", version: "99") { version } experiment(id: "99") { name }
           nodes(ids: $ids) { id } }""",
        {"ids": [missing]},
    )
    assert data == {"model": None, "run": None, "modelVersion": None, "experiment": None, "nodes": [None]}


async def test_figures_without_a_json_number_are_null_with_their_text(
    gateway: Gateway, registry: RegistryDouble, monitor: MonitorDouble
) -> None:
    registry.runs["r1"] = run(metrics={"a": nan, "b": inf, "c": -inf, "d": 1e-300})
    drift = monitor.windows[0].features[0]
    monitor.windows = [window(features=[type(drift)(feature="t", kind="numeric", rows=1, psi=inf)])]
    data = await gateway.data(
        """{ run(id: "r1") { metrics { key value text } metricHistory(metric: "a") { step value } }
             windows(model: "delays", version: "1") { features { psi } } }"""
    )
    assert [(entry["value"], entry["text"]) for entry in data["run"]["metrics"]] == [
        (None, "NaN"),
        (None, "Infinity"),
        (None, "-Infinity"),
        (1e-300, "1e-300"),
    ]
    assert data["run"]["metricHistory"] == [{"step": 2**40, "value": 0.5}]
    assert data["windows"][0]["features"] == [{"psi": None}]


async def test_features_of_windows_are_fetched_only_when_selected(gateway: Gateway, monitor: MonitorDouble) -> None:
    await gateway.data("""{ windows(model: "delays", version: "1") { rows } }""")
    await gateway.data("""{ windows(model: "delays", version: "1", features: ["temp"]) { features { psi } } }""")
    await gateway.data("""{ windows(model: "delays", version: "1") { features { psi } } }""")
    assert [request.features for request in monitor.requests] == [[], ["temp"], None]  # type: ignore[attr-defined]


async def test_an_event_says_in_words_what_happened(gateway: Gateway, registry: RegistryDouble) -> None:
    registry.events = [
        r.EventView(
            id="e1",
            type="registry.registered_model.alias_set.v1",
            service="registry",
            aggregate="registered_model",
            aggregate_id="delays",
            version=2,
            time=NOON,
            actor="anna",
            correlation_id="c",
            data='{"model_name": "delays", "alias": "champion", "version": "2", "former_version": "1"}',
        )
    ]
    data = await gateway.data("{ events { nodes { id actor summary data } } }")
    assert data["events"]["nodes"] == [
        {
            "id": "e1",
            "actor": "anna",
            "summary": "pointed champion of delays at version 2 (before: version 1)",
            "data": {"model_name": "delays", "alias": "champion", "version": "2", "former_version": "1"},
        }
    ]
