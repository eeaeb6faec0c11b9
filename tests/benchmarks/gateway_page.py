"""CPU of a page of 100 models through GraphQL, beside FastAPI with orjson serving the same JSON.

    python -m tests.benchmarks.gateway_page [--requests 2000]

Both are one uvicorn process. The gateway's has the views in memory and the product's own HTTP edge around it
(identity, limits, request metrics); the other is a bare route that has the dictionaries ready. CPU is what the kernel
accounts to each process (user and system), over requests on one connection, after as many for warming up. A third
figure is graphql-core alone, without compiled parts.
"""

from __future__ import annotations

import argparse
import gc
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import orjson
import uvicorn
from fastapi import FastAPI, Response
from fastapi import Request as HttpRequest
from starlette.types import ASGIApp

from services.contracts import registry as r
from services.contracts.base import Request
from services.contracts.paging import Edge, Page
from services.gateway import engine as engines
from services.gateway.budget import Budget
from services.gateway.clients.relatives import Relatives
from services.gateway.engine import Engine
from services.gateway.http_endpoint import HttpEndpoint
from services.gateway.limits import Limits
from services.gateway.memory import look_rarely
from services.gateway.operation import Operation
from services.gateway.routing import NamedRoute
from services.gateway.schema import build_schema
from services.runtime.auth import Authenticator
from services.runtime.context import Context
from services.runtime.health import Health
from services.runtime.http import http_app

MODELS = 100
QUERY = """query Page($first: Int) { models(first: $first) { pageInfo { hasNextPage endCursor }
  nodes { name description createdAt tags { key value } aliases { name version }
    latestVersion { version status createdAt user metrics { key value } } } } }"""
NOON = datetime(2013, 7, 1, 12, tzinfo=UTC)
READY_SECONDS = 30.0


def page() -> Page[r.ModelView]:
    """100 models with three tags and a version with five metrics each."""
    edges = []
    for number in range(MODELS):
        name = f"delays-{number:03}"
        version = r.VersionView(
            model_name=name,
            version="7",
            status="READY",
            stage="None",
            source="runs:/r1/model",
            user="anna",
            created_at=NOON,
            updated_at=NOON,
            metrics={f"metric_{i}": 0.7 + i / 100 for i in range(5)},
        )
        view = r.ModelView(
            name=name,
            created_at=NOON,
            updated_at=NOON,
            description="Whether a flight arrives late.",
            tags={"team": "ops", "task": "classification", "tier": "1"},
            aliases={"champion": "7"},
            version_count=7,
            latest=version,
        )
        edges.append(Edge(cursor=name, node=view))
    return Page(edges=edges, has_next=False, has_previous=False)


class FromMemory:
    """Answers in place of the services."""

    def __init__(self, context: Context, found: Page[r.ModelView]) -> None:
        self.context = context
        self._found = found

    async def __call__(self, request: Request[Any]) -> Any:
        assert isinstance(request, r.ListModels)
        return self._found


async def nobody(digest: str) -> None:
    """There are no tokens."""


def graphql_app(compiled: bool) -> ASGIApp:
    """The gateway's HTTP side as `services/gateway/app.py` wires it."""
    if not compiled:
        engines.USES_BEFORE_COMPILING = sys.maxsize
    found = page()
    engine = Engine(build_schema(), Limits(), Budget(10**12), cached_documents=512, operation_seconds=15.0)
    authenticator = Authenticator("open", "", nobody)

    def operation_for(context: Context) -> Operation:
        ask: Any = FromMemory(context, found)
        nothing: Any = None
        return Operation(ask, Relatives(ask), nothing, nothing)

    app = http_app("Gateway", authenticator, max_body_bytes=1024 * 1024)
    http = HttpEndpoint(engine, operation_for, authenticator, Health())
    app.router.routes.append(NamedRoute("/graphql", http.answer, methods=["GET", "POST"]))
    return app


def rest_app() -> ASGIApp:
    """The same JSON from FastAPI and orjson, and nothing else: ready dictionaries, no identity, no limits."""
    found = page()
    data = {"data": {"models": plain(found)}}
    app = FastAPI()

    @app.post("/graphql")
    async def models(request: HttpRequest) -> Response:
        orjson.loads(await request.body())
        return Response(orjson.dumps(data), media_type="application/json")

    return app


def plain(found: Page[r.ModelView]) -> dict[str, Any]:
    """What the query selects, written by hand."""
    nodes = []
    for edge in found.edges:
        model, latest = edge.node, edge.node.latest
        assert latest is not None
        nodes.append(
            {
                "name": model.name,
                "description": model.description,
                "createdAt": model.created_at.isoformat().replace("+00:00", "Z"),
                "tags": [{"key": key, "value": value} for key, value in sorted(model.tags.items())],
                "aliases": [{"name": name, "version": version} for name, version in sorted(model.aliases.items())],
                "latestVersion": {
                    "version": latest.version,
                    "status": latest.status,
                    "createdAt": latest.created_at.isoformat().replace("+00:00", "Z"),
                    "user": latest.user,
                    "metrics": [{"key": key, "value": value} for key, value in sorted(latest.metrics.items())],
                },
            }
        )
    return {"pageInfo": {"hasNextPage": found.has_next, "endCursor": found.edges[-1].cursor}, "nodes": nodes}


APPS: dict[str, Callable[[], ASGIApp]] = {
    "rest": rest_app,
    "graphql": lambda: graphql_app(True),
    "graphql-core": lambda: graphql_app(False),
}


def serve(name: str, port: int) -> None:
    """Serves one of `APPS` until it is ended."""
    app = APPS[name]()
    gc.collect()
    gc.freeze()  # as `services/runtime/run.py` does
    look_rarely()
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


def cpu_seconds(pid: int) -> float:
    """User and system time that the kernel has accounted to the process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measured(name: str, requests: int) -> tuple[float, int, Any]:
    """CPU milliseconds a request, bytes of an answer, and its data."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.benchmarks.gateway_page", "--serve", name, "--port", str(port)]
    process = subprocess.Popen(command)
    body = orjson.dumps({"query": QUERY, "variables": {"first": MODELS}})
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"content-type": "application/json"}) as client:
            deadline = time.monotonic() + READY_SECONDS
            while True:
                try:
                    client.post("/graphql", content=body)
                    break
                except httpx.TransportError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.1)
            for _ in range(requests):
                client.post("/graphql", content=body)
            before = cpu_seconds(process.pid)
            for _ in range(requests):
                answer = client.post("/graphql", content=body)
            spent = cpu_seconds(process.pid) - before
    finally:
        process.terminate()
        process.wait()
    return spent / requests * 1000, len(answer.content), answer.json()["data"]


def main() -> None:
    """Prints a line for each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--serve", choices=sorted(APPS))
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve, given.port)
        return
    rest, _, expected = measured("rest", given.requests)
    rows = {"rest": rest}
    for name, requests in (("graphql", given.requests), ("graphql-core", given.requests // 10)):
        rows[name], size, data = measured(name, requests)
        assert data == expected, "both serve the same JSON"
        print(f"{name}: {size} bytes")
    for name, spent in rows.items():
        print(f"{name:14} {spent:7.3f} ms CPU a request  {spent / rest:5.1f} x")
    print(msgspec.json.encode(rows).decode())


if __name__ == "__main__":
    main()
