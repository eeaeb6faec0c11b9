"""Every page and every live section, rendered over the committed schema without a browser."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from graphql import graphql_sync

from dashboard.app import PAGES
from dashboard.gateway.answers import decode
from dashboard.gateway.client import GatewayClient
from dashboard.gateway.operations import Operation
from dashboard.links import Links, parse
from dashboard.live import names
from dashboard.live.frames import children_text
from dashboard.live.sections import sectioned
from dashboard.pages.page import find
from dashboard.site import Site
from tests.e2e.double.crowd import crowd
from tests.e2e.double.gateway import GatewayDouble
from tests.e2e.test_pages import PAGES as ADDRESSES
from tests.e2e.test_pages import address

DOUBLE = GatewayDouble()
TOPICS = (
    names.OVERVIEW,
    names.MODELS,
    names.MONITORING,
    names.PROJECTS,
    names.REVIEWS,
    names.ALERTS,
    names.project("p-flights"),
    names.run(str(DOUBLE.runs[2]["runId"])),
    names.review("flight-delay", "4"),
    names.version("flight-delay", "4"),
    names.alert("al1"),
    names.model("flight-delay"),
    names.monitor("flight-delay", "3"),
)


class Answers(GatewayClient):
    """The gateway's part in it, without a wire."""

    def __init__(self, double: GatewayDouble = DOUBLE) -> None:
        super().__init__(httpx.AsyncClient(), "")
        self._double, self._root = double, double._root()

    async def _answer(self, operation: Operation[Any], token: str, variables: dict[str, Any]) -> Any:
        schema = self._double._schema
        result = graphql_sync(schema, operation.text, root_value=self._root, variable_values=variables)
        return decode(operation, json.dumps(result.formatted).encode())


@pytest.fixture(scope="module")
def site() -> Site:
    return Site(Answers(), Links("/ml/"))


BOUND = 900  # components that are put in place at once: their cost grows with their square, 1,700 take some seconds
LISTING = (
    "overview", "projects", "board-stage", "experiments", "run", "compare", "datasets", "dataset", "models", "model",
    "version", "lineage", "reviews", "review", "alerts", "silences", "alert", "insights", "insight", "events", "audit",
    "settings-webhooks", "settings-letters", "settings-tokens",
)  # fmt: skip
CROWDED = GatewayDouble()
crowd(CROWDED)


@pytest.mark.parametrize("name", ADDRESSES)
async def test_a_page_renders_without_a_failed_part_and_stays_small_however_much_there_is(name: str) -> None:
    double = CROWDED if name in LISTING else DOUBLE
    path, _, _ = ADDRESSES[name]
    pathname, _, search = address(path, double).partition("?")
    found = find(PAGES, pathname.strip("/"))
    assert found is not None
    page, parts = found
    site = Site(Answers(double), Links("/ml/"))
    content = await page.render(site, site.visit(parts, parse(search), ""))
    assert "state-failed" not in children_text(content)
    assert sum(1 for _ in content._traverse()) <= BOUND
    for topic in page.topics(parts):
        assert topic == names.FEED or sectioned(topic) is not None


@pytest.mark.parametrize("topic", TOPICS)
async def test_a_live_topics_sections_render(topic: str, site: Site) -> None:
    what = sectioned(topic)
    assert what is not None
    visit = site.visit(what.parts, {}, "")
    for part in await asyncio.gather(*(section(site, visit) for section in what.sections.values())):
        children_text(part)
