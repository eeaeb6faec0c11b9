"""Two workers below a path prefix, each request to another of them: everything still fits together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import DashboardProcess, OpenPage
from tests.e2e.double import recorded
from tests.e2e.double.gateway import GatewayDouble
from tests.e2e.double.proxy import Proxy

pytestmark = [  # the proxy lives in this process, and breaks connections off
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def proxy(gateway: GatewayDouble, tmp_path: Path) -> Iterator[Proxy]:
    workers = [
        DashboardProcess(gateway.url, tmp_path / f"worker-{number}.log", DASHBOARD_PREFIX="/ml/") for number in (1, 2)
    ]
    for worker in workers:
        worker.start()
    before = Proxy("/ml/", [worker.port for worker in workers])
    before.start()
    yield before
    before.stop()
    for worker in workers:
        worker.kill()
        assert "a callback failed" not in worker.log, worker.log[-4000:]


def test_pages_charts_events_and_actions_work_below_a_prefix_with_two_workers(
    gateway: GatewayDouble, proxy: Proxy, open_page: OpenPage
) -> None:
    page = open_page(f"{proxy.url}/ml/runs")
    expect(page.locator("#runs-count")).to_have_text("240 runs")
    expect(page.locator("#live-badge")).to_have_text("Live")
    page.locator(".nav-link", has_text="Monitoring").click()
    page.locator("#page").get_by_role("link", name=re.compile("flight-delay v3")).first.click()
    expect(page).to_have_url(f"{proxy.url}/ml/monitoring/{recorded.MODEL}/{recorded.VERSION}")
    page.locator(".js-plotly-plot .bglayer").first.wait_for(state="attached")
    page.locator(".nav-link", has_text="Overview").click()
    expect(page.locator("#feed li").first).to_be_visible()
    gateway.emit("registry.registered_model.created", "below-a-prefix", "registered the model below-a-prefix")
    expect(page.locator("#feed")).to_contain_text("below-a-prefix")
    page.goto(f"{proxy.url}/ml/experiments")
    page.get_by_role("row", name=re.compile("weather ablation")).get_by_role("button", name="Delete…").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("row", name=re.compile("weather ablation"))).to_have_count(0)
    assert min(proxy.asked.values()) > 5
