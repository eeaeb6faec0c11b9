"""Are all groups represented, and do two versions share rows? Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from services.contracts.errors import Invalid, TooLarge
from services.contracts.profiles import SKETCH_SIZE, ColumnProfile, GroupShare

SURE = 0.01
"""Probability below which chance is no explanation."""
MANY_GROUPS = 100
NORMAL_FROM = 25.0
"""n p (1 - p) from which the normal distribution stands for the binomial one (both tails within 1 %)."""
Z95 = 1.959964
_SPACE = 2.0**64

Digests = NDArray[np.uint64]


# ---------------------------------------------------------------- representation


def check_expected(expected: Mapping[str, float], least_ratio: float) -> None:
    """Raises Invalid for shares that can't be a population's."""
    if not 1 <= len(expected) <= MANY_GROUPS:
        raise Invalid(f"between 1 and {MANY_GROUPS} groups", field="expected")
    for group, share in expected.items():
        if not (math.isfinite(share) and 0 < share <= 1):
            raise Invalid(f"the share of {group!r} is {share}, not between 0 and 1", field=f"expected.{group}")
    if sum(expected.values()) > 1 + 1e-6:
        raise Invalid(f"the shares sum to {sum(expected.values()):.6g}, more than 1", field="expected")
    if not 0 < least_ratio <= 1:
        raise Invalid("least_ratio is between 0 and 1", field="least_ratio")


def groups(column: ColumnProfile, expected: Mapping[str, float], least_ratio: float) -> list[GroupShare]:
    """Each expected group, then those that nobody expected. Raises Invalid for a column without countable groups."""
    counts = {entry.value: entry.count for entry in column.top}
    there = column.rows - column.missing
    if column.top_approximate or (sum(counts.values()) < there and any(group not in counts for group in expected)):
        raise Invalid(
            f"the profile of {column.name!r} doesn't count every value: it has {column.distinct} different ones",
            field="column",
            fix="Check a column with fewer values, or register one with groups.",
        )
    if not there:
        raise Invalid(f"the column {column.name!r} has no values", field="column")
    found = [_group(group, share, counts.get(group, 0), there, least_ratio) for group, share in expected.items()]
    unknown = [
        GroupShare(group=group, expected=0.0, found=count / there, rows=count, p=1.0, verdict="unknown_group")
        for group, count in counts.items()
        if group not in expected
    ]
    return [*found, *unknown]


def _group(group: str, share: float, rows: int, there: int, least_ratio: float) -> GroupShare:
    p = chance(rows, there, share)
    ratio = rows / there / share
    if p >= SURE:
        verdict = "fits"
    elif rows == 0:
        verdict = "missing"
    else:
        verdict = "under" if ratio < least_ratio else "over" if ratio > 1 / least_ratio else "fits"
    return GroupShare(group=group, expected=share, found=rows / there, rows=rows, p=p, verdict=verdict)  # type: ignore[arg-type]  # one of its words


def chance(count: int, of: int, share: float) -> float:
    """Two-sided probability of at least this deviation from a binomial distribution: twice the smaller tail."""
    if share >= 1:
        return 1.0 if count == of else 0.0
    spread = of * share * (1 - share)
    if spread >= NORMAL_FROM:
        distance = max(abs(count - of * share) - 0.5, 0.0)
        return min(1.0, math.erfc(distance / math.sqrt(2 * spread)))
    if share > 0.5:
        count, share = of - count, 1 - share
    below = _at_most(count, of, share)
    return min(1.0, 2 * min(below, 1 - _at_most(count - 1, of, share)))


def _at_most(count: int, of: int, share: float) -> float:
    """P(X ≤ count); the distribution is narrow here, so few terms matter."""
    last = min(count, math.ceil(of * share + 40 * math.sqrt(NORMAL_FROM)))
    total = 0.0
    for k in range(last + 1):
        log = math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1)
        total += math.exp(log + k * math.log(share) + (of - k) * math.log1p(-share))
    return min(total, 1.0)


# ---------------------------------------------------------------- overlap


def digests_in(data: bytes, *, complete: bool) -> Digests:
    """Raises Invalid for what is no ascending list of 64-bit numbers, TooLarge."""
    if len(data) % 8:
        raise Invalid("digests have eight bytes each", field="digests")
    if len(data) > 8 * SKETCH_SIZE:
        raise TooLarge(f"at most {SKETCH_SIZE} digests", field="digests")
    digests = np.frombuffer(data, dtype="<u8").astype(np.uint64)
    if len(digests) > 1 and not (digests[1:] > digests[:-1]).all():
        raise Invalid("the digests don't ascend", field="digests")
    if not complete and len(digests) < SKETCH_SIZE:
        raise Invalid(f"fewer than {SKETCH_SIZE} digests, and yet not all", field="digests")
    return digests


class Shared:
    """How many distinct digests two sides have in common; an estimate if either isn't complete.

    All digests below the lower of the two thresholds are known on both sides: a sample by digest.
    """

    def __init__(self, left: tuple[Digests, bool], right: tuple[Digests, bool]) -> None:
        thresholds = [digests[-1] for digests, complete in (left, right) if not complete]
        self.approximate = bool(thresholds)
        self.left, self.right = _distinct(*left), _distinct(*right)
        if not thresholds:
            self.low = self.high = self.count = len(np.intersect1d(left[0], right[0], assume_unique=True))
            return
        least = min(thresholds)
        seen = len(np.intersect1d(left[0][left[0] <= least], right[0][right[0] <= least], assume_unique=True))
        scale = _SPACE / float(least)
        smaller = min(self.left, self.right)
        low, high = _poisson(seen)
        self.count = min(max(round(seen * scale), seen), smaller)
        self.low, self.high = min(max(round(low * scale), seen), smaller), min(round(high * scale), smaller)

    @property
    def share(self) -> float:
        return self.count / max(min(self.left, self.right), 1)


def _distinct(digests: Digests, complete: bool) -> int:
    return len(digests) if complete else round((len(digests) - 1) / (float(digests[-1]) / _SPACE))


def _poisson(seen: int) -> tuple[float, float]:
    """A 95 % interval of the mean of a Poisson count (Wilson and Hilferty's approximation)."""
    if seen == 0:
        return 0.0, 3.689
    low = seen * (1 - 1 / (9 * seen) - Z95 / (3 * math.sqrt(seen))) ** 3
    upper = seen + 1
    return max(low, 0.0), upper * (1 - 1 / (9 * upper) + Z95 / (3 * math.sqrt(upper))) ** 3


def overlap_columns(left: Sequence[str], right: Sequence[str], *, by_key: bool) -> None:
    """Raises Invalid unless rows (or keys) of both sides are made of the same columns."""
    if by_key and not (left and right):
        raise Invalid("keys weren't declared for both versions", field="by_key", fix="Add them with --key COLUMN.")
    if left and right and set(left) != set(right):
        odd = sorted(set(left) ^ set(right))[0]
        raise Invalid(
            f"the two don't have the same {'keys' if by_key else 'columns'}: {odd!r} is on one side only",
            field="right",
            fix="" if by_key else "Compare by a key that both have.",
        )
