"""GraphiQL in a real browser: everything from here, queries and subscriptions working."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from playwright.async_api import Page, async_playwright

from services.contracts.registry import RunStarted
from services.gateway.graphiql import pages
from services.runtime.bus import Bus
from tests.integration.gateway.doubles import NOON, RegistryDouble, emit
from tests.integration.gateway.harness import Gateway

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
VENDOR = Path(pages.__file__).parent / "vendor"


class Visit:
    """A page with what it complained about and whom it talked to."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))


@pytest.fixture
async def visit(tmp_path: Path) -> AsyncIterator[Visit]:
    if CHROMIUM is None:
        pytest.skip("no Chromium: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"], env={"HOME": str(tmp_path)}
        )
        try:
            yield Visit(await browser.new_page())
        finally:
            await browser.close()


async def test_a_browser_gets_graphiql_and_can_ask_and_watch(
    gateway: Gateway, registry: RegistryDouble, bus: Bus, visit: Visit
) -> None:
    page = visit.page
    await page.goto(f"{gateway.url}/graphql")
    assert page.url == f"{gateway.url}/graphiql"
    await page.get_by_role("button", name="Execute query").click()
    await page.get_by_label("Result Window").get_by_text('"delays"').wait_for()

    first = await emit(bus, RunStarted(run_id="r0", experiment_id="1", run_name="a", user="anna", start_time=NOON))
    await emit(bus, RunStarted(run_id="r1", experiment_id="1", run_name="b", user="anna", start_time=NOON))
    watched = f'subscription {{ events(after: "{first}") {{ event {{ aggregateId }} }} }}'
    await page.evaluate("query => window.localStorage.setItem('graphiql:query', query)", watched)
    await page.evaluate("window.localStorage.removeItem('graphiql:tabState')")
    await page.goto(f"{gateway.url}/graphiql?{quote('again')}")
    await page.get_by_role("button", name="Execute query").click()
    await page.get_by_label("Result Window").get_by_text('"r1"').wait_for()

    assert {host for host in visit.hosts if host} == {urlsplit(gateway.url).netloc}
    assert visit.complaints == []


async def test_the_files_of_others_are_those_that_are_listed() -> None:
    listed = (VENDOR / "README.md").read_text()
    files = [file for file in VENDOR.iterdir() if file.suffix in (".js", ".css")]
    assert len(files) == 5
    for file in files:
        assert f"`{hashlib.sha256(file.read_bytes()).hexdigest()}`" in listed


async def test_only_our_own_scripts_may_run_on_the_page(gateway: Gateway) -> None:
    page = await gateway.client.get("/graphiql")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "http://" not in page.text
    assert "https://" not in page.text
    missing = await gateway.client.get("/graphiql/..%2fpages.py")
    assert missing.status_code == 404
