"""A monitor that records what it is sent, and a few days of real flights."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from deploy.demo.flights import load_flights
from deploy.demo.replay import Replay
from tests.integration.demo.recorder import RecordingMonitor


@pytest.fixture
def monitor() -> Iterator[RecordingMonitor]:
    """A monitor on a free loopback port."""
    with RecordingMonitor() as recording:
        yield recording


@pytest.fixture(scope="session")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """The last two days of March as training period, the first two of April as replay."""
    year = load_flights(tmp_path_factory.mktemp("flights"))
    first_of_april = int(pc.index(year["month"], pa.scalar(4, pa.int8())).as_py())
    flights = year.slice(first_of_april - 1_800, 3_800)
    score = np.linspace(0, 1, flights.num_rows)
    scores = pa.table({"score": score, "prediction": pa.array(score >= 0.5).cast(pa.int8())})
    return Replay(flights, scores, "abc")
