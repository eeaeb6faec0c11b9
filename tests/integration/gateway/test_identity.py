"""Who asks: resolved at every entry, passed on with every request, and gone soon after a token is revoked."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from services.contracts.identity import Role, TokenView
from services.runtime.auth import digest_of
from tests.integration.gateway.doubles import NOON, RegistryDouble
from tests.integration.gateway.harness import Gateway, gateway_on
from tests.support.servers import Server

SECRET = "s" * 32
VIEWER = "{ viewer { user role authenticated } }"
SET_ALIAS = """mutation { setAlias(input: {model: "delays", alias: "champion", version: "1"}) { errors { code } } }"""
TOKEN = "lct_anna"


@pytest.fixture
async def guarded(own_nats: Server, registry: RegistryDouble) -> AsyncIterator[Gateway]:
    """A gateway that asks for tokens; Anna is a viewer."""
    registry.tokens[digest_of(TOKEN, SECRET)] = TokenView(id="t1", user="anna", role=Role.VIEWER, created_at=NOON)
    async with gateway_on(own_nats.url, auth="token", auth_secret=SECRET) as gateway:
        yield gateway


async def test_without_a_token_nothing_is_answered(guarded: Gateway) -> None:
    response = await guarded.post(VIEWER)
    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert "data" not in response.json()


@pytest.mark.parametrize(
    "header", [f"Bearer {TOKEN}", "Basic " + base64.b64encode(f"anybody:{TOKEN}".encode()).decode()]
)
async def test_a_token_says_who_asks(guarded: Gateway, registry: RegistryDouble, header: str) -> None:
    response = await guarded.post(VIEWER, authorization=header)
    assert response.json()["data"] == {"viewer": {"user": "anna", "role": "viewer", "authenticated": True}}
    await guarded.post("{ models { totalCount } }", authorization=header)
    assert registry.contexts[-1].principal.user == "anna"
    assert registry.contexts[-1].principal.token_id == "t1"


async def test_the_owner_of_a_thing_refuses_what_the_role_may_not(guarded: Gateway) -> None:
    response = await guarded.post(SET_ALIAS, authorization=f"Bearer {TOKEN}")
    assert response.json()["data"]["setAlias"]["errors"] == [{"code": "FORBIDDEN"}]


@pytest.mark.parametrize("init", [{}, {"authorization": "Bearer lct_wrong"}, {"authorization": 7}])
async def test_a_socket_without_a_good_token_is_closed(guarded: Gateway, init: dict[str, Any]) -> None:
    async with guarded.socket(greet=False) as socket:
        await socket.send(type="connection_init", payload=init)
        assert (await socket.closed())[0] == 4403


async def test_a_socket_is_let_in_by_its_init_payload_or_its_header(guarded: Gateway) -> None:
    async with guarded.socket({"Authorization": f"Bearer {TOKEN}"}) as socket:
        await socket.subscribe("1", VIEWER)
        assert (await socket.next())["payload"]["data"]["viewer"]["user"] == "anna"
    async with guarded.socket(additional_headers={"Authorization": f"Bearer {TOKEN}"}) as socket:
        await socket.subscribe("1", VIEWER)
        assert (await socket.next())["payload"]["data"]["viewer"]["user"] == "anna"


async def test_a_revoked_token_ends_the_socket_within_seconds(
    own_nats: Server, guarded: Gateway, registry: RegistryDouble
) -> None:
    async with guarded.socket({"authorization": f"Bearer {TOKEN}"}) as socket:
        await socket.subscribe("1", "subscription { events { cursor } }")
        (digest, view), *_ = registry.tokens.items()
        registry.tokens[digest] = msgspec.structs.replace(view, revoked_at=datetime.now(UTC))
        assert (await socket.closed(within=10))[0] == 4403


async def test_a_revoked_token_ends_a_stream_of_events_within_seconds(
    guarded: Gateway, registry: RegistryDouble
) -> None:
    async with guarded.client.stream(
        "POST",
        "/graphql",
        json={"query": "subscription { events { cursor } }"},
        headers={"accept": "text/event-stream", "authorization": f"Bearer {TOKEN}"},
    ) as response:
        (digest, view), *_ = registry.tokens.items()
        registry.tokens[digest] = msgspec.structs.replace(view, revoked_at=datetime.now(UTC))
        text = "".join([chunk async for chunk in response.aiter_text()])
    assert '"code":"UNAUTHENTICATED"' in text
    assert text.endswith("event: complete\ndata:\n\n")


async def test_on_loopback_without_authentication_a_client_may_name_its_user(
    gateway: Gateway, registry: RegistryDouble
) -> None:
    response = await gateway.post(VIEWER, x_lifecycle_user="ben")
    assert response.json()["data"]["viewer"] == {"user": "ben", "role": "admin", "authenticated": False}
    async with gateway.socket({"x-lifecycle-user": "cleo"}) as socket:
        await socket.subscribe("1", "{ models { totalCount } }")
        await socket.next()
    assert registry.contexts[-1].principal.user == "cleo"


async def test_when_tokens_cannot_be_looked_up_the_client_may_try_again(own_nats: Server) -> None:
    async with gateway_on(own_nats.url, auth="token", auth_secret=SECRET) as gateway:
        response = await gateway.post(VIEWER, authorization="Bearer lct_x")
        assert response.status_code == 503
        assert response.json()["errors"][0]["extensions"]["retryable"] is True
        async with gateway.socket(greet=False) as socket:
            await socket.send(type="connection_init", payload={"authorization": "Bearer lct_x"})
            assert (await socket.closed())[0] == 1013
