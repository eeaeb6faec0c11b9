"""GraphQL over HTTP: what is refused before it runs, how answers are labelled, who may read them."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client import REGISTRY

from tests.integration.gateway.doubles import MonitorDouble, RegistryDouble
from tests.integration.gateway.harness import Gateway, gateway_on
from tests.support.servers import Server

GRAPHQL = "application/graphql-response+json"


def _extensions(response: httpx.Response) -> dict[str, object]:
    found: dict[str, object] = response.json()["errors"][0]["extensions"]
    return found


async def test_a_nested_list_query_is_refused_before_it_runs(gateway: Gateway, registry: RegistryDouble) -> None:
    query = """{ models(first: 100) { nodes { versions(first: 100) { nodes { model { versions(first: 100) {
        nodes { version } } } } } } } }"""
    response = await gateway.post(query, accept=GRAPHQL)
    assert response.status_code == 400
    assert "data" not in response.json()
    assert _extensions(response)["reason"] == "TOO_COSTLY"
    assert not registry.asked


async def test_six_levels_of_small_lists_are_refused_before_they_run(
    own_nats: Server, registry: RegistryDouble
) -> None:
    inner = "nodes { version }"
    for _ in range(5):
        inner = f"nodes {{ model {{ versions(first: 10) {{ {inner} }} }} }}"
    query = "{ models(first: 10) { nodes { versions(first: 10) { " + inner + " } } } }"
    every: tuple[dict[str, int], ...] = ({}, {"max_depth": 100})
    for limits in every:
        async with gateway_on(own_nats.url, **limits) as other:
            response = await other.post(query, accept=GRAPHQL)
        assert response.status_code == 400
        assert _extensions(response)["reason"] == ("TOO_COSTLY" if limits else "TOO_DEEP")
    assert not registry.asked


async def test_what_an_operation_costs_and_what_is_left_is_told(gateway: Gateway, registry: RegistryDouble) -> None:
    first = await gateway.post("{ models(first: 3) { nodes { name } } }")
    cost = first.json()["extensions"]["cost"]
    assert cost == {"objects": 14, "most": 25_000, "perMinute": 2_000_000, "remaining": 1_999_986, "resetSeconds": 1}
    assert first.headers["ratelimit-limit"] == "2000000"
    assert first.headers["ratelimit-remaining"] == "1999986"


async def test_a_caller_who_asks_for_too_much_waits_while_others_do_not(
    own_nats: Server, registry: RegistryDouble
) -> None:
    async with gateway_on(own_nats.url, cost_per_minute=100) as gateway:
        query = "{ models(first: 50) { nodes { name } } }"
        assert (await gateway.post(query, x_lifecycle_user="anna")).status_code == 200
        refused = await gateway.post(query, x_lifecycle_user="anna")
        assert refused.status_code == 429
        assert _extensions(refused)["code"] == "RATE_LIMITED"
        assert _extensions(refused)["retryable"] is True
        assert 0 < int(refused.headers["retry-after"]) <= 60
        assert int(refused.headers["ratelimit-remaining"]) < 61
        assert (await gateway.post(query, x_lifecycle_user="bert")).status_code == 200
    assert registry.asked == {"ListModels": 2}


async def test_list_sizes_in_variables_and_fragments_count_too(gateway: Gateway, registry: RegistryDouble) -> None:
    query = """query($n: Int) { models(first: $n) { ...nodes } }
        fragment nodes on ModelConnection { nodes { versions(first: $n) { edges { node { metrics { value } } } } } }"""
    assert "errors" not in await gateway.ask(query, {"n": 5})
    answer = await gateway.ask(query, {"n": 100})
    assert answer["errors"][0]["extensions"]["reason"] == "TOO_COSTLY"


async def test_the_page_that_dashboards_need_is_not_too_costly(
    gateway: Gateway, registry: RegistryDouble, monitor: MonitorDouble
) -> None:
    await gateway.data(
        """{ models(first: 100) { nodes { name tags { key value } aliases { name version }
             latestVersion { version metrics { key value } monitored { rows } } } }
             windows(model: "delays", version: "1", last: 370) { start features { feature psi drifted } } }"""
    )


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("{ " + " ".join(f"a{i}: viewer {{ user }}" for i in range(61)) + " }", "TOO_MANY_ALIASES"),
        (
            '{ model(name: "a") { latestVersion { model { latestVersion { model { latestVersion { model { '
            "latestVersion { model { latestVersion { model { latestVersion { version } } } } } } } } } } } } }",
            "TOO_DEEP",
        ),
        ("{ viewer { user } } #" + "x" * 60_000, "DOCUMENT_TOO_LONG"),
    ],
)
async def test_a_document_over_a_limit_is_refused(gateway: Gateway, query: str, reason: str) -> None:
    response = await gateway.post(query, accept=GRAPHQL)
    assert response.status_code == 400
    assert _extensions(response)["reason"] == reason


async def test_too_many_tokens_are_refused_while_parsing(gateway: Gateway) -> None:
    response = await gateway.post("{ " + "__typename " * 3000 + "}", accept=GRAPHQL)
    assert response.status_code == 400
    assert _extensions(response)["code"] == "GRAPHQL_PARSE_FAILED"


async def test_batches_are_refused(gateway: Gateway) -> None:
    response = await gateway.client.post("/graphql", json=[{"query": "{ viewer { user } }"}])
    assert response.status_code == 400
    assert "each on its own" in response.json()["errors"][0]["message"]


async def test_a_body_over_the_limit_is_refused_in_graphql_terms(gateway: Gateway) -> None:
    response = await gateway.client.post("/graphql", json={"query": "{ viewer { user } }", "x": "y" * 2_000_000})
    assert response.status_code == 413
    assert _extensions(response)["code"] == "TOO_LARGE"


async def test_mutations_by_get_are_refused(gateway: Gateway) -> None:
    query = 'mutation { setAlias(input: {model: "a", alias: "b", version: "1"}) { errors { code } } }'
    response = await gateway.client.get("/graphql", params={"query": query})
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


async def test_forms_cannot_send_operations(gateway: Gateway) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        response = await gateway.client.post(
            "/graphql", content=b'{"query": "{ viewer { user } }"}', headers={"content-type": content_type}
        )
        assert response.status_code == 415


async def test_a_media_type_we_do_not_speak_is_refused(gateway: Gateway) -> None:
    response = await gateway.post("{ viewer { user } }", accept="image/png")
    assert response.status_code == 406


async def test_other_origins_may_not_read_answers_unless_configured(own_nats: Server) -> None:
    async with gateway_on(own_nats.url) as gateway:
        asked = {"origin": "https://board.example", "access-control-request-method": "POST"}
        preflight = await gateway.client.options("/graphql", headers=asked)
        response = await gateway.post("{ viewer { user } }", origin="https://board.example")
    assert preflight.status_code == 405
    assert (response.status_code, response.json()["error"]["code"]) == (403, "FOREIGN_ORIGIN")
    assert not [name for name in response.headers if name.startswith("access-control")]
    async with gateway_on(own_nats.url, allowed_origins=("https://board.example",)) as gateway:
        preflight = await gateway.client.options("/graphql", headers=asked)
        response = await gateway.post("{ viewer { user } }", origin="https://board.example")
    assert preflight.status_code == 200
    assert response.headers["access-control-allow-origin"] == "https://board.example"


async def test_a_page_that_reached_loopback_by_another_name_hears_whether_we_live_and_no_more(gateway: Gateway) -> None:
    rebound = {"host": "rebound.example", "origin": "http://rebound.example"}
    refused = [
        await gateway.client.post("/graphql", json={"query": "{ viewer { user } }"}, headers=rebound),
        await gateway.client.get("/graphql?query={viewer{user}}", headers=rebound),
    ]
    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in refused] == [(403, "FOREIGN_HOST")] * 2
    assert (await gateway.client.get("/healthz", headers=rebound)).status_code == 200


async def test_metrics_count_operations_by_type_and_outcome_only(gateway: Gateway, registry: RegistryDouble) -> None:
    before = [_counted(*labels) for labels in (("query", "ok"), ("query", "partial"), ("unknown", "refused"))]
    await gateway.ask("query AnyNameAtAll { models { totalCount } }")
    await gateway.ask("{ models { totalCount } monitored { rows } }")
    await gateway.ask("{ nothing }")
    after = [_counted(*labels) for labels in (("query", "ok"), ("query", "partial"), ("unknown", "refused"))]
    assert after == [count + 1 for count in before]
    exposed = (await gateway.client.get("/metrics")).text
    assert "AnyNameAtAll" not in exposed
    assert 'lifecycle_http_requests_total{method="POST",route="/graphql",status="200"}' in exposed


def _counted(type_: str, outcome: str) -> float:
    labels = {"type": type_, "outcome": outcome}
    return REGISTRY.get_sample_value("lifecycle_graphql_operations_total", labels) or 0.0


async def test_a_subscription_streams_as_server_sent_events_or_is_refused(gateway: Gateway) -> None:
    refused = await gateway.post("subscription { events { cursor } }")
    assert "WebSocket" in refused.json()["errors"][0]["message"]
    response = await gateway.post("{ viewer { user } }", accept="text/event-stream")
    assert response.headers["content-type"].startswith("text/event-stream")
    start, end = response.text.split('"extensions"')
    assert start == ':\n\nevent: next\ndata: {"data":{"viewer":{"user":"anonymous"}},'
    assert end.endswith("\n\nevent: complete\ndata:\n\n")
