"""A whole stack in use, and a real Prometheus beside it; started once for the tests of a module."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.observability.prometheus import Prometheus, running_prometheus
from tests.integration.observability.traffic import Users

ROOT = Path(__file__).parents[3]
SERVICES = ("registry", "monitor", "gateway", "dashboard")


@pytest.fixture(scope="package")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The addresses of a stack started as a user starts it."""
    state = tmp_path_factory.mktemp("observed") / "state"
    try:
        started = _lifecycle("up", "--state", str(state), "--ports", "auto", "--detach")
        assert started.returncode == 0, started.stdout + started.stderr
        status = _lifecycle("status", "--state", str(state), "--json")
        found: dict[str, str] = json.loads(status.stdout)["urls"]
        yield found
    finally:
        _lifecycle("down", "--state", str(state))


@pytest.fixture(scope="package")
def users(urls: dict[str, str]) -> Iterator[Users]:
    """People and programs at that stack, who have done a little of everything already."""
    with httpx.Client(timeout=20, headers={"X-Lifecycle-User": "anna"}) as http:
        everybody = Users(urls, http)
        everybody.register()
        with everybody.watching():
            everybody.go_on()
            yield everybody


@pytest.fixture(scope="package")
def prometheus(urls: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that scrapes that stack."""
    with running_prometheus(tmp_path_factory.mktemp("prometheus"), urls) as server:
        yield server


@pytest.fixture(scope="package")
def expositions(urls: dict[str, str], users: Users) -> dict[str, str]:
    """The text of every service's /metrics, after use."""
    return {name: httpx.get(f"{urls[name]}/metrics").raise_for_status().text for name in SERVICES}


def _lifecycle(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.local", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
