"""How often the default rules speak up without drift, and how soon they find some: larger than the tests' simulation.

    python -m tests.benchmarks.monitor_alarms --windows 10000

Independent rows of 20 features, 15 numeric (normal, lognormal, exponential) and 5 categories of 3 to 60 values, against
a reference of 50,000; verdicts of single windows, before anything must persist. Bounds with 95 % confidence (Clopper &
Pearson, 1934): without drift what the rate is at most, with drift what it is at least.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read once, as numpy is imported: a process for each core works

import numpy as np
from scipy.special import betaincinv

from services.monitor.counts.counting import BatchCounts
from services.monitor.counts.drift import DriftFigures, Sample, drift_figures
from services.monitor.detectors.rules import Verdict, natural_limits, verdict
from services.monitor.references.rules import Reference, build_reference
from services.monitor.samples.rules import Principal, RowSample, encoded, multivariate, principal
from services.monitor.windows.rules import count_batch
from services.monitor.windows.segment_drift import worst_drift
from services.monitor.windows.sliding import lasting_drift
from tests.unit.monitor.detectors.test_false_alarms import SHIFTABLE, rows

CHUNK = 100
"""Tries of one piece of work, each with a seed of its own: the figures don't depend on how many cores there are."""
TOGETHER = 20
"""Windows whose figures are computed at once, a third of what one by one takes."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class World:
    """What all windows are compared with; `parted` counts by segment, too."""

    plain: Reference
    parted: Reference
    model: Principal


Tries = Callable[[World, np.random.Generator, int], Sequence[int]]


@dataclass(frozen=True)
class Question:
    """`names`: what is counted, one a line; `tries`: how often each of them in so many tries."""

    names: tuple[str, ...]
    wanted: int
    tries: Tries
    drifting: bool = False


def verdicts(reference: Reference, counts: Sequence[BatchCounts]) -> list[Verdict]:
    """As `detectors.rules.judge` of each: the figures of many windows in one piece, the verdict of each by itself."""
    found = []
    for start in range(0, len(counts), TOGETHER):
        samples = [Sample.of(each) for each in counts[start : start + TOGETHER]]
        together = Sample(
            np.stack([each.cells for each in samples]),
            np.stack([each.categories for each in samples]),
            np.stack([each.beyond for each in samples]),
        )
        figures = drift_figures(reference.grid, reference.sample, together)
        for i in range(len(samples)):
            one = DriftFigures(*(getattr(figures, field.name)[i] for field in fields(DriftFigures)))
            found.append(verdict(reference, one, natural_limits(reference)))
    return found


def quiet(size: int) -> Tries:
    def tries(world: World, rng: np.random.Generator, many: int) -> Sequence[int]:
        counts = [count_batch(world.plain, rows(rng, size)) for _ in range(many)]
        return [sum(each.firing for each in verdicts(world.plain, counts))]

    return tries


def parted(world: World, rng: np.random.Generator, many: int) -> Sequence[int]:
    counts = [count_batch(world.parted, rows(rng, 1_000)) for _ in range(many)]
    return [
        sum(each.firing for each in verdicts(world.parted, counts)),
        sum(worst_drift(world.parted, each) is not None for each in counts),
    ]


def weeks(world: World, rng: np.random.Generator, many: int) -> Sequence[int]:
    days = [count_batch(world.plain, rows(rng, 500)) for _ in range(many + 6)]
    drifted = [lasting_drift(world.plain, days[i : i + 7], 7) for i in range(many)]
    return [sum(any(figure.drifted for figure in week) for week in drifted)]


def together(world: World, rng: np.random.Generator, many: int) -> Sequence[int]:
    found = 0
    for _ in range(many):
        sample = RowSample(np.arange(256, dtype=np.uint64), encoded(world.plain, rows(rng, 256)))
        figures = multivariate(world.model, sample)
        found += figures is not None and figures.drifted
    return [found]


def one_feature(world: World, rng: np.random.Generator, many: int) -> Sequence[int]:
    names = [SHIFTABLE[int(i)] for i in rng.integers(len(SHIFTABLE), size=many)]
    counts = [count_batch(world.plain, rows(rng, 5_000, **{name: 0.2})) for name in names]
    judged = verdicts(world.plain, counts)
    return [
        sum(name in each.drifted for name, each in zip(names, judged, strict=True)),
        sum([name] == each.drifted for name, each in zip(names, judged, strict=True)),
    ]


def three_features(world: World, rng: np.random.Generator, many: int) -> Sequence[int]:
    shifts = dict.fromkeys(SHIFTABLE[:3], 0.1)
    counts = [count_batch(world.plain, rows(rng, 10_000, **shifts)) for _ in range(many)]
    return [sum(each.firing for each in verdicts(world.plain, counts))]


def slowly(world: World, rng: np.random.Generator, many: int) -> Sequence[int]:
    found = 0
    for _ in range(many):
        parts = [count_batch(world.plain, rows(rng, 700, n0=0.2)) for _ in range(7)]
        found += "n0" in {figure.feature for figure in lasting_drift(world.plain, parts, 7) if figure.drifted}
    return [found]


def questions(windows: int, detections: int) -> list[Question]:
    return [
        Question(("a window of 100 rows",), windows, quiet(100)),
        Question(
            ("a window of 1,000 rows", "a window of 1,000 rows, its worst of 7 segments x 19 features"), windows, parted
        ),
        Question(("a window of 5,000 rows",), max(windows // 4, 1), quiet(5_000)),
        Question(("seven windows of 500 rows together, sliding",), max(windows // 4, 1), weeks),
        Question(("256 sampled rows, features together",), windows, together),
        Question(
            ("0.2 sigma in one feature, 5,000 rows", "  that one and no other"), detections, one_feature, drifting=True
        ),
        Question(("0.1 sigma in three features, 10,000 rows",), detections, three_features, drifting=True),
        Question(
            ("0.2 sigma in one feature, seven windows of 700 rows together",), detections // 2, slowly, drifting=True
        ),
    ]


def made_world() -> World:
    whole = rows(np.random.default_rng(7), 50_000)
    plain = build_reference(whole)
    sample = RowSample(np.arange(2_000, dtype=np.uint64), encoded(plain, whole.pick(slice(0, 2_000))))
    model = principal(sample)
    assert model is not None
    return World(plain, build_reference(whole, segments=["c1"]), model)


def bound(found: int, tries: int, *, least: bool) -> float:
    """One-sided Clopper–Pearson; without a hit in n tries, 3/n (the rule of three) to the first digits."""
    if least:
        return 0.0 if found == 0 else float(betaincinv(found, tries - found + 1, 1 - CONFIDENCE))
    return 1.0 if found == tries else float(betaincinv(found + 1, tries - found, CONFIDENCE))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=10_000, help="without drift")
    parser.add_argument("--detections", type=int, default=1_000, help="windows with drift")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    began = time.perf_counter()
    world = made_world()
    asked = questions(arguments.windows, arguments.detections)

    def work(piece: tuple[int, int, int]) -> Sequence[int]:
        number, chunk, many = piece
        return asked[number].tries(world, np.random.default_rng([1_000, number, chunk]), many)

    global _work  # inherited by the forked workers, the reference with it
    _work = work
    pieces = [
        (number, chunk, min(CHUNK, question.wanted - chunk * CHUNK))
        for number, question in enumerate(asked)
        for chunk in range(-(-question.wanted // CHUNK))
    ]
    totals = [[0] * len(question.names) for question in asked]
    print(f"{'':80}{'times':>7} {'of':>8}   95 % bound")
    with multiprocessing.get_context("fork").Pool(arguments.processes) as pool:
        for piece, found in zip(pieces, pool.imap(_carry_out, pieces), strict=True):
            number, chunk, _ = piece
            totals[number] = [a + b for a, b in zip(totals[number], found, strict=True)]
            question = asked[number]
            if (chunk + 1) * CHUNK < question.wanted:
                continue  # its last piece, in order, tells the whole
            for name, times in zip(question.names, totals[number], strict=True):
                limit = bound(times, question.wanted, least=question.drifting)
                what = f"{'drift found' if question.drifting else 'no drift, fired'}: {name}"
                told = f"{'at least' if question.drifting else 'at most'} {limit:.2%}"
                print(f"{what:80}{times:>7,} {question.wanted:>8,}   {told}", flush=True)
    print(f"{time.perf_counter() - began:.0f} s in {arguments.processes} processes")


_work: Callable[[tuple[int, int, int]], Sequence[int]]


def _carry_out(piece: tuple[int, int, int]) -> Sequence[int]:
    return _work(piece)


if __name__ == "__main__":
    main()
