"""What is done early: pages drawn while scripts load, and how scripts are served."""

import asyncio
import gzip

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from dashboard.app import pages_app
from dashboard.early import MOST_KEPT, Early
from dashboard.gateway.client import GatewayClient
from dashboard.links import Links
from dashboard.live.hub import Hub
from dashboard.scripts import PLOTLY
from dashboard.serving import Compressed
from dashboard.settings import DashboardSettings
from dashboard.site import Site

ADDRESS = ("/runs/1", "", "token")


async def drawing(page: str) -> str:
    await asyncio.sleep(0)
    return page


async def failing() -> str:
    raise ValueError("no such page")


async def test_a_page_that_was_begun_is_taken_once() -> None:
    early: Early[str] = Early()
    early.begin("load-1", ADDRESS, drawing("the run"))
    begun = early.take("load-1", ADDRESS)
    assert begun is not None
    assert await begun == "the run"
    assert early.take("load-1", ADDRESS) is None


async def test_nobody_gets_what_was_begun_for_another_address_or_token() -> None:
    early: Early[str] = Early()
    early.begin("load-1", ADDRESS, drawing("the run"))
    assert early.take("load-1", ("/runs/1", "", "another token")) is None
    assert early.take("load-1", ADDRESS) is None, "it is gone"
    assert early.take("load-2", ADDRESS) is None


async def test_an_error_is_raised_for_whoever_comes_and_for_nobody_else() -> None:
    early: Early[str] = Early()
    early.begin("load-1", ADDRESS, failing())
    early.begin("load-2", ADDRESS, failing())
    await asyncio.sleep(0.01)
    begun = early.take("load-1", ADDRESS)
    assert begun is not None
    assert isinstance(begun.exception(), ValueError)


async def test_browsers_that_never_ask_leave_nothing_behind() -> None:
    early: Early[str] = Early()
    never = asyncio.Event()

    async def waiting() -> str:
        await never.wait()
        return ""

    for number in range(MOST_KEPT + 8):
        early.begin(f"load-{number}", ADDRESS, waiting())
    await asyncio.sleep(0)
    mine = asyncio.current_task()
    still = [task for task in asyncio.all_tasks() if task is not mine]
    assert len(still) == MOST_KEPT
    for task in still:
        task.cancel()
    await asyncio.gather(*still, return_exceptions=True)


async def test_scripts_of_all_pages_are_compressed_before_anybody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = DashboardSettings(path_prefix="/ops/ml/")
    async with GatewayClient.open(settings.gateway_url) as gateway:
        site = Site(gateway, Links(settings.path_prefix))
        app, prepare = pages_app(settings, site, Hub(site, settings.gateway_url, "", open_mode=True))
        await prepare()

        def never(body: bytes, *_: object, **__: object) -> bytes:
            raise AssertionError(f"{len(body)} bytes are compressed anew")

        monkeypatch.setattr(gzip, "compress", never)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as http:
            for part in (PLOTLY, "vendor/regenerator-runtime-0.14.1.min.js"):
                answer = await http.get(f"/assets/{part}")
                assert (answer.status_code, answer.headers["content-encoding"]) == (200, "gzip")


async def test_a_lasting_script_is_made_and_compressed_once_and_says_that_all_of_it_runs() -> None:
    script, asked = b"function drawn() { return 1; }\n" * 100, []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope["path"])
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/javascript")]},
        )
        await send({"type": "http.response.body", "body": script})

    transport = httpx.ASGITransport(Compressed(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as http:
        vendor = "/assets/vendor/plotly-cartesian-4.1.1.min.js"
        answers = [await http.get(vendor) for _ in range(2)]
        assert [answer.content for answer in answers] == [b"//# allFunctionsCalledOnLoad\n" + script] * 2
        assert {answer.headers["cache-control"] for answer in answers} == {"public, max-age=31536000, immutable"}
        assert asked == [vendor], "the second answer was kept"
        plain = await http.get(vendor, headers={"accept-encoding": "identity"})
        assert plain.content == script
        changing = [await http.get("/_dash-component-suites/dash/dcc/async-graph.js") for _ in range(2)]
        assert [answer.content for answer in changing] == [script] * 2
        assert len(asked) == 4, "a name without a version isn't kept"
