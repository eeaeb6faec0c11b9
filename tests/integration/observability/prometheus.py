"""A real Prometheus with this repository's configuration, scraping a stack under test once a second."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from deploy.local.leash import leashed
from deploy.local.ports import choose
from deploy.prometheus.targets import target_groups
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[3]
FILES = ROOT / "deploy/prometheus"
RATE_INTERVAL = "15s"
"""What `$__rate_interval` stands for here, with a scrape every second."""


@dataclass(frozen=True)
class Prometheus:
    """A running server; ask it PromQL."""

    url: str
    http: httpx.Client

    def get(self, path: str, **parameters: str | float) -> Any:
        """The `data` of an answer of the HTTP API; an error fails the test with Prometheus's own words."""
        answer = self.http.get(f"{self.url}/api/v1/{path}", params=parameters)
        body = answer.json()
        assert body["status"] == "success", f"{parameters}: {body.get('error')}"
        return body["data"]

    def series(self, expr: str, over: float = 60.0) -> list[dict[str, Any]]:
        """The series that a panel would draw over the last seconds; those of NaN alone are none."""
        now = time.time()
        found = self.get("query_range", query=expr, start=now - over, end=now, step=1)["result"]
        return [series for series in found if any(value != "NaN" for _, value in series["values"])]


@contextmanager
def running_prometheus(directory: Path, urls: Mapping[str, str]) -> Iterator[Prometheus]:
    """Prometheus on a free port with the real rules; `urls` as `lifecycle status --json` prints them."""
    if shutil.which("prometheus") is None:
        pytest.fail("prometheus is missing. `make test` installs it (deploy/local/system-packages test).")
    configured = directory / "etc"
    shutil.copytree(FILES / "rules", configured / "rules")
    (configured / "targets").mkdir()
    (configured / "targets/stack.json").write_bytes(msgspec.json.encode(target_groups(urls)))
    faster = (FILES / "prometheus.yml").read_text().replace("_interval: 5s", "_interval: 1s").replace(": 4s", ": 1s")
    (configured / "prometheus.yml").write_text(faster)
    port = choose(["prometheus"])["prometheus"]
    command = [
        "prometheus",
        f"--config.file={configured / 'prometheus.yml'}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    log = directory / "log"
    with log.open("wb") as output, httpx.Client(timeout=10) as http:
        process = subprocess.Popen(leashed(command), stdout=output, stderr=output)
        server = Prometheus(f"http://127.0.0.1:{port}", http)
        try:
            wait_until(lambda: process.poll() is not None or _ready(server), 30, "Prometheus is ready")
            assert process.poll() is None, log.read_text()[-2000:]
            yield server
        finally:
            process.terminate()
            process.wait(20)


def _ready(server: Prometheus) -> bool:
    try:
        return server.http.get(f"{server.url}/-/ready").is_success
    except httpx.TransportError:
        return False
