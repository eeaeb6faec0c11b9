"""How much memory and time a profile takes: files of growing size, each read by a process of its own.

python -m tests.benchmarks.dataset_profile --megabytes 100 1000
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

ROWS = 100_000


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


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--megabytes", type=int, nargs="+", default=[100, 1000])
    options.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.measure:
        measure(given.measure)
        return
    with tempfile.TemporaryDirectory() as folder:
        for megabytes in given.megabytes:
            for form in ("csv", "parquet"):
                path = Path(folder) / f"rows-{megabytes}.{form}"
                write(path, megabytes)
                command = [sys.executable, "-m", "tests.benchmarks.dataset_profile", "--measure", str(path)]
                subprocess.run(command, check=True)
                path.unlink()


if __name__ == "__main__":
    main()
