"""How long it takes to find the runs that are like one, among a million, from a registry with servers of its own.

    python -m tests.benchmarks.registry_duplicates --runs 1000000

Runs and their fingerprints are written into MongoDB as the registry keeps them, by several processes. Then it is asked
what a script would ask before training (the same as an earlier run, written differently; all but one or two parameters
of one; something new), and about runs themselves, by request over NATS and through the gateway's GraphQL. Prints the
registry's memory, and p50, p95 and p99 of each.
"""

import argparse
import asyncio
import contextlib
import itertools
import os
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psutil
import pymongo
from pymongo import MongoClient
from pymongo.write_concern import WriteConcern

from deploy.local.ports import choose
from services.contracts.duplicates import FindSimilarRuns
from services.contracts.identity import Principal, Role
from services.registry.documents import to_document
from services.registry.duplicates import rules
from services.registry.duplicates.store import FINGERPRINTS, kept
from services.registry.duplicates.store import INDEXES as FINGERPRINT_INDEXES
from services.registry.runs.metrics import Metric
from services.registry.runs.rules import Run, RunInput
from services.registry.runs.store import INDEXES as RUN_INDEXES
from services.registry.runs.store import RUNS
from services.registry.values import pairs
from services.runtime.bus import Bus
from services.runtime.context import Context
from tests.benchmarks.registry_search import full
from tests.integration.registry.processes import RegistryProcess
from tests.support.servers import running
from tests.support.waiting import wait_until
from tests.support.zygote import Spawned, spawn

SPACE = {f"param_{number}": [str((value + 1) / 7) for value in range(2 + number % 9)] for number in range(14)}
PROJECTS = 40
DATABASE = "duplicates"
BATCH = 2500
START = 1_700_000_000_000
GRAPHQL = """query Tried($params: [KeyValueInput!]!, $datasets: [String!]) {
  tried(params: $params, datasets: $datasets) { exact run { runId name } differences { key asked found } } }"""


def setup(number: int) -> tuple[dict[str, str], str, dict[str, float]]:
    """Parameters, data and metrics of a run, always the same: a study of its project over five of the parameters."""
    random_ = random.Random(number)
    project = random_.randrange(PROJECTS)
    values = {key: choices[project % len(choices)] for key, choices in SPACE.items()}
    for key in random_.sample(sorted(SPACE), 5):
        values[key] = random_.choice(SPACE[key])
    return values, f"digest-{project}", {f"m{key}": random_.random() for key in range(4)}


def run_id(number: int) -> str:
    return f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}{number:016x}"


def documents(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A run and its fingerprint."""
    params, digest, metrics = setup(number)
    one = rules.fingerprint(params, [digest], "c0ffee", "train.py", {})
    run = Run(
        id=run_id(number),
        v=1,
        experiment_id="0",
        name=f"run {number}",
        user=f"user {number % 30}",
        status="FINISHED",
        start_time=START + number,
        end_time=START + number + 1000,
        artifact_uri=f"mlflow-artifacts:/0/{number}/artifacts",
        metrics=[Metric(key, value, START + number, 0) for key, value in metrics.items()],
        params=pairs(params),
        tags=pairs(
            {"mlflow.runName": f"run {number}", "mlflow.source.name": "train.py", "mlflow.source.git.commit": "c0ffee"}
        ),
        inputs=[RunInput(dataset=digest, name="flights", digest=digest)],
    )
    return to_document(run), msgspec.to_builtins(kept(run.id, 1, run.start_time, one))


def write(uri: str, database: str, first: int, last: int) -> None:
    """Adds the runs from `first` to before `last`: the work of one process."""
    client: MongoClient[dict[str, Any]] = pymongo.MongoClient(uri, serverSelectionTimeoutMS=120_000)
    there = client[database].with_options(write_concern=WriteConcern(w=1, j=False))
    for start in range(first, last, BATCH):
        made = [documents(number) for number in range(start, min(start + BATCH, last))]
        there[RUNS].insert_many([run for run, _ in made], ordered=False)
        there[FINGERPRINTS].insert_many([fingerprint for _, fingerprint in made], ordered=False)
    client.close()


def stored(uri: str) -> int:
    """Runs that are there."""
    client: MongoClient[dict[str, Any]] = pymongo.MongoClient(uri)
    with contextlib.closing(client):
        return int(client[DATABASE][FINGERPRINTS].estimated_document_count())


def fill(uri: str, database: str, runs: int, writers: int) -> None:
    started = time.monotonic()
    part = -(-runs // (writers * 8))
    with ProcessPoolExecutor(writers) as pool:
        waiting = [pool.submit(write, uri, database, at, min(at + part, runs)) for at in range(0, runs, part)]
        for written in waiting:
            written.result()
    wrote = time.monotonic()
    client: MongoClient[dict[str, Any]] = pymongo.MongoClient(uri)
    for indexes in (RUN_INDEXES, FINGERPRINT_INDEXES):  # built at once, which takes a fraction of the time
        for name, models in indexes.items():
            client[database][name].create_indexes(models)
    size = client[database].command("collStats", FINGERPRINTS)
    client.close()
    print(f"{runs:,} runs written in {wrote - started:.0f} s, indexed in {time.monotonic() - wrote:.0f} s")
    print(
        f"fingerprints: {size['storageSize'] / 2**20:.0f} MB, their indexes {size['totalIndexSize'] / 2**20:.0f} MB",
        flush=True,
    )


# ---------------------------------------------------------------- asking


class Question(msgspec.Struct, frozen=True):
    kind: str
    params: dict[str, str]
    data: list[str] | None
    run: str | None = None


def questions(runs: int, asks: int) -> list[Question]:
    """Of each kind so many, mixed."""
    random_ = random.Random(-1)
    asked = []
    for _ in range(asks):
        number = random_.randrange(runs)
        params, digest, _ = setup(number)
        same = {key: f" {float(value)!r}0" for key, value in reversed(params.items())}  # other order, other writing
        asked.append(Question("the same as a run", same, [digest]))
        near = {**params, **dict.fromkeys(random_.sample(sorted(params), random_.choice([1, 2])), "0.123")}
        asked.append(Question("near a run", near, [digest]))
        new = {key: str(random_.random()) for key in params}
        asked.append(Question("something new", new, [digest]))
        asked.append(Question("near, on any data", near, None))
        asked.append(Question("about a run", {}, None, run_id(number)))
    random_.shuffle(asked)
    return asked


Ask = Callable[[Question], Awaitable[tuple[int, int]]]
"""Returns how many runs were found to be the same, and how many near."""


async def measure(title: str, asked: list[Question], ask: Ask) -> float:
    """Prints a line for each kind of question; returns p95 of all, in milliseconds."""
    took: dict[str, list[float]] = {}
    same, near = Counter[str](), Counter[str]()
    for question in asked:
        started = time.perf_counter()
        found = await ask(question)
        took.setdefault(question.kind, []).append((time.perf_counter() - started) * 1000)
        same[question.kind] += found[0]
        near[question.kind] += found[1]
        if question.kind == "the same as a run":
            assert found[0], "the run itself wasn't found"
        if question.kind.startswith("near"):
            assert found[0] + found[1], "the run that it is near to wasn't found"
    for kind, times in [*sorted(took.items()), ("all", list(itertools.chain.from_iterable(took.values())))]:
        cuts = statistics.quantiles(times, n=100)
        p50, p95, p99 = (cuts[number] for number in (49, 94, 98))
        found_text = (
            "" if kind == "all" else f"   found {same[kind] / len(times):.1f} same, {near[kind] / len(times):.1f} near"
        )
        print(f"{title}, {kind:18} p50 {p50:6.1f}  p95 {p95:6.1f}  p99 {p99:6.1f} ms{found_text}", flush=True)
    return p95


async def over_nats(url: str, asked: list[Question]) -> float:
    context = Context(Principal(user="anna", role=Role.CONTRIBUTOR, via="service"), "benchmark")
    async with Bus.connect(url, "benchmark") as bus:

        async def ask(question: Question) -> tuple[int, int]:
            about = (
                FindSimilarRuns(run_id=question.run)
                if question.run
                else FindSimilarRuns(params=question.params, datasets=question.data)
            )
            found = await bus.request(about, context, timeout=30)
            same = sum(run.exact for run in found)
            return same, len(found) - same

        return await measure("request", asked, ask)


async def over_graphql(url: str, asked: list[Question]) -> float:
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:

        async def ask(question: Question) -> tuple[int, int]:
            params = [{"key": key, "value": value} for key, value in question.params.items()]
            body = {"query": GRAPHQL, "variables": {"params": params, "datasets": question.data}}
            answer = (await client.post("/graphql", json=body)).json()
            assert "errors" not in answer, answer["errors"]
            same = sum(run["exact"] for run in answer["data"]["tried"])
            return same, len(answer["data"]["tried"]) - same

        return await measure("GraphQL", [question for question in asked if question.run is None], ask)


def started_gateway(nats: str, directory: Path) -> tuple[Spawned, str]:
    port = choose(["port"])["port"]
    settings = {"NATS_URL": nats, "GATEWAY_PORT": str(port), "GATEWAY_COST_PER_MINUTE": "100000000"}
    gateway = spawn("services.gateway", {**os.environ, **settings}, directory / "gateway.log")
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: ready(url), within=120, what="the gateway is ready")
    return gateway, url


def ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def memory(pid: int) -> int:
    """MiB that a process holds."""
    return int(psutil.Process(pid).memory_info().rss) >> 20


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=1_000_000)
    options.add_argument("--asks", type=int, default=100, help="of each kind")
    options.add_argument("--writers", type=int, default=os.cpu_count() or 2)
    options.add_argument("--keep", type=Path, help="Directory to keep MongoDB in, to ask again without writing anew.")
    given = options.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        running("mongod", given.keep or Path(directory) / "mongo", keep=given.keep is not None) as mongod,
        running("nats", Path(directory) / "nats") as nats,
    ):
        settings = {"REGISTRY_DATABASE": DATABASE}
        registry = RegistryProcess(mongod.url, nats.url, Path(directory) / "registry", settings)
        if stored(mongod.url) < given.runs:
            fill(mongod.url, DATABASE, given.runs, given.writers)
        gateway = None
        try:
            registry.start()
            before, started = memory(registry.pid), time.monotonic()
            wait_until(lambda: full(registry.url), within=3600, what="the index of runs is full")
            took, after = time.monotonic() - started, memory(registry.pid)
            print(f"registry: {before} MiB at its start, {after} with every run known, after {took:.0f} s", flush=True)
            asked = questions(given.runs, given.asks)
            p95 = [asyncio.run(over_nats(nats.url, asked))]
            gateway, url = started_gateway(nats.url, Path(directory))
            p95.append(asyncio.run(over_graphql(url, asked)))
            print(f"registry: {memory(registry.pid)} MiB, MongoDB {memory(mongod.pid)} MiB; p95 {max(p95):.1f} ms")
        finally:
            if gateway is not None:
                gateway.kill()
            registry.kill()


if __name__ == "__main__":
    main()
