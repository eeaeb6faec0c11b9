"""Which flights are for training, validation and the sealed holdout, and which are replayed."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from deploy.demo.flights import LABEL

LAST_TRAINING_MONTH: Final = 3
VALIDATION_SHARE: Final = 0.1
HOLDOUT_SHARE: Final = 0.2
_SEED: Final = 2013


@dataclass(frozen=True, slots=True)
class Splits:
    """Row numbers, ascending. `training`, `validation` and `holdout` are disjoint and hold labelled rows only.

    The training period is every row before `replayed_from`, labelled or not; the replay is every row from there on.
    """

    training: pa.Array
    validation: pa.Array
    holdout: pa.Array
    replayed_from: int


def split(flights: pa.Table) -> Splits:
    """Splits January to March at random by row, the same way every time for the same table.

    At random, as is usual for a first model: hours of the same bad weather stand on both sides, so validation and
    holdout look better than any later month. The replay shows it.
    """
    early = pc.less_equal(flights["month"], LAST_TRAINING_MONTH).to_numpy()
    usable = early & flights[LABEL].is_valid().to_numpy()
    draw = np.random.default_rng(_SEED).random(flights.num_rows)
    held_out = draw >= 1 - HOLDOUT_SHARE
    validated = ~held_out & (draw >= 1 - HOLDOUT_SHARE - VALIDATION_SHARE)
    return Splits(
        training=_rows(usable & ~held_out & ~validated),
        validation=_rows(usable & validated),
        holdout=_rows(usable & held_out),
        replayed_from=int(early.sum()),
    )


def _rows(mask: npt.NDArray[np.bool_]) -> pa.Array:
    return pa.array(np.flatnonzero(mask))
