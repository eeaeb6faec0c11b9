import zlib

import numpy as np
import pytest

from services.monitor.counts.columns import columns_from_lists
from services.monitor.counts.counting import count_columns
from services.monitor.counts.packing import pack, unpack
from tests.unit.monitor.counts.test_counting import GRID


@pytest.mark.parametrize("rows", [0, 3, 200, 40_000])
def test_packed_counts_come_back_as_they_were(rows: int) -> None:
    counts = count_columns(
        GRID,
        columns_from_lists({"n": [0.5] * rows, "c": ["new"] * rows, "extra": [1] * rows, "@latency": [2.5] * rows}),
    )
    back = unpack(pack(counts))
    for name in ("cells", "categories", "tallies", "moments"):
        np.testing.assert_array_equal(getattr(back, name), getattr(counts, name))
        assert getattr(back, name).dtype == getattr(counts, name).dtype
    assert (back.digest, back.rows, back.unseen, back.unknown, back.service) == (
        counts.digest,
        counts.rows,
        counts.unseen,
        counts.unknown,
        counts.service,
    )


@pytest.mark.parametrize("data", [b"", b"nonsense", zlib.compress(b"\x93\x01\x02\x03")])
def test_bytes_that_are_no_counts_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not packed counts"):
        unpack(data)
