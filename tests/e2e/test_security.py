"""Who gets in, and what a page may load."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest
import websockets
from playwright.sync_api import expect
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.e2e.conftest import SECRET, DashboardProcess, Guard, OpenPage
from tests.e2e.double.gateway import GatewayDouble

TOKEN = "lct_browser-tests-token"


@pytest.fixture
def closed_gateway() -> Iterator[GatewayDouble]:
    double = GatewayDouble(token=TOKEN)
    double.start()
    yield double
    double.stop()


@pytest.fixture
def closed_dashboard(closed_gateway: GatewayDouble, tmp_path: Path) -> Iterator[DashboardProcess]:
    process = DashboardProcess(
        closed_gateway.url, tmp_path / "closed.log", LIFECYCLE_AUTH="token", LIFECYCLE_AUTH_SECRET=SECRET
    )
    process.start()
    yield process
    process.kill()


def test_every_answer_carries_a_strict_policy(dashboard: DashboardProcess) -> None:
    for path in ("/", "/models/x", "/_dash-layout", "/assets/live.js"):
        policy = httpx.get(dashboard.url + path).headers["content-security-policy"]
        script = next(part for part in policy.split("; ") if part.startswith("script-src"))
        assert "'self'" in script
        assert "unsafe" not in script
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy


def test_big_scripts_are_asked_for_early_where_they_are_used_and_nowhere_else(
    settled_dashboard: DashboardProcess,
) -> None:
    pages = {path: httpx.get(settled_dashboard.url + path).text for path in ("/", "/runs", "/monitoring/m/1")}
    for html in pages.values():
        loaded = re.findall(r'<script src="([^"]+)"', html)
        assert loaded
        assert not [src for src in loaded if re.search("polyfill|ag_grid|dash_table|plotly", src)]
    early = {path: re.findall(r'rel="preload" href="([^"]+)" as="script"', html) for path, html in pages.items()}
    assert early["/"] == []
    assert "dash_ag_grid" in early["/runs"][0]
    assert [src.rpartition("/")[2] for src in early["/monitoring/m/1"]] == [
        "plotly-cartesian-4.1.1.min.js",
        "async-graph.js",
    ]
    plotly = httpx.get(settled_dashboard.url + early["/monitoring/m/1"][0])
    assert plotly.headers["content-encoding"] == "gzip"
    assert "immutable" in plotly.headers["cache-control"]


def test_the_first_page_comes_with_the_layout_to_whoever_asked_for_it(settled_dashboard: DashboardProcess) -> None:
    html = httpx.get(settled_dashboard.url + "/experiments?words=delay").text
    found = re.search(r'href="([^"]+)" as="fetch" crossorigin id="first" data-at="([^"]+)"', html)
    assert found
    assert unescape(found[2]) == "/experiments?words=delay"
    for _ in range(2):  # the second time it is drawn anew
        text = httpx.get(settled_dashboard.url + unescape(found[1])).text
        assert "Can delays be told in advance?" in text
        assert '"search":"?words=delay"' in text
    missing = httpx.get(settled_dashboard.url + "/_dash-first?at=%2Fnowhere")
    assert "This page doesn" in missing.text


def test_without_a_session_there_is_only_the_sign_in_page(closed_dashboard: DashboardProcess) -> None:
    answer = httpx.get(f"{closed_dashboard.url}/models/x?range=30")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fmodels%2Fx%3Frange%3D30"
    assert httpx.post(f"{closed_dashboard.url}/_dash-update-component", json={}).status_code == 401
    assert httpx.get(f"{closed_dashboard.url}/_dash-first?at=%2Fmodels%2Fx").status_code == 401


def test_signing_in_leads_back_and_keeps_the_token_from_scripts(
    closed_gateway: GatewayDouble, closed_dashboard: DashboardProcess, open_page: OpenPage, guards: list[Guard]
) -> None:
    page = open_page(f"{closed_dashboard.url}/models/flight-delay")
    expect(page.locator("h1")).to_have_text("Sign in")
    guards[0].outage = True  # the refusal below is a 401 on purpose
    page.get_by_label("API token").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("isn't valid")
    guards[0].outage = False
    page.get_by_label("API token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("h1")).to_have_text("flight-delay")
    expect(page.locator("#live-badge")).to_have_text("Live")
    cookie = page.context.cookies()[0]
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert TOKEN not in page.content()
    event = closed_gateway.emit("registry.registered_model.alias_set", "flight-delay", "moved again")
    expect(page.locator(f"[data-event='{event['id']}']")).to_be_visible()


def test_a_revoked_token_ends_the_live_connection_and_asks_to_sign_in(
    closed_gateway: GatewayDouble, closed_dashboard: DashboardProcess, open_page: OpenPage, guards: list[Guard]
) -> None:
    page = open_page(closed_dashboard.url)
    page.get_by_label("API token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#live-badge")).to_have_text("Live")
    guards[0].outage = True
    closed_gateway.token = "lct_another"
    expect(page.locator("h1")).to_have_text("Sign in", timeout=15_000)


def test_a_sign_in_never_leads_elsewhere(closed_dashboard: DashboardProcess) -> None:
    for target in ("https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"):
        answer = httpx.post(
            f"{closed_dashboard.url}/sign-in",
            data={"token": TOKEN, "next": target},
            headers={"origin": closed_dashboard.url},
        )
        assert answer.headers["location"] == "/"


def test_a_form_from_elsewhere_is_refused(closed_dashboard: DashboardProcess) -> None:
    answer = httpx.post(
        f"{closed_dashboard.url}/sign-in", data={"token": TOKEN}, headers={"origin": "https://elsewhere.example"}
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("origin", [None, "https://elsewhere.example"])
def test_the_live_connection_is_for_our_own_pages(settled_dashboard: DashboardProcess, origin: str | None) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused, live_connection(settled_dashboard, origin):
        pass
    assert refused.value.response.status_code == 403


def test_the_live_connection_needs_a_session(closed_dashboard: DashboardProcess) -> None:
    with live_connection(closed_dashboard, closed_dashboard.url) as socket:
        assert close_code(socket) == 4401


@pytest.mark.parametrize("message", ["", "{", '{"watch": 5}', '{"watch": ["' + "x" * 30_000 + '"]}'])
def test_nonsense_closes_the_live_connection_and_nothing_else(
    settled_dashboard: DashboardProcess, message: str
) -> None:
    with live_connection(settled_dashboard, settled_dashboard.url) as socket:
        socket.send(message)
        assert close_code(socket) == 4400
    assert settled_dashboard.ready()


def live_connection(dashboard: DashboardProcess, origin: str | None) -> ClientConnection:
    url = dashboard.url.replace("http", "ws") + "/live/ws"
    return connect(url, origin=None if origin is None else Origin(origin), proxy=None)


def close_code(socket: ClientConnection) -> int | None:
    """Reads what was under way, until the other side closes."""
    with contextlib.suppress(websockets.ConnectionClosed):
        while True:
            socket.recv(timeout=10)
    return socket.close_code
