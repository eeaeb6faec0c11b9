"""The runs grid: rows by scrolling, filters in the address, refusals in words."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.conftest import WITHIN, DashboardProcess, Guard, OpenPage
from tests.e2e.double.gateway import GatewayDouble
from tests.support.waiting import wait_until


def test_a_filter_stands_in_the_address_and_narrows_the_rows(
    settled_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{settled_dashboard.url}/runs")
    expect(page.locator("#runs-count")).to_have_text("240 runs")
    page.get_by_role("textbox", name="Filter runs").fill("attributes.user_id = 'bela'")
    expect(page.locator("#runs-count")).to_have_text("80 runs")
    expect(page).to_have_url(re.compile("filter="))
    page.reload()
    expect(page.locator("#runs-count")).to_have_text("80 runs")
    expect(page.get_by_role("textbox", name="Filter runs")).to_have_value("attributes.user_id = 'bela'")


def test_a_filter_that_isnt_understood_says_why_and_keeps_the_rows(
    settled_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{settled_dashboard.url}/runs")
    expect(page.locator("#runs-count")).to_have_text("240 runs")
    page.get_by_role("textbox", name="Filter runs").fill("nonsense")
    expect(page.get_by_text("the filter isn't understood")).to_be_visible()
    expect(page).not_to_have_url(re.compile("filter="))
    expect(page.locator("#runs-count")).to_have_text("240 runs")


def test_rows_below_are_fetched_as_they_scroll_into_view(
    settled_gateway: GatewayDouble, settled_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{settled_dashboard.url}/runs")
    expect(page.get_by_text("wise-lynx-1", exact=True)).to_be_visible()
    viewport = page.locator(".ag-body-viewport")
    last = page.get_by_text(settled_gateway.runs[-1]["name"], exact=True)

    def scrolled_to_the_last() -> bool:
        viewport.evaluate("element => element.scrollBy(0, 1000)")
        return last.is_visible()

    wait_until(scrolled_to_the_last, within=WITHIN, what="the last run is in the grid")


def test_a_run_opens_from_the_grid_without_a_reload(
    settled_dashboard: DashboardProcess, open_page: OpenPage, guards: list[Guard]
) -> None:
    page = open_page(f"{settled_dashboard.url}/runs")
    page.evaluate("window.untouched = true")
    page.get_by_role("link", name="wise-lynx-1", exact=True).click()
    expect(page.locator("h1")).to_have_text("wise-lynx-1")
    assert page.evaluate("window.untouched")
    page.go_back()
    expect(page.locator("#runs-count")).to_have_text("240 runs")
    assert guards
