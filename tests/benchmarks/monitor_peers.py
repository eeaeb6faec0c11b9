"""Bulk drift figures beside Evidently, NannyML, whylogs and alibi-detect, on one frame and one machine.

    make monitor-peers
    python -m tests.benchmarks.monitor_peers --rows 1000000 --reference 100000

15 numeric and 5 categorical columns; all figures of all features. Each peer runs as a process of its own in an
environment of its own (their packages can't share ours, nor each other's: docs/adr/0007); one that isn't installed, or
fails, says so in the table. Times are CPU seconds of one core, without imports and without reading the frame, so that
they compare; the best of several where they are short.

The floor is what counting can't do without: sorting blocks of each numeric column and looking 1,000 edges up in them,
and counting codes of each category.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from services.monitor.counts.arrow import columns_from_arrow
from services.monitor.counts.columns import Codes, Columns, Numbers
from services.monitor.references.rules import build_reference
from services.monitor.windows.rules import count_batch, drift, merge

NUMERIC, CATEGORICAL = 15, 5
SLICE, BLOCK, EDGES = 65_536, 32_768, 1_000
SMALL = 1_000
REPEATS = 5
ROOT = Path(__file__).parents[2]

PEERS = {
    "evidently (DataDriftPreset)": """
from evidently import Report
from evidently.presets import DataDriftPreset
def work(rows):
    Report([DataDriftPreset()]).run(rows, reference)
""",
    "nannyml (4 methods)": """
import nannyml
calculator = nannyml.UnivariateDriftCalculator(
    column_names=list(reference.columns), chunk_number=1,
    continuous_methods=["jensen_shannon", "kolmogorov_smirnov", "wasserstein", "hellinger"],
    categorical_methods=["jensen_shannon", "chi2", "l_infinity", "hellinger"])
calculator.fit(reference)
def work(rows):
    calculator.calculate(rows)
""",
    "whylogs (profile)": """
import whylogs
def work(rows):
    whylogs.log(rows).view()
""",
    "alibi-detect (TabularDrift)": """
from alibi_detect.cd import TabularDrift
def coded(frame):
    return np.column_stack([
        frame[c].astype(float) if frame[c].dtype.kind == "f" else pd.factorize(frame[c], sort=True)[0].astype(float)
        for c in frame.columns])
categories = {i: None for i, c in enumerate(reference.columns) if reference[c].dtype.kind != "f"}
detector = TabularDrift(coded(reference), p_val=0.05, categories_per_feature=categories)
current, small = coded(current), coded(small)
def work(rows):
    detector.predict(rows)
""",
}
HEAD = """
import sys, time, json, warnings, logging
warnings.simplefilter('ignore'); logging.disable(logging.WARNING)
import numpy as np
import pandas as pd
reference, current = pd.read_parquet(sys.argv[1]), pd.read_parquet(sys.argv[2])
small = current.iloc[:int(sys.argv[3])]
"""
TAIL = """
def timed(rows):
    began = time.process_time()
    work(rows)
    return time.process_time() - began
timed(small)
print(json.dumps({"bulk": timed(current), "small": min(timed(small) for _ in range(3))}))
"""


def frame(rows: int, seed: int) -> pa.Table:
    made = np.random.default_rng(seed)
    columns: dict[str, pa.Array] = {f"n{i}": pa.array(made.normal(size=rows)) for i in range(NUMERIC)}
    for i in range(CATEGORICAL):
        codes = made.integers(0, 4 + 4 * i, rows).astype(np.int32)
        columns[f"c{i}"] = pa.DictionaryArray.from_arrays(codes, [f"value-{j}" for j in range(4 + 4 * i)])
    return pa.table(columns)


def timed(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """CPU seconds, the best of several."""
    found = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def counted_barely(slices: list[Columns], edges: npt.NDArray[np.float64]) -> None:
    """The floor."""
    for columns in slices:
        for column in columns.by_name.values():
            if isinstance(column, Numbers):
                for start in range(0, len(column.values), BLOCK):
                    np.sort(column.values[start : start + BLOCK]).searchsorted(edges)
            elif isinstance(column, Codes):
                np.bincount(column.codes + 1)


def ours(reference: pa.Table, current: pa.Table) -> dict[str, float]:
    built = build_reference(columns_from_arrow(reference))
    starts = range(0, current.num_rows, SLICE)
    slices = [columns_from_arrow(current.slice(start, SLICE)) for start in starts]
    edges = np.quantile(reference.column("n0").to_numpy(), np.linspace(0, 1, EDGES))
    small = current.slice(0, SMALL)

    def whole() -> None:
        counted = (count_batch(built, columns_from_arrow(current.slice(start, SLICE))) for start in starts)
        drift(built, merge(counted))

    return {
        "floor": timed(lambda: counted_barely(slices, edges)),
        "bulk": timed(whole),
        "small": timed(lambda: drift(built, count_batch(built, columns_from_arrow(small))), 50),
    }


def peer(python: str, code: str, reference: Path, current: Path) -> dict[str, float] | str:
    """CPU seconds, or why there are none."""
    one_core = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(
        [python, "-c", HEAD + code + TAIL, str(reference), str(current), str(SMALL)],
        capture_output=True, text=True, check=False, env={**os.environ, **one_core},
    )  # fmt: skip
    if done.returncode == 0:
        figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
        return figures
    last = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no output"
    return f"failed: {last[:100]}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--reference", type=int, default=100_000)
    arguments.add_argument("--peers", default=str(ROOT / ".venv-peer-"), help="what precedes the environments' names")
    chosen = arguments.parse_args()
    with contextlib.suppress(AttributeError, OSError):  # one core, where the system can say so
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    reference, current = frame(chosen.reference, 1), frame(chosen.rows, 2)
    own = ours(reference, current)
    print(f"{chosen.rows:,} x {NUMERIC + CATEGORICAL} rows against {chosen.reference:,}; CPU seconds of one core")
    print(f"{'':32} {'bulk':>9} {'rows/s':>13} {'1,000 more':>11}")
    print(f"{'the floor: sort, look up, count':32} {own['floor']:9.3f} {chosen.rows / own['floor']:13,.0f}")
    print(
        f"{'this monitor, all figures':32} {own['bulk']:9.3f} {chosen.rows / own['bulk']:13,.0f} {own['small']:11.4f}"
        f"   {own['floor'] / own['bulk']:.0%} of the floor's speed",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        paths = Path(folder) / "reference.parquet", Path(folder) / "current.parquet"
        pq.write_table(reference, paths[0])
        pq.write_table(current, paths[1])
        for name, code in PEERS.items():
            python = Path(f"{chosen.peers}{name.split(' ', 1)[0]}") / "bin" / "python"
            took = peer(str(python), code, *paths) if python.exists() else "not installed: make monitor-peers"
            if isinstance(took, str):
                print(f"{name:32} {took}", flush=True)
            else:
                print(
                    f"{name:32} {took['bulk']:9.3f} {chosen.rows / took['bulk']:13,.0f} {took['small']:11.4f}"
                    f"   {took['bulk'] / own['bulk']:,.0f} x and {took['small'] / own['small']:,.0f} x ours",
                    flush=True,
                )


if __name__ == "__main__":
    main()
