"""How long it takes to find the runs that are like one: fingerprints of many runs in a MongoDB of its own.

python -m tests.benchmarks.registry_duplicates --runs 1000000
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from pathlib import Path

import msgspec

from services.registry.duplicates import rules
from services.registry.duplicates.handlers import Duplicates
from services.registry.duplicates.rules import Fingerprint
from services.registry.duplicates.store import FINGERPRINTS, INDEXES, MongoFingerprints, kept
from services.runtime.store import Store
from tests.support.servers import running

SPACE = {f"param_{number}": [str(value / 7) for value in range(2 + number % 9)] for number in range(14)}
DATASETS = [f"digest-{number}" for number in range(50)]
BATCH = 5000


def some(random_: random.Random) -> Fingerprint:
    """A run of a study over five of the parameters; the others stay as its project has them."""
    project = random_.randrange(40)
    values = {key: choices[project % len(choices)] for key, choices in SPACE.items()}
    for key in random_.sample(sorted(SPACE), 5):
        values[key] = random_.choice(SPACE[key])
    return rules.fingerprint(values, [DATASETS[project]], None, None, {})


async def measure(uri: str, runs: int, asks: int) -> None:
    random_ = random.Random(1)
    async with Store.open(uri, "benchmark") as store:
        await store.ensure(INDEXES)
        start = time.perf_counter()
        for first in range(0, runs, BATCH):
            documents = [
                msgspec.to_builtins(kept(f"r{number}", 1, number, some(random_)))
                for number in range(first, min(first + BATCH, runs))
            ]
            await store[FINGERPRINTS].insert_many(documents, ordered=False)
        print(f"{runs} fingerprints kept in {time.perf_counter() - start:.0f} s")
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
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as directory, running("mongod", Path(directory)) as server:
        asyncio.run(measure(server.url, given.runs, given.asks))


if __name__ == "__main__":
    main()
