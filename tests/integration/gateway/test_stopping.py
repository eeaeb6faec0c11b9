"""A gateway that is told to stop lets its subscribers go soon, in a way that makes them come again."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import httpx

from tests.integration.gateway.harness import gateway_on
from tests.support.servers import Server

QUERY = "subscription { events { cursor } }"
PROMPT_SECONDS = 6.0


async def test_open_subscriptions_do_not_hold_it_up(own_nats: Server) -> None:
    clock = asyncio.get_running_loop().time
    async with AsyncExitStack() as running, httpx.AsyncClient(timeout=30) as client:
        gateway = await running.enter_async_context(gateway_on(own_nats.url))
        async with (
            gateway.socket() as socket,
            client.stream(
                "POST", f"{gateway.url}/graphql", json={"query": QUERY}, headers={"accept": "text/event-stream"}
            ) as response,
        ):
            await socket.subscribe("1", QUERY)
            chunks = response.aiter_text()
            assert await anext(chunks) == ":\n\n"
            started = clock()
            await running.aclose()
            assert clock() - started < PROMPT_SECONDS
            assert (await socket.closed())[0] == 1012
            assert "complete" not in "".join([chunk async for chunk in chunks])
