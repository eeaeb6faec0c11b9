"""What the makers of the specifications check: all audits of graphql-http, the reference client of graphql-ws."""

from __future__ import annotations

from services.contracts.registry import RunStarted
from services.runtime.bus import Bus
from tests.contract.gateway.conftest import RunNode
from tests.integration.gateway.doubles import NOON, emit
from tests.integration.gateway.harness import Gateway

AUDITS = 61


async def test_every_audit_of_graphql_over_http_passes(gateway: Gateway, node: RunNode) -> None:
    results = await node("http_audit.mjs", f"{gateway.url}/graphql")
    failed = [f"{audit['id']} {audit['name']}: {audit['reason']}" for audit in results if audit["status"] != "ok"]
    assert failed == []
    assert len(results) == AUDITS


async def test_the_reference_client_of_graphql_transport_ws_is_served(
    gateway: Gateway, bus: Bus, node: RunNode
) -> None:
    places = [
        await emit(bus, RunStarted(run_id=f"r{i}", experiment_id="1", run_name="r", user="anna", start_time=NOON))
        for i in range(4)
    ]
    seen = await node("ws_client.mjs", gateway.socket_url, places[0])
    assert [result["data"] for result in seen["viewer"]["results"]] == [{"viewer": {"user": "node"}}]
    assert seen["viewer"]["error"] is None
    for refused in ("invalid", "syntax"):
        assert seen[refused]["results"] == []
        assert seen[refused]["error"][0]["extensions"]["kind"] == "invalid"
    followed = [result["data"]["events"]["event"]["aggregateId"] for result in seen["followed"]["results"]]
    assert followed == ["r1", "r2", "r3"]
    assert seen["followed"]["error"] is None
