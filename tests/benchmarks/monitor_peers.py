"""Bulk drift figures beside Evidently, NannyML, whylogs and alibi-detect, on one frame and one machine.

    for peer in evidently nannyml whylogs alibi-detect; do
        uv venv peers/$peer && uv pip install --python peers/$peer/bin/python $peer "pandas<3" pyarrow "setuptools<80"
    done
    python -m tests.benchmarks.monitor_peers --rows 1000000 --reference 100000 --peers peers

15 numeric and 5 categorical columns; all figures of all features. Each peer runs as a process of its own in the
environment of its own (their packages can't share ours, nor each other's: docs/adr/0007); one that isn't installed says
so in the table. Times are CPU seconds without imports and without reading the frame, so that they compare.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from services.monitor.counts.arrow import columns_from_arrow
from services.monitor.references.rules import build_reference
from services.monitor.windows.rules import count_batch, drift, merge

NUMERIC, CATEGORICAL = 15, 5
SLICE = 65_536

PEERS = {
    "evidently (DataDriftPreset)": """
from evidently import Report
from evidently.presets import DataDriftPreset
reference, current = pd.read_parquet(sys.argv[1]), pd.read_parquet(sys.argv[2])
def work():
    Report([DataDriftPreset()]).run(current, reference)
""",
    "nannyml (4 methods)": """
import nannyml
reference, current = pd.read_parquet(sys.argv[1]), pd.read_parquet(sys.argv[2])
calculator = nannyml.UnivariateDriftCalculator(
    column_names=list(reference.columns), chunk_number=1,
    continuous_methods=["jensen_shannon", "kolmogorov_smirnov", "wasserstein", "hellinger"],
    categorical_methods=["jensen_shannon", "chi2", "l_infinity", "hellinger"])
calculator.fit(reference)
def work():
    calculator.calculate(current)
""",
    "whylogs (profile)": """
import whylogs
current = pd.read_parquet(sys.argv[2])
def work():
    whylogs.log(current).view()
""",
    "alibi-detect (TabularDrift)": """
from alibi_detect.cd import TabularDrift
reference, current = pd.read_parquet(sys.argv[1]), pd.read_parquet(sys.argv[2])
def coded(frame):
    return np.column_stack([
        frame[c].astype(float) if frame[c].dtype.kind == "f" else pd.factorize(frame[c], sort=True)[0].astype(float)
        for c in frame.columns])
categories = {i: None for i, c in enumerate(reference.columns) if reference[c].dtype.kind != "f"}
detector = TabularDrift(coded(reference), p_val=0.05, categories_per_feature=categories)
x = coded(current)
def work():
    detector.predict(x)
""",
}
HEAD = "import sys, time, json, warnings\nwarnings.simplefilter('ignore')\nimport numpy as np\nimport pandas as pd\n"
TAIL = "\nbegan = time.process_time()\nwork()\nprint(json.dumps(time.process_time() - began))\n"


def frame(rows: int, seed: int) -> pa.Table:
    made = np.random.default_rng(seed)
    columns: dict[str, pa.Array] = {f"n{i}": pa.array(made.normal(size=rows)) for i in range(NUMERIC)}
    for i in range(CATEGORICAL):
        codes = made.integers(0, 4 + 4 * i, rows).astype(np.int32)
        columns[f"c{i}"] = pa.DictionaryArray.from_arrays(codes, [f"value-{j}" for j in range(4 + 4 * i)])
    return pa.table(columns)


def timed(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def ours(reference: pa.Table, current: pa.Table) -> tuple[float, float, float]:
    """CPU seconds: counting alone (the floor), counting with all figures, one more batch of 1,000 rows with them."""
    built = build_reference(columns_from_arrow(reference))
    slices = [columns_from_arrow(current.slice(start, SLICE)) for start in range(0, current.num_rows, SLICE)]
    count_batch(built, slices[0])

    def count() -> None:
        for part in slices:
            count_batch(built, part)

    def whole() -> None:
        starts = range(0, current.num_rows, SLICE)
        counted = (count_batch(built, columns_from_arrow(current.slice(start, SLICE))) for start in starts)
        drift(built, merge(counted))

    small = current.slice(0, 1_000)
    return timed(count), timed(whole), timed(lambda: drift(built, count_batch(built, columns_from_arrow(small))))


def peer(python: str, code: str, reference: Path, current: Path) -> float | str:
    """CPU seconds, or why there are none."""
    done = subprocess.run(
        [python, "-c", HEAD + code + TAIL, str(reference), str(current)], capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return float(json.loads(done.stdout.strip().splitlines()[-1]))
    last = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no output"
    return f"failed: {last[:100]}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--reference", type=int, default=100_000)
    arguments.add_argument("--peers", type=Path, default=Path("peers"), help="folder of the peers' environments")
    chosen = arguments.parse_args()
    reference, current = frame(chosen.reference, 1), frame(chosen.rows, 2)
    floor, bulk, small = ours(reference, current)
    print(f"{chosen.rows:,} x {NUMERIC + CATEGORICAL} rows against {chosen.reference:,}; CPU seconds")
    print(f"{'counting alone':32} {floor:9.3f}   {chosen.rows / floor:14,.0f} rows/s")
    print(f"{'this monitor, all figures':32} {bulk:9.3f}   {chosen.rows / bulk:14,.0f} rows/s")
    print(f"{'this monitor, 1,000 rows more':32} {small:9.4f}")
    with tempfile.TemporaryDirectory() as folder:
        paths = Path(folder) / "reference.parquet", Path(folder) / "current.parquet"
        pq.write_table(reference, paths[0])
        pq.write_table(current, paths[1])
        for name, code in PEERS.items():
            python = chosen.peers / name.split(" ", 1)[0] / "bin" / "python"
            took = peer(str(python), code, *paths) if python.exists() else "not installed"
            if isinstance(took, str):
                print(f"{name:32} {took}")
            else:
                print(f"{name:32} {took:9.3f}   {took / bulk:14,.1f} x ours")


if __name__ == "__main__":
    main()
