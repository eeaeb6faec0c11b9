"""How long walks over a lineage graph take, in a MongoDB of its own.

python -m tests.benchmarks.registry_lineage --nodes 100000
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.contracts.identity import Principal, Role
from services.contracts.lineage import NodeRef, WalkLineage
from services.registry.lineage.handlers import Lineage
from services.registry.lineage.store import EDGES, INDEXES, NODES, MongoLineage
from services.runtime.context import Context
from services.runtime.store import Store
from tests.support.servers import running

BATCH = 10_000
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CONTEXT = Context(Principal(user="benchmark", role=Role.ADMIN, via="service"), "benchmark")


def graph(nodes: int) -> tuple[list[str], list[tuple[str, str, str]]]:
    """Data of 200 sources; each dataset is used by many runs (one by a tenth of all), some become versions, these are
    deployed, watched and trained again: cycles from alerts back to runs."""
    random_ = random.Random(1)
    sources = [f"source/s{number}" for number in range(200)]
    datasets = [f"dataset/d{number}@x" for number in range(nodes // 20)]
    runs = [f"run/r{number}" for number in range(nodes * 3 // 4)]
    versions = [f"version/m{number % 100}/{number // 100}" for number in range(nodes // 10)]
    alerts = [f"alert/a{number}" for number in range(nodes // 20)]
    asked = [f"retraining/t{number}" for number in range(nodes // 20)]
    edges: list[tuple[str, str, str]] = []
    for number, dataset in enumerate(datasets):
        edges.append(("provides", random_.choice(sources), dataset))
        if number > 10:
            edges.append(("derived", datasets[random_.randrange(number)], dataset))
    for number, run in enumerate(runs):
        edges.append(("used", datasets[0] if number % 10 == 0 else random_.choice(datasets), run))
    for version in versions:
        edges.append(("registered", random_.choice(runs), version))
    for alert, request in zip(alerts, asked, strict=True):
        edges += [
            ("raised", random_.choice(versions), alert),
            ("asked", alert, request),
            ("answered", request, random_.choice(runs)),
        ]
    return [*sources, *datasets, *runs, *versions, *alerts, *asked], edges


async def fill(store: Store, nodes: list[str], edges: list[tuple[str, str, str]]) -> None:
    rows: list[dict[str, Any]] = [{"_id": key, "label": key, "state": "x", "at": NOW} for key in nodes]
    lines: list[dict[str, Any]] = [
        {"_id": f"{kind}|{left}|{right}", "kind": kind, "left": left, "right": right, "at": NOW, "note": ""}
        for kind, left, right in edges
    ]
    for collection, documents in ((NODES, rows), (EDGES, lines)):
        for first in range(0, len(documents), BATCH):
            await store[collection].insert_many(documents[first : first + BATCH], ordered=False)


async def measure(uri: str, count: int, walks: int) -> None:
    random_ = random.Random(2)
    async with Store.open(uri, "benchmark") as store:
        await store.ensure(INDEXES)
        nodes, edges = graph(count)
        await fill(store, nodes, edges)
        print(f"{len(nodes)} nodes, {len(edges)} edges")
        lineage = Lineage(MongoLineage(store))
        for title, starts, wishes in (
            ("up from versions, 500 nodes", [n for n in nodes if n.startswith("version")], {"direction": "up"}),
            ("both ways from runs, 500 nodes", [n for n in nodes if n.startswith("run")], {"direction": "both"}),
            ("down from the hub, 5000 nodes", ["dataset/d0@x"], {"direction": "down", "most": 5000, "depth": 50}),
            (
                "alerts below a source, depth 50",
                [n for n in nodes if n.startswith("source")],
                {"direction": "down", "kinds": ["alert"], "depth": 50},
            ),
        ):
            times, found = [], []
            for _ in range(walks if len(starts) > 1 else max(walks // 10, 10)):
                kind, _, thing = random_.choice(starts).partition("/")
                request = WalkLineage(start=NodeRef(kind=kind, id=thing), **wishes)  # type: ignore[arg-type]
                start = time.perf_counter()
                view = await lineage.walk(request, CONTEXT)
                times.append(time.perf_counter() - start)
                found.append(len(view.nodes))
            cuts = statistics.quantiles(times, n=100)
            p50, p95 = (cuts[number] * 1000 for number in (49, 94))
            print(f"{title}: p50 {p50:.0f} ms, p95 {p95:.0f} ms; nodes: median {statistics.median(found):.0f}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--nodes", type=int, default=100_000)
    options.add_argument("--walks", type=int, default=100)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as directory, running("mongod", Path(directory)) as server:
        asyncio.run(measure(server.url, given.nodes, given.walks))


if __name__ == "__main__":
    main()
