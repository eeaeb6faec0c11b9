"""How long the page of 100 models takes end to end, with many runs and versions stored.

    python -m tests.benchmarks.gateway_stored --runs 100000 --versions 10000

MongoDB is filled with documents as the registry keeps them; the page goes through the gateway's HTTP, NATS and the
registry, each a process of its own. Three pages: models with nested tags, aliases, latest version and its metrics; the
same with each version's run; and 100 runs by a metric. p50, p95 and the greatest of each, one request after another.
Smaller sizes (`--runs 2000 --versions 1000 --asks 20`) show that it works: with fewer than 10,000 versions there are
fewer than 100 models on a page.
"""

import argparse
import os
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import pymongo
from pymongo import MongoClient

from deploy.local.ports import choose
from services.registry.documents import to_document
from services.registry.models.rules import Alias, Model, Version, version_id
from services.registry.models.store import MODELS, VERSIONS
from services.registry.values import KeyValue
from tests.benchmarks.gateway_page import QUERY
from tests.benchmarks.registry_search import BATCH, full, run_of
from tests.integration.registry.processes import RegistryProcess
from tests.support.servers import running
from tests.support.waiting import wait_until
from tests.support.zygote import spawn

VERSIONS_EACH = 100
NOW = 1_700_000_000_000
WITH_RUNS = """query Page($first: Int) { models(first: $first) { nodes { name tags { key value }
  latestVersion { version metrics { key value } run { runId name params { key value } } } } } }"""
RUNS = """query Page($first: Int) { runs(first: $first, sort: [{by: METRIC, key: "m1", descending: true}],
  where: {metrics: [{key: "m0", gt: 0.5}]}) { nodes { runId name metrics { key value } params { key value } } } }"""
PAGES = (("100 models", QUERY), ("100 models with their runs", WITH_RUNS), ("100 of the runs by a metric", RUNS))


def fill(uri: str, database: str, runs: int, versions: int) -> None:
    """Runs, and models with `VERSIONS_EACH` versions each, made by some of the runs."""
    client: MongoClient[dict[str, Any]] = pymongo.MongoClient(uri)
    there, random_, ids = client[database], random.Random(1), list[str]()
    for start in range(0, runs, BATCH):
        batch = [run_of(number, random_) for number in range(start, min(start + BATCH, runs))]
        ids += [run.id for run in batch]
        there["runs"].insert_many([to_document(run) for run in batch], ordered=False)
    for number in range(versions // VERSIONS_EACH):
        name = f"model-{number:05}"
        tags = [KeyValue(key, str(random_.randrange(9))) for key in ("team", "task", "tier")]
        there[MODELS].insert_one(
            to_document(
                Model(
                    id=name,
                    v=1,
                    created=NOW,
                    updated=NOW,
                    description="Whether a flight arrives late.",
                    tags=tags,
                    aliases=[Alias("champion", VERSIONS_EACH)],
                    last_version=VERSIONS_EACH,
                )
            )
        )
        there[VERSIONS].insert_many(
            to_document(
                Version(
                    id=version_id(name, version),
                    v=1,
                    name=name,
                    version=version,
                    created=NOW + version,
                    updated=NOW + version,
                    source="s3://bucket/model",
                    storage_location="s3://bucket/model",
                    user="anna",
                    run_id=random_.choice(ids),
                    tags=tags,
                )
            )
            for version in range(1, VERSIONS_EACH + 1)
        )
    client.close()


def measure(url: str, asks: int, runs: int, models: int) -> None:
    """Prints a line for each page, which has to hold what that many runs and models give it."""
    least = {"models": min(100, models), "runs": min(100, runs // 4)}  # a half of the runs passes the filter, about
    with httpx.Client(base_url=url, timeout=30) as client:
        for name, query in PAGES:
            took = []
            for number in range(asks + asks // 4):
                started = time.perf_counter()
                answer = client.post("/graphql", json={"query": query, "variables": {"first": 100}})
                spent = (time.perf_counter() - started) * 1000
                body = answer.json()
                assert "errors" not in body, body["errors"]
                [(field, page)] = body["data"].items()
                assert len(page["nodes"]) >= least[field], (name, len(page["nodes"]))
                if number >= asks // 4:  # what comes first warms up
                    took.append(spent)
            p95 = statistics.quantiles(took, n=100, method="inclusive")[94]
            print(
                f"{name:30} p50 {statistics.median(took):6.1f} ms   p95 {p95:6.1f} ms   most {max(took):6.1f} ms   "
                f"{len(answer.content):,} bytes",
                flush=True,
            )


def main() -> None:
    """Starts the servers, fills and asks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--versions", type=int, default=10_000)
    parser.add_argument("--asks", type=int, default=300)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        running("mongod", Path(directory) / "mongo") as mongod,
        running("nats", Path(directory) / "nats") as nats,
    ):
        registry = RegistryProcess(mongod.url, nats.url, Path(directory) / "registry")
        started = time.monotonic()
        fill(mongod.url, registry.database, given.runs, given.versions)
        print(f"{given.runs:,} runs, {given.versions:,} versions stored in {time.monotonic() - started:.0f} s")
        port = choose(["port"])["port"]
        settings = {
            **os.environ,
            "NATS_URL": nats.url,
            "GATEWAY_PORT": str(port),
            "GATEWAY_COST_PER_MINUTE": "100000000",
        }
        gateway = None
        try:
            registry.start()
            wait_until(lambda: full(registry.url), within=600, what="the index is full")
            gateway = spawn("services.gateway", {**os.environ, **settings}, Path(directory) / "gateway.log")
            url = f"http://127.0.0.1:{port}"
            wait_until(lambda: ready(url), within=60, what="the gateway is ready")
            measure(url, given.asks, given.runs, given.versions // VERSIONS_EACH)
        finally:
            if gateway is not None:
                gateway.kill()
            registry.kill()


def ready(url: str) -> bool:
    """Whether the gateway answers."""
    try:
        return httpx.get(f"{url}/readyz", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    main()
