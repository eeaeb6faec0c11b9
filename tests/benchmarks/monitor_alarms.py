"""How often the default rules speak up without drift, and how soon they find some: larger than the tests' simulation.

    python -m tests.benchmarks.monitor_alarms --windows 10000

Independent rows of 20 features, 15 numeric (normal, lognormal, exponential) and 5 categories of 3 to 60 values, against
a reference of 50,000; verdicts of single windows, before anything must persist. The bound is what a rate is below with
95 % confidence (Clopper & Pearson, 1934).
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.connection import Connection

import numpy as np
from scipy.special import betaincinv

from services.monitor.counts.columns import Columns
from services.monitor.references.rules import build_reference
from services.monitor.samples.rules import RowSample, encoded, multivariate, principal
from services.monitor.windows.rules import count_batch, judge
from services.monitor.windows.segment_drift import worst_drift
from services.monitor.windows.sliding import lasting_drift
from tests.unit.monitor.detectors.test_false_alarms import SHIFTABLE, rows


def in_parallel(tries: int, fires: Callable[[], bool], seeded: Callable[[int], None]) -> int:
    """How often it fires, tried in a process for each core."""
    context = multiprocessing.get_context("fork")
    workers = os.cpu_count() or 1
    shares = [tries // workers + (i < tries % workers) for i in range(workers)]

    def work(share: int, seed: int, end: Connection) -> None:
        seeded(seed)
        end.send(sum(fires() for _ in range(share)))

    ends = []
    for i, share in enumerate(shares):
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(share, 1_000 + i, theirs))
        process.start()
        ends.append((process, ours))
    found = sum(int(end.recv()) for _, end in ends)
    for process, _ in ends:
        process.join()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=10_000)
    most = parser.parse_args().windows
    rng = np.random.default_rng(7)
    whole = rows(rng, 50_000)
    reference = build_reference(whole, segments=["c1"])
    model = principal(RowSample(np.arange(2_000, dtype=np.uint64), encoded(reference, whole.pick(slice(0, 2_000)))))
    assert model is not None

    def reseed(seed: int) -> None:
        rng.bit_generator.state = np.random.default_rng(seed).bit_generator.state

    def told(what: str, tries: int, fires: Callable[[], bool]) -> None:
        found = in_parallel(tries, fires, reseed)
        most_likely = 1.0 if found == tries else float(betaincinv(found + 1, tries - found, 0.95))
        print(f"{what:66} {found:>6} of {tries:>6,}   at most {most_likely:.2%}", flush=True)

    print("without drift: fired")

    def fires(size: int) -> bool:
        return judge(reference, count_batch(reference, rows(rng, size))).firing

    told("  a window of 100 rows, features", most, lambda: fires(100))
    told("  a window of 1,000 rows, features", most, lambda: fires(1_000))
    told("  a window of 5,000 rows, features", most // 4, lambda: fires(5_000))
    days = [count_batch(reference, rows(rng, 500)) for _ in range(most // 2)]

    def week() -> bool:
        number = int(rng.integers(6, len(days)))
        return any(figure.drifted for figure in lasting_drift(reference, days[number - 6 : number + 1], 7))

    told("  seven windows of 500 rows together, sliding", most // 4, week)
    told("  a window of 1,000 rows, worst of 7 segments x 19 features", most // 2,
         lambda: worst_drift(reference, count_batch(reference, rows(rng, 1_000))) is not None)  # fmt: skip

    def together() -> bool:
        drawn: Columns = rows(rng, 256)
        figures = multivariate(model, RowSample(np.arange(256, dtype=np.uint64), encoded(reference, drawn)))
        return figures is not None and figures.drifted

    told("  256 sampled rows, features together", most, together)
    print("with drift: found")

    def one() -> bool:
        name = SHIFTABLE[int(rng.integers(len(SHIFTABLE)))]
        return judge(reference, count_batch(reference, rows(rng, 5_000, **{name: 0.2}))).drifted == [name]

    told("  0.2 sigma in one feature, 5,000 rows: that one and no other", most // 10, one)
    three = dict.fromkeys(SHIFTABLE[:3], 0.1)
    told("  0.1 sigma in three features, 10,000 rows", most // 10,
         lambda: judge(reference, count_batch(reference, rows(rng, 10_000, **three))).firing)  # fmt: skip

    def slowly() -> bool:
        parts = [count_batch(reference, rows(rng, 700, n0=0.2)) for _ in range(7)]
        return "n0" in {figure.feature for figure in lasting_drift(reference, parts, 7) if figure.drifted}

    told("  0.2 sigma in one feature, seven windows of 700 rows together", most // 20, slowly)


if __name__ == "__main__":
    main()
