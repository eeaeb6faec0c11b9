"""How much memory and time a profile takes: files of growing size, each read by a process of its own.

python -m tests.benchmarks.dataset_profile --megabytes 100 1000

With `--http` each file is sent to a registry with servers of its own, which takes it in over HTTP, while its memory is
sampled and the progress that it tells is counted:

python -m tests.benchmarks.dataset_profile --megabytes 10000 --forms csv --http
"""

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

ROWS = 100_000
CHUNK = 1024 * 1024
SAY_SECONDS = 10.0


def rows(seed: int) -> pa.RecordBatch:
    random = np.random.default_rng(seed)
    return pa.record_batch(
        {
            "id": np.arange(ROWS) + seed * ROWS,
            "delay": np.where(random.random(ROWS) < 0.05, np.nan, random.normal(10, 30, ROWS)),
            "distance": random.integers(50, 5000, ROWS),
            "carrier": random.choice(["AA", "UA", "DL", "B6"], ROWS),
            "tail": np.char.add("N", random.integers(10_000, 99_999, ROWS).astype(str)),
            "late": random.random(ROWS) < 0.2,
        }
    )


def write(path: Path, megabytes: int) -> None:
    first = rows(0)
    form = pyarrow.csv.CSVWriter if path.suffix == ".csv" else pyarrow.parquet.ParquetWriter
    with form(path, first.schema) as writer:
        seed = 0
        while path.stat().st_size < megabytes * 2**20:
            writer.write_batch(rows(seed))
            seed += 1


def measure(path: Path) -> None:
    from services.profiling.reading import format_of, profiled

    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    found = profiled(path, format_of(path), keys=["id"], target="late").profile
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = path.stat().st_size / 2**20
    print(
        f"{path.name}: {size:.0f} MB, {found.rows} rows in {seconds:.0f} s ({size / seconds:.0f} MB/s); "
        f"memory {peak:.0f} MB, {idle:.0f} before"
    )


# ---------------------------------------------------------------- over HTTP


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            yield chunk


async def send(path: Path, size: int, url: str, nats: str, pid: int) -> None:
    """Uploads the file; prints a line of progress now and then, and at the end what it took."""
    from services.contracts.datasets import DatasetUploadMoved
    from services.runtime.bus import Bus
    from tests.benchmarks.registry_artifacts import Peak

    start, peak = time.perf_counter(), Peak(pid)
    seen = {"receiving": 0, "profiling": 0}
    received = 0.0

    async def follow(bus: Bus) -> None:
        nonlocal received
        told = start
        async with bus.hear(DatasetUploadMoved) as updates:
            while True:
                update = await updates.get()
                now = time.perf_counter()
                seen[update.phase] = seen.get(update.phase, 0) + 1
                if update.phase == "receiving":
                    received = now - start
                if now - told > SAY_SECONDS:
                    told = now
                    megabytes = update.received / 2**20
                    print(f"  {now - start:.0f} s: {update.phase}, {megabytes:.0f} MB, {update.rows} rows", flush=True)

    headers = {"content-length": str(size)}
    async with Bus.connect(nats, "benchmark") as bus, httpx.AsyncClient(timeout=None) as client:
        following = asyncio.create_task(follow(bus))
        with peak.watched():
            answer = await client.post(
                f"{url}/lifecycle/datasets/rows",
                params={"filename": path.name, "keys": "id", "target": "late"},
                content=_chunks(path),
                headers=headers,
            )
        following.cancel()
    assert answer.status_code == 200, answer.text
    seconds = time.perf_counter() - start
    found = answer.json()
    print(
        f"{path.name} over HTTP: {size / 2**20:.0f} MB, {found['rows']} rows in {seconds:.0f} s, {received:.0f} s of "
        f"it received ({size / 2**20 / seconds:.0f} MB/s); the registry's memory {peak.most:.0f} MB, {peak.before:.0f} "
        f"before; told {seen['receiving']} times while receiving, {seen['profiling']} while profiling"
    )


def over_http(path: Path, folder: Path) -> None:
    from tests.integration.registry.processes import RegistryProcess
    from tests.support.servers import running

    with running("mongod", folder / "mongo") as mongod, running("nats", folder / "nats") as nats:
        spool = folder / "spool"
        spool.mkdir()
        registry = RegistryProcess(mongod.url, nats.url, folder / "registry", {"TMPDIR": str(spool)})
        registry.start()
        try:
            asyncio.run(send(path, path.stat().st_size, registry.url, nats.url, registry.pid))
        finally:
            registry.stop()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--megabytes", type=int, nargs="+", default=[100, 1000])
    options.add_argument("--forms", nargs="+", choices=["csv", "parquet"], default=["csv", "parquet"])
    options.add_argument("--http", action="store_true", help="send each file to a registry")
    options.add_argument("--folder", type=Path, help="where there is room for twice the largest file")
    options.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.measure:
        measure(given.measure)
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        for megabytes in given.megabytes:
            for form in given.forms:
                path = Path(folder) / f"rows-{megabytes}.{form}"
                write(path, megabytes)
                if given.http:
                    over_http(path, Path(folder) / f"{megabytes}-{form}")
                else:
                    command = [sys.executable, "-m", "tests.benchmarks.dataset_profile", "--measure", str(path)]
                    subprocess.run(command, check=True)
                path.unlink()


if __name__ == "__main__":
    main()
