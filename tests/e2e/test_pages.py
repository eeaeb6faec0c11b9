"""Every page, in both themes, on a phone and on a desk: it shows its facts and nothing unclean happens."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import DashboardProcess, OpenPage
from tests.e2e.double import recorded
from tests.e2e.double.gateway import GatewayDouble

PAGES = {
    "overview": ("/", "Overview", "4 features of flight-delay v3 drifted"),
    "models": ("/models", "Models", "taxi-out-minutes"),
    "model": ("/models/flight-delay", "flight-delay", "learning_rate"),
    "monitoring-list": ("/monitoring", "Monitoring", "flight-delay v3"),
    "monitoring": ("/monitoring/flight-delay/3", "flight-delay", "Drift of every feature"),
    "runs": ("/runs", "Runs", "wise-lynx-1"),
    "run": ("/runs/{run}", "quick-lynx-2", "learning_rate"),
}


@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_its_facts_cleanly(
    name: str,
    dark: bool,
    width: int,
    settled_gateway: GatewayDouble,
    settled_dashboard: DashboardProcess,
    open_page: OpenPage,
    tmp_path: Path,
) -> None:
    path, title, fact = PAGES[name]
    page = open_page(
        settled_dashboard.url + path.replace("{run}", settled_gateway.runs[2]["runId"]), width=width, dark=dark
    )
    expect(page.locator("h1")).to_contain_text(title)
    expect(page.get_by_text(fact).first).to_be_visible()
    expect(page.locator("#live-badge")).to_have_text("Live")
    assert page.title().endswith("· Lifecycle")
    page.wait_for_load_state("networkidle")
    picture = page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
    assert len(picture) > 10_000
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"


def test_a_deep_link_as_the_very_first_request_brings_assets(dashboard: DashboardProcess, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard.url}/models/{recorded.MODEL}")
    expect(page.locator("h1")).to_contain_text(recorded.MODEL)
    assert page.locator("script[src*='assets/live.js']").count() == 1


def test_an_unknown_page_and_an_unknown_model_say_so(settled_dashboard: DashboardProcess, open_page: OpenPage) -> None:
    page = open_page(f"{settled_dashboard.url}/nowhere")
    expect(page.get_by_text("This page doesn't exist")).to_be_visible()
    page.get_by_text("Go to the overview").click()
    expect(page.locator("h1")).to_have_text("Overview")
    page.goto(f"{settled_dashboard.url}/models/nobody")
    expect(page.get_by_text("There is no registered model called nobody.")).to_be_visible()


def test_an_empty_product_says_what_to_do_next(
    gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    gateway.clear()
    page = open_page(dashboard.url)
    expect(page.get_by_text("No models registered yet")).to_be_visible()
    expect(page.get_by_text("mlflow.register_model")).to_be_visible()
    expect(page.get_by_text("Nothing is being watched yet")).to_be_visible()
    expect(page.get_by_text("Nothing has happened yet")).to_be_visible()
    page.goto(f"{dashboard.url}/monitoring")
    expect(page.get_by_text("No version is being watched yet")).to_be_visible()
    page.goto(f"{dashboard.url}/runs")
    expect(page.get_by_text("0 runs")).to_be_visible()


def test_markup_in_every_text_stays_text(
    gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    bad = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    gateway.models[0]["description"] = bad
    gateway.models[0]["tags"] = [{"key": bad, "value": bad}]
    gateway.runs[2]["name"] = bad
    gateway.runs[2]["params"] = [{"key": bad, "value": bad}]
    gateway.emit("registry.run.updated", gateway.runs[2]["runId"], bad, actor=bad)
    for path in ("/", "/models/flight-delay", f"/runs/{gateway.runs[2]['runId']}", "/runs"):
        page = open_page(dashboard.url + path)
        expect(page.get_by_text("<img src=x onerror=alert(1)>").first).to_be_visible()
        assert page.locator("img[src=x]").count() == 0


def test_a_million_characters_dont_break_a_page(
    gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    gateway.models[0]["name"] = "m" * 1_000_000
    gateway.runs[0]["name"] = "r" * 1_000_000
    page = open_page(f"{dashboard.url}/models", width=390)
    expect(page.get_by_text("mmmmmmm").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_gateway_that_is_down_shows_words_and_a_retry(
    gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    gateway.stop()
    page = open_page(f"{dashboard.url}/models/{recorded.MODEL}")
    expect(page.get_by_text("This can't be loaded right now")).to_be_visible()
    expect(page.locator("#live-badge")).to_have_text("Reconnecting")
    gateway.start()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("h1")).to_contain_text(recorded.MODEL)
    expect(page.locator("#live-badge")).to_have_text("Live", timeout=30_000)


def test_the_menu_opens_on_a_phone_and_closes_after_a_choice(
    settled_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(settled_dashboard.url, width=390)
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Runs", exact=True).click()
    expect(page.locator("h1")).to_have_text("Runs")
    expect(page.get_by_role("link", name="Models", exact=True)).not_to_be_in_viewport()


def test_the_theme_toggle_is_remembered_and_charts_follow(
    settled_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{settled_dashboard.url}/monitoring/{recorded.MODEL}/3")
    tick = page.locator(".js-plotly-plot .xtick text").first
    expect(tick).to_be_visible()
    colour = "element => getComputedStyle(element).fill"
    before = tick.evaluate(colour)
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    assert tick.evaluate(colour) != before
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
