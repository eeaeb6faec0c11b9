"""How long searches over many runs take, through MLflow's API of a registry with a MongoDB of its own.

    python -m tests.benchmarks.registry_search --runs 1000000

Prints the time to fill the index, the registry's memory, and p50 and p95 of every search, page of 100; then those of
groups of the runs, asked for by request over NATS.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pymongo
from pymongo import MongoClient
from pymongo.write_concern import WriteConcern

from services.contracts.registry import GroupOrder, ListRunGroups
from services.registry.documents import to_document
from services.registry.runs.metrics import Metric
from services.registry.runs.rules import Run
from services.registry.values import KeyValue
from tests.integration.registry.asking import asking
from tests.integration.registry.processes import RegistryProcess
from tests.support.servers import running
from tests.support.waiting import wait_until

EXPERIMENTS = 50
GROUPS: tuple[tuple[list[str], str], ...] = (
    (["params.p4"], ""),
    (["tags.team", "params.p3"], "metrics.m0 > 0.5"),
    (["attributes.status"], "params.p1 = '3'"),
)
BATCH = 5000
SEARCHES: tuple[tuple[str, list[str]], ...] = (
    ("", []),
    ("", ["metrics.m3 DESC"]),
    ("metrics.m0 > 0.5", ["metrics.m1 DESC"]),
    ("metrics.m0 > 0.999 AND metrics.m1 < 0.01", ["metrics.m2 ASC"]),
    ("metrics.m0 > 0.2 AND params.p1 = '3' AND tags.team != 'team 4'", ["params.p2 ASC", "metrics.m5 DESC"]),
    ("params.p7 LIKE '%7'", ["tags.team DESC", "start_time ASC"]),
    ("tags.team ILIKE 'TEAM 1%'", ["status ASC"]),
    ("attributes.start_time > 1700000700000", ["attributes.end_time DESC"]),
    ("attributes.status = 'FAILED'", ["metrics.m7 ASC"]),
    ("run_name = 'run 4711'", ["metrics.m0 DESC"]),
    ("metrics.m0 > 0.9 OR params.p3 = '1'", ["run_name ASC"]),
    ("datasets.name = 'data 3'", ["metrics.m4 DESC"]),
    ("tags.rare IS NOT NULL", ["user_id DESC", "metrics.m6 ASC"]),
)


def run_of(number: int, random_: random.Random) -> Run:
    """A run with 8 metrics, 8 parameters and 4 tags or so."""
    tags = [
        KeyValue("mlflow.runName", f"run {number}"),
        KeyValue("mlflow.user", f"user {number % 30}"),
        KeyValue("mlflow.source.name", f"train_{number % 20}.py"),
        KeyValue("team", f"team {random_.randrange(12)}"),
    ]
    if random_.random() < 0.001:
        tags.append(KeyValue("rare", "yes"))
    start = 1_700_000_000_000 + number
    return Run(
        id=f"{random_.getrandbits(128):032x}",
        v=1,
        experiment_id=str(1 + number % EXPERIMENTS),
        name=f"run {number}",
        user=f"user {number % 30}",
        status=random_.choice(["FINISHED", "FINISHED", "FINISHED", "FAILED", "RUNNING"]),
        start_time=start,
        end_time=start + random_.randrange(100_000),
        artifact_uri=f"mlflow-artifacts:/{1 + number % EXPERIMENTS}",
        metrics=[Metric(f"m{key}", random_.random(), start, 0) for key in range(8)],
        params=[KeyValue(f"p{key}", str(random_.randrange(2 + 3**key % 997))) for key in range(8)],
        tags=tags,
    )


def documents(runs: int) -> Iterator[list[dict[str, Any]]]:
    random_ = random.Random(1)
    for start in range(0, runs, BATCH):
        batch = [to_document(run_of(number, random_)) for number in range(start, min(start + BATCH, runs))]
        for number, document in enumerate(batch):
            name = f"data {(start + number) % 7}"
            document["inputs"] = [{"dataset": "d", "name": name, "digest": "1", "source_type": "", "tags": []}]
        yield batch


def fill(uri: str, database: str, runs: int) -> None:
    client: MongoClient[dict[str, Any]] = pymongo.MongoClient(uri)
    collection = client[database].get_collection("runs", write_concern=WriteConcern(w=1, j=False))
    started = time.monotonic()
    for batch in documents(runs):
        collection.insert_many(batch, ordered=False)
    print(f"wrote {runs:,} runs in {time.monotonic() - started:.0f} s")
    client.close()


def measure(url: str, asks: int) -> None:
    ids = [str(number) for number in range(1, EXPERIMENTS + 1)]
    slowest = 0.0
    with httpx.Client(base_url=url, timeout=120) as client:
        for text, orders in SEARCHES:
            took = []
            for _ in range(asks):
                started = time.perf_counter()
                body = {"experiment_ids": ids, "filter": text, "order_by": orders, "max_results": 100}
                answer = client.post("/api/2.0/mlflow/runs/search", json=body)
                took.append((time.perf_counter() - started) * 1000)
                assert answer.status_code == 200, answer.text
            p95 = statistics.quantiles(took, n=100, method="inclusive")[94]
            slowest = max(slowest, p95)
            found = len(answer.json().get("runs", []))
            times = f"p50 {statistics.median(took):7.1f} ms   p95 {p95:7.1f} ms"
            print(f"{times}   {found:3d} found   {text or '-'}   {orders}", flush=True)
    print(f"slowest p95: {slowest:.1f} ms")


async def measure_groups(nats: str, asks: int) -> None:
    order = GroupOrder(by="mean", metric="m1")
    async with asking(nats) as ask:
        for by, text in GROUPS:
            took = []
            for _ in range(asks):
                started = time.perf_counter()
                page = await ask(ListRunGroups(by=by, filter=text, metrics=["m1", "m2"], order=order))
                took.append((time.perf_counter() - started) * 1000)
            p95 = statistics.quantiles(took, n=100, method="inclusive")[94]
            times = f"p50 {statistics.median(took):7.1f} ms   p95 {p95:7.1f} ms"
            print(f"{times}   {len(page.edges):3d} groups   by {by}   {text or '-'}", flush=True)


def full(url: str) -> bool:
    lines = httpx.get(f"{url}/metrics", timeout=60).text.splitlines()
    return any(line.startswith("lifecycle_run_index_runs ") and float(line.split()[1]) > 0 for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--asks", type=int, default=100, help="of each search")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        running("mongod", Path(directory) / "mongo") as mongod,
        running("nats", Path(directory) / "nats") as nats,
    ):
        registry = RegistryProcess(mongod.url, nats.url, Path(directory) / "registry")
        fill(mongod.url, registry.database, arguments.runs)
        try:
            registry.start()
            memory = psutil.Process(registry.pid).memory_info().rss
            started = time.monotonic()
            wait_until(lambda: full(registry.url), within=1800, what="the index is full")
            grown = psutil.Process(registry.pid).memory_info().rss
            print(f"index full after {time.monotonic() - started:.0f} s; memory {memory >> 20} -> {grown >> 20} MiB")
            measure(registry.url, arguments.asks)
            asyncio.run(measure_groups(nats.url, arguments.asks))
        finally:
            registry.kill()


if __name__ == "__main__":
    main()
