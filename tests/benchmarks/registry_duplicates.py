"""How long it takes to find the runs that are like one: fingerprints of many runs in a MongoDB of its own.

python -m tests.benchmarks.registry_duplicates --runs 1000000

With `--within SECONDS` it asks as many as could be kept until then.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
from pymongo.write_concern import WriteConcern

from services.registry.duplicates import rules
from services.registry.duplicates.handlers import Duplicates
from services.registry.duplicates.rules import Fingerprint
from services.registry.duplicates.store import FINGERPRINTS, INDEXES, MongoFingerprints, kept
from services.runtime.store import Store
from tests.support.servers import running

SPACE = {f"param_{number}": [str(value / 7) for value in range(2 + number % 9)] for number in range(14)}
DATASETS = [f"digest-{number}" for number in range(50)]
BATCH = 5000
AHEAD = 4


def some(random_: random.Random) -> Fingerprint:
    """A run of a study over five of the parameters; the others stay as its project has them."""
    project = random_.randrange(40)
    values = {key: choices[project % len(choices)] for key, choices in SPACE.items()}
    for key in random_.sample(sorted(SPACE), 5):
        values[key] = random_.choice(SPACE[key])
    return rules.fingerprint(values, [DATASETS[project]], None, None, {})


def batch(first: int) -> list[dict[str, Any]]:
    """Documents of `BATCH` runs, always the same."""
    random_ = random.Random(first)
    return [msgspec.to_builtins(kept(f"r{number}", 1, number, some(random_))) for number in range(first, first + BATCH)]


async def fill(store: Store, runs: int, within: float) -> None:
    """Adds batches, made by two other processes, until there are so many runs or so many seconds are over."""
    collection = store[FINGERPRINTS].with_options(write_concern=WriteConcern(w=1, j=False))
    loop, start, filled = asyncio.get_running_loop(), time.perf_counter(), 0
    with ProcessPoolExecutor(2) as pool:
        waiting = deque(loop.run_in_executor(pool, batch, first) for first in range(0, AHEAD * BATCH, BATCH))
        for first in range(AHEAD * BATCH, runs + AHEAD * BATCH, BATCH):
            await collection.insert_many(await waiting.popleft(), ordered=False)
            filled += BATCH
            if time.perf_counter() - start > within:
                break
            if first < runs:
                waiting.append(loop.run_in_executor(pool, batch, first))
    print(f"{filled:,} fingerprints kept in {time.perf_counter() - start:.0f} s", flush=True)


async def measure(uri: str, runs: int, asks: int, within: float) -> None:
    random_ = random.Random(-1)
    async with Store.open(uri, "benchmark") as store:
        await store.ensure(INDEXES)
        await fill(store, runs, within)
        size = await store._database.command("collStats", FINGERPRINTS)
        print(f"data {size['storageSize'] / 2**20:.0f} MB, indexes {size['totalIndexSize'] / 2**20:.0f} MB")
        duplicates = Duplicates(MongoFingerprints(store), None, None, None)  # type: ignore[arg-type]
        times, found = [], []
        for _ in range(asks):
            asked = some(random_)
            start = time.perf_counter()
            near = await duplicates._neighbours(asked)
            times.append(time.perf_counter() - start)
            found.append(len(near))
        cuts = statistics.quantiles(times, n=100)
        p50, p95, p99 = (cuts[number] * 1000 for number in (49, 94, 98))
        print(f"asked {asks} times: p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms")
        print(f"found near: median {statistics.median(found):.0f}, most {max(found)}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=1_000_000)
    options.add_argument("--asks", type=int, default=300)
    options.add_argument("--within", type=float, default=float("inf"))
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as directory, running("mongod", Path(directory)) as server:
        asyncio.run(measure(server.url, given.runs, given.asks, given.within))


if __name__ == "__main__":
    main()
