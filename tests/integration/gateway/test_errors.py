"""Errors: typed, partial where only a part failed, and without any detail of a bug."""

from __future__ import annotations

import pytest

from services.contracts.errors import Invalid, Limited
from services.contracts.registry import SetAlias
from services.runtime.bus import Bus
from tests.integration.gateway.doubles import MonitorDouble, RegistryDouble
from tests.integration.gateway.harness import Gateway, gateway_on
from tests.support.servers import Server
from tests.support.waiting import until

SET_ALIAS = """mutation($input: SetAliasInput!) { setAlias(input: $input) {
    modelVersion { version aliases } errors { code message field fix retryable } } }"""


async def test_a_service_that_is_down_leaves_the_other_answers_whole(
    gateway: Gateway, registry: RegistryDouble
) -> None:
    answer = await gateway.ask(
        """{ models { nodes { name latestVersion { version monitored { rows } windows(last: 1) { rows } } } }
             monitored { rows } }"""
    )
    latest = {"version": "1", "monitored": None, "windows": None}
    assert answer["data"] == {"models": {"nodes": [{"name": "delays", "latestVersion": latest}]}, "monitored": None}
    assert {"/".join(map(str, error["path"])) for error in answer["errors"]} == {
        "models/nodes/0/latestVersion/monitored",
        "models/nodes/0/latestVersion/windows",
        "monitored",
    }
    for error in answer["errors"]:
        assert error["extensions"]["code"] == "UNAVAILABLE"
        assert error["extensions"]["kind"] == "unavailable"
        assert error["extensions"]["retryable"] is True
        assert error["extensions"]["fix"]


async def test_the_gateway_recovers_by_itself_when_the_service_comes(gateway: Gateway, bus: Bus) -> None:
    assert (await gateway.ask("{ models { nodes { name } } }"))["data"] == {"models": None}
    await RegistryDouble().serve(bus)
    assert (await gateway.data("{ models { nodes { name } } }"))["models"]["nodes"] == [{"name": "delays"}]


async def test_without_nats_it_says_so_and_recovers(own_nats: Server, gateway: Gateway) -> None:
    own_nats.kill9()

    async def unready() -> bool:
        return (await gateway.client.get("/readyz")).status_code == 503

    await until(unready)
    answer = await gateway.ask("{ viewer { user } models { totalCount } }")
    assert answer["data"] == {"viewer": {"user": "anonymous"}, "models": None}
    assert answer["errors"][0]["extensions"]["retryable"] is True
    assert (await gateway.client.get("/healthz")).status_code == 200
    own_nats.restart()

    async def ready() -> bool:
        return (await gateway.client.get("/readyz")).status_code == 200

    await until(ready)


async def test_an_expected_error_says_what_is_wrong_and_what_to_do(gateway: Gateway, registry: RegistryDouble) -> None:
    registry.failure = Invalid("no such column", code="BAD_FILTER", field="filter", fix="Use metrics.auc.")
    answer = await gateway.ask('{ runs(filter: "nonsense") { nodes { name } } }')
    assert answer["data"] == {"runs": None}
    assert answer["errors"][0]["message"] == "no such column"
    assert answer["errors"][0]["extensions"] == {
        "code": "BAD_USER_INPUT",
        "reason": "BAD_FILTER",
        "kind": "invalid",
        "field": "filter",
        "fix": "Use metrics.auc.",
        "retryable": False,
    }


async def test_a_bug_shows_no_detail(
    gateway: Gateway, registry: RegistryDouble, capfd: pytest.CaptureFixture[str]
) -> None:
    registry.models["delays"] = type(registry.models["delays"])(
        name=None,  # type: ignore[arg-type]  # a registry that breaks its contract
        created_at=registry.models["delays"].created_at,
        updated_at=registry.models["delays"].updated_at,
    )
    response = await gateway.post('{ viewer { user } model(name: "delays") { name } }')
    assert response.status_code == 200
    assert response.json()["data"] == {"viewer": {"user": "anonymous"}, "model": None}
    error = response.json()["errors"][0]
    assert error["message"] == "an unexpected error happened; it has been logged"
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "Traceback" not in response.text
    assert "validat" not in response.text.lower()
    del capfd  # the log goes there, not into the test's output


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ("first: 0", "first"),
        ("first: 101", "first"),
        ("last: 0", "last"),
        ("last: 101", "last"),
        ("first: 2, last: 2", "last"),
    ],
)
async def test_a_page_size_out_of_range_is_refused_by_name(
    gateway: Gateway, registry: RegistryDouble, arguments: str, field: str
) -> None:
    answer = await gateway.ask(f"{{ models({arguments}) {{ nodes {{ name }} }} }}")
    assert answer["data"] == {"models": None}
    assert answer["errors"][0]["extensions"]["field"] == field
    assert not registry.asked


@pytest.mark.parametrize(
    "query",
    [
        '{ windows(model: "delays", version: "1", last: 1001) { rows } }',
        '{ windows(model: "delays", version: "1", resolutionSeconds: 0) { rows } }',
        '{ run(id: "r1") { metricHistory(metric: "auc", maxPoints: 1) { value } } }',
        '{ node(id: "not an id") { id } }',
        '{ node(id: "UnVuOmE6Yg") { id } }',
        '{ node(id: "Vmlld2VyOmE") { id } }',
    ],
)
async def test_an_argument_out_of_range_is_refused(gateway: Gateway, registry: RegistryDouble, query: str) -> None:
    if "UnVuOmE6Yg" in query:
        answer = await gateway.ask(query)  # a run whose id holds a colon: well formed, but there is none
        assert answer["data"] == {"node": None}
        assert "errors" not in answer
        return
    error = (await gateway.ask(query))["errors"][0]
    assert error["extensions"]["kind"] == "invalid"
    assert error["extensions"]["fix"]


async def test_a_moment_without_a_time_zone_is_refused(gateway: Gateway) -> None:
    answer = await gateway.ask(
        'query($s: DateTime) { windows(model: "m", version: "1", start: $s) { rows } }', {"s": "2013-07-01T00:00:00"}
    )
    assert "data" not in answer
    assert "time zone" in answer["errors"][0]["message"]
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_mutation_answers_with_what_it_changed(gateway: Gateway, registry: RegistryDouble) -> None:
    response = await gateway.post(
        SET_ALIAS,
        {"input": {"model": "delays", "alias": "champion", "version": "1"}},
        x_lifecycle_user="anna",
        idempotency_key="k1",
        x_request_id="c-77",
    )
    assert response.json()["data"] == {
        "setAlias": {"modelVersion": {"version": "1", "aliases": ["champion"]}, "errors": []}
    }
    request, context = registry.requests[-1], registry.contexts[-1]
    assert isinstance(request, SetAlias)
    assert request.idempotency_key == "k1"
    assert context.principal.user == "anna"
    assert context.correlation_id == "c-77"


async def test_a_mutation_that_is_refused_says_why_in_its_payload(gateway: Gateway, registry: RegistryDouble) -> None:
    data = await gateway.data(SET_ALIAS, {"input": {"model": "delays", "alias": "champion", "version": "9"}})
    assert data["setAlias"] == {
        "modelVersion": None,
        "errors": [
            {
                "code": "NOT_FOUND",
                "message": "there is no version 9",
                "field": "version",
                "fix": "Register it first.",
                "retryable": False,
            }
        ],
    }


async def test_a_mutation_says_when_it_may_be_tried_again(gateway: Gateway, registry: RegistryDouble) -> None:
    registry.failure = Limited("too many changes")
    data = await gateway.data(SET_ALIAS, {"input": {"model": "delays", "alias": "champion", "version": "1"}})
    assert data["setAlias"]["errors"][0]["retryable"] is True


async def test_an_operation_that_takes_too_long_is_ended(own_nats: Server, bus: Bus) -> None:
    silent = await bus.client.subscribe("requests.registry.>")  # takes requests and never answers
    await bus.client.flush()
    async with gateway_on(own_nats.url, operation_seconds=0.2, request_seconds=5.0) as gateway:
        response = await gateway.post("{ models { totalCount } }")
    await silent.unsubscribe()
    assert response.status_code == 503
    assert response.json()["errors"][0]["extensions"]["reason"] == "TIMEOUT"
    assert response.headers["retry-after"] == "1"


async def test_monitor_figures_survive_a_missing_registry(gateway: Gateway, monitor: MonitorDouble) -> None:
    answer = await gateway.ask("{ models { totalCount } monitored { model rows } }")
    assert answer["data"] == {"models": None, "monitored": [{"model": "delays", "rows": 2**33}]}
