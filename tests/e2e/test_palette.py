"""The command palette and the keys: everything by keyboard, with roles that are spoken, clean for axe-core."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import DashboardProcess, OpenPage
from tests.e2e.test_pages import axe, objections

__all__ = ["axe"]


def opened(page: Page, key: str = "Control+k") -> None:
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("#palette-list")).to_be_attached()
    page.keyboard.press(key)
    expect(page.get_by_role("combobox", name="Go to")).to_be_focused()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_few_letters_and_enter_open_a_model_without_a_reload(
    dark: bool, axe: str, settled_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(settled_dashboard.url, dark=dark)
    page.evaluate("window.untouched = true")
    opened(page)
    page.keyboard.type("taxi")
    expect(page.get_by_role("option").first).to_contain_text("taxi-out-minutes")
    field = page.get_by_role("combobox", name="Go to")
    expect(field).to_have_attribute("aria-activedescendant", "palette-option-0")
    page.keyboard.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "palette-option-1")
    expect(page.get_by_role("option", selected=True)).to_contain_text("v2")
    assert objections(page, axe) == []
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("taxi-out-minutes")
    expect(page.get_by_role("combobox", name="Go to")).to_be_hidden()
    assert page.evaluate("window.untouched")


def test_lines_that_come_anew_keep_what_was_chosen(settled_dashboard: DashboardProcess, open_page: OpenPage) -> None:
    page = open_page(settled_dashboard.url)
    opened(page)
    page.keyboard.type("taxi")
    field = page.get_by_role("combobox", name="Go to")
    expect(page.get_by_role("option", selected=True)).to_have_text(re.compile("^taxi-out-minutes"))
    expect(field).to_have_attribute("aria-activedescendant", "palette-option-0")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", selected=True)).to_contain_text("v2")
    page.evaluate("() => window.dash_clientside.set_props('palette-results', {children: null})")
    expect(page.get_by_role("option")).to_have_count(0)
    page.evaluate("() => window.dash_clientside.set_props('palette-words', {n_submit: Date.now()})")
    expect(page.get_by_role("option", selected=True)).to_contain_text("v2")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("taxi-out-minutes")


def test_versions_runs_and_settings_are_found_and_nothing_says_so(
    settled_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{settled_dashboard.url}/models", width=390)
    expect(page.locator("h1")).to_be_visible()
    page.get_by_role("button", name="Go to").click()
    for typed, found in (
        ("flight-delay v2", "flight-delay v2"),
        ("wise-lynx-1", "wise-lynx-1"),
        ("dead", "Settings: Dead letters"),
        ("<b>nobody", "Nothing is called like that."),
    ):
        page.get_by_role("combobox", name="Go to").fill(typed)
        expect(page.locator("#palette-results")).to_contain_text(found)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Go to")).to_be_focused()


def test_keys_open_areas_and_their_help_and_can_be_switched_off(
    axe: str, settled_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{settled_dashboard.url}/models")
    expect(page.locator("h1")).to_have_text("Models")
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.locator("h1")).to_have_text("Runs")
    page.get_by_role("textbox", name="Filter runs").press("g")
    page.get_by_role("textbox", name="Filter runs").press("m")
    expect(page.locator("h1")).to_have_text("Runs")
    page.get_by_role("textbox", name="Filter runs").fill("")
    page.locator("#page").focus()
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys.get_by_role("button", name="Close")).to_be_focused()
    assert objections(page, axe) == []
    keys.get_by_role("button", name="Switch them off").click()
    page.keyboard.press("/")
    expect(page.locator("#palette")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    expect(page).to_have_url(re.compile("/runs"))
