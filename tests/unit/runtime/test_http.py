"""Every HTTP answer says who, what and how to mend it; health answers from the first moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.contracts.errors import Invalid, Unavailable
from services.contracts.identity import TokenView
from services.runtime.auth import Authenticator
from services.runtime.health import Health
from services.runtime.http import context_of, http_app, straight
from services.runtime.run import background, running
from services.runtime.settings import ProcessSettings


async def nobody(_: str) -> TokenView | None:
    return None


def app() -> ASGIApp:
    http = http_app("test", Authenticator("open", "", nobody), max_body_bytes=1000)

    @http.get("/who")
    async def who(request: Request) -> dict[str, str]:
        context = context_of(request)
        return {"user": context.principal.user, "correlation": context.correlation_id, "remote": context.remote}

    @http.post("/echo")
    async def echo(request: Request) -> int:
        return len(await request.body())

    @http.get("/fail/{how}")
    async def fail(how: str) -> None:
        if how == "invalid":
            raise Invalid("not that", field="how", fix="Say something else.")
        if how == "away":
            raise Unavailable("not now")
        raise ZeroDivisionError("secret detail")

    async def short(scope: Scope, receive: Receive, send: Send) -> None:
        context = context_of(Request(scope))
        if scope["path"] == "/short/fail":
            raise ZeroDivisionError("secret detail")
        body = await Request(scope, receive).body()
        await Response(f"{context.principal.user} {context.correlation_id} {len(body)}")(scope, receive, send)

    straight(("/short/",), short, http)
    return http


@asynccontextmanager
async def build(_: ProcessSettings, health: Health) -> AsyncIterator[ASGIApp]:
    yield app()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with running(ProcessSettings(), build) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


async def test_a_request_carries_principal_and_correlation_id(client: httpx.AsyncClient) -> None:
    answer = await client.get("/who", headers={"x-lifecycle-user": "anna", "x-request-id": "chain-7"})
    assert answer.json() == {"user": "anna", "correlation": "chain-7", "remote": "127.0.0.1"}
    assert answer.headers["x-request-id"] == "chain-7"


async def test_an_expected_error_names_field_and_fix(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fail/invalid")
    assert answer.status_code == 400
    assert answer.json()["error"] == {
        "kind": "invalid", "code": "INVALID", "message": "not that", "field": "how", "fix": "Say something else.",
        "retryable": False,
    }  # fmt: skip


async def test_what_is_away_says_when_to_try_again(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fail/away")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_a_bug_shows_no_detail(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fail/bug")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.json()["error"]["code"] == "INTERNAL"


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("DELETE", "/who", 405)])
async def test_a_wrong_address_is_a_typed_error(client: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    answer = await client.request(method, path)
    assert answer.status_code == status
    assert answer.json()["error"]["code"]


async def test_a_body_over_the_limit_is_refused_stated_or_streamed(client: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    assert (await client.post("/echo", content=b"x" * 1000)).json() == 1000
    assert (await client.post("/echo", content=b"x" * 1001)).status_code == 413
    assert (await client.post("/echo", content=chunks())).status_code == 413


async def test_metrics_name_the_route_not_the_path(client: httpx.AsyncClient) -> None:
    await client.get("/fail/invalid")
    await client.get("/secret-path")
    text = (await client.get("/metrics")).text
    assert 'route="/fail/{how}"' in text
    assert "secret-path" not in text


async def test_health_answers_while_the_process_still_builds() -> None:
    go_on = asyncio.Event()
    listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @asynccontextmanager
    async def slow(settings: ProcessSettings, health: Health) -> AsyncIterator[ASGIApp]:
        health.watch("database", lambda: None if go_on.is_set() else "not there yet")
        await go_on.wait()
        yield app()

    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    async def live() -> None:
        async with running(ProcessSettings(port=port), slow) as url:
            listening.set_result(url)

    living = asyncio.create_task(live())
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        answer = None
        for _ in range(200):
            try:
                answer = await client.get("/readyz")
                break
            except httpx.ConnectError:
                await asyncio.sleep(0.01)
        assert answer is not None
        assert answer.status_code == 503
        assert answer.json()["reasons"] == {"process": "starting", "database": "not there yet"}
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/who")).status_code == 503
        go_on.set()
        await asyncio.wait_for(living, 10)


async def test_a_background_task_that_ends_makes_the_process_unready() -> None:
    health = Health()
    health.started()

    async def fails() -> None:
        raise RuntimeError("gone")

    async with background(health, follower=fails):
        for _ in range(100):
            if health.reasons():
                break
            await asyncio.sleep(0.01)
    assert health.reasons() == {"follower": "ended: gone"}


async def test_an_app_reached_straight_has_the_same_edge(client: httpx.AsyncClient) -> None:
    answer = await client.post("/short/way", content=b"xyz", headers={"x-request-id": "mine"})
    assert answer.text.endswith(" mine 3")
    assert answer.headers["x-request-id"] == "mine"
    assert (await client.post("/short/way", content=b"x" * 1001)).status_code == 413
    failed = await client.get("/short/fail")
    assert (failed.status_code, "secret" in failed.text) == (500, False)


async def test_who_may_not_come_hears_it_in_the_services_own_words() -> None:
    async with (
        running(ProcessSettings(), build, lambda error: error.code.encode()) as url,
        httpx.AsyncClient() as client,
    ):
        answer = await client.get(f"{url}/who", headers={"host": "rebound.example"})
    assert (answer.status_code, answer.text) == (403, "FOREIGN_HOST")
