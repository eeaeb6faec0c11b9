"""Which runs have nearly the same parameters: told from the columns of the index, for all runs at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from services.registry.search.columns import Array, Coded, Column, Dictionary, Mask, Rows, having

SLACK = 3
"""Parameters beyond `most` that a run may name without being passed over: its experiment may have defaults for them."""
FEW_PARAMS = 100
"""Below so many a byte a row holds how many differ."""
PRUNE_BELOW = 0.7
"""Rows are left out when fewer than this share of them can still be near."""


class Likeness(msgspec.Struct, frozen=True, kw_only=True):
    """Normalised values by parameter; those in `usual` are also had by a run that doesn't name the parameter.

    `digests`: of the datasets, sorted; None for any.
    """

    params: Mapping[str, str]
    usual: frozenset[str] = frozenset()
    digests: Sequence[str] | None = None
    most: int
    limit: int


class Normalised:
    """By code, a hash of each value of a dictionary in its one way to write it: values that mean the same share one."""

    def __init__(self, normalise: Callable[[str], str]) -> None:
        self._normalise = normalise
        self._hashes: dict[str, npt.NDArray[np.int64]] = {}

    def unknown(self, key: str, dictionary: Dictionary) -> int:
        """Values of the parameter that it hasn't seen."""
        return len(dictionary.values) - len(self._hashes.get(key, ()))

    def learn(self, key: str, dictionary: Dictionary) -> npt.NDArray[np.int64]:
        """May run in a thread of its own: values only come to a dictionary."""
        known = self._hashes.get(key, np.zeros(1, dtype=np.int64))
        new = dictionary.values[len(known) :]
        if new:
            hashes = np.fromiter((hash(self._normalise(value)) for value in new), dtype=np.int64, count=len(new))
            known = self._hashes[key] = np.concatenate([known, hashes])
        return known

    def same(self, key: str, dictionary: Dictionary, value: str, *, absent: bool) -> Mask:
        """By code, which values are `value`; `absent`: whether a missing one is, too."""
        answers: Mask = self.learn(key, dictionary) == hash(value)
        answers[0] = absent
        return answers


def nearest(
    wanted: Likeness,
    mask: Mask,
    columns: Mapping[str, Coded],
    about: tuple[Column, Column],
    normalised: Normalised,
    height: int,
) -> Rows:
    """Those of the rows in `mask` that differ in at most `most` parameters, nearest first, newest first among equally
    near ones.

    `about`: how many parameters rows name, and when they started.
    """
    rows: Rows | slice = slice(0, height)
    if np.count_nonzero(mask) < PRUNE_BELOW * height:
        rows, mask = np.flatnonzero(mask), mask[mask]
    kind = np.int8 if len(wanted.params) < FEW_PARAMS else np.int32
    differing: Array = np.where(mask, 0, wanted.most + 1).astype(kind)
    known = sorted(columns.keys() & wanted.params.keys(), key=lambda key: -len(columns[key].dictionary.values))
    differing += len(wanted.params.keys() - columns.keys() - wanted.usual)
    for key in known:
        answers = normalised.same(key, columns[key].dictionary, wanted.params[key], absent=key in wanted.usual)
        differing += (~having(columns[key].codes(rows, height), answers)).view(np.int8)
        near = differing <= wanted.most
        if np.count_nonzero(near) < PRUNE_BELOW * len(near):
            rows = np.flatnonzero(near) if isinstance(rows, slice) else rows[near]
            differing = differing[near]
    near = differing <= wanted.most
    chosen = np.flatnonzero(near) if isinstance(rows, slice) else rows[near]
    named, starts = about
    shared: Array = np.zeros(len(chosen), dtype=np.int32)
    for key in known:
        shared += columns[key].codes(chosen, height) > 0
    differing = differing[near] + (named.read(chosen, height) - shared)
    near = differing <= wanted.most + SLACK
    chosen, differing = chosen[near], differing[near]
    return chosen[np.lexsort([-starts.read(chosen, height), differing])[: wanted.limit]]
