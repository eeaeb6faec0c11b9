"""Ids become the same 64 bits wherever and however they are hashed."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from services.monitor.labels.hashing import BLOCK, hash_ids


def test_a_known_id_has_the_same_hash_for_ever() -> None:
    assert hash_ids(pa.array(["a", "", "ab"])).tolist() == [
        10239727397923193959,
        16294208416658607535,
        13856974856298153943,
    ]


def test_a_hundred_thousand_ids_of_each_common_form_have_different_hashes() -> None:
    for made in (
        [str(i) for i in range(100_000)],
        [f"order-{i:09d}" for i in range(100_000)],
        ["x" * (i % 97) + str(i) for i in range(100_000)],
    ):
        assert len(np.unique(hash_ids(pa.array(made)))) == len(made)


@given(st.lists(st.text(max_size=40), min_size=1, max_size=30), st.integers(0, 29))
def test_an_id_hashes_alike_alone_in_company_and_in_a_slice(ids: list[str], start: int) -> None:
    together = hash_ids(pa.array(ids, pa.string()))
    alone = np.array([hash_ids(pa.array([one], pa.string()))[0] for one in ids])
    assert (together == alone).all()
    start = min(start, len(ids) - 1)
    assert (hash_ids(pa.array(ids, pa.string()).slice(start)) == together[start:]).all()


def test_blocks_of_rows_hash_like_single_rows() -> None:
    ids = pa.array([f"{i}" * (1 + i % 3) for i in range(BLOCK + 10)])
    assert hash_ids(ids)[BLOCK + 3] == hash_ids(ids.slice(BLOCK + 3, 1))[0]
