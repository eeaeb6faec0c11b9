"""axe-core finds nothing to object to (WCAG 2.2 AA), on every page, in both themes, on a phone as well."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import DashboardProcess, OpenPage
from tests.e2e.double.gateway import GatewayDouble
from tests.e2e.test_pages import PAGES

TOOLS = Path(__file__).parent / "axe"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


LOOK = """tags => axe.run(document, {runOnly: tags}).then(result => result.violations.map(violation =>
    violation.id + ': ' + violation.help + violation.nodes.slice(0, 3).map(node => '\\n    ' + node.html.slice(0, 200)
        + '\\n        ' + ([...node.any, ...node.all, ...node.none][0] || {}).message).join('')))"""


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's source, of the version that the lock file pins."""
    source = TOOLS / "node_modules" / "axe-core" / "axe.min.js"
    if not source.exists():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=TOOLS, check=True)
    return source.read_text()


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_violation(
    name: str,
    look: str,
    axe: str,
    settled_gateway: GatewayDouble,
    settled_dashboard: DashboardProcess,
    open_page: OpenPage,
) -> None:
    path, title, fact = PAGES[name]
    address = path.replace("{run}", settled_gateway.runs[2]["runId"])
    page = open_page(settled_dashboard.url + address, width=390 if look == "phone" else 1400, dark=look == "dark")
    expect(page.locator("h1")).to_contain_text(title)
    expect(page.get_by_text(fact).first).to_be_visible()
    expect(page.locator("#live-badge")).to_have_text("Live")
    page.wait_for_load_state("networkidle")
    page.evaluate(axe)
    found = page.evaluate(LOOK, STANDARDS)
    assert not found, "\n".join(found)
