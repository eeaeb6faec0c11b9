"""The real flights, joined once for all tests of the folder."""

from pathlib import Path

import pyarrow as pa
import pytest

from deploy.demo.flights import load_flights


@pytest.fixture(scope="session")
def flights(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """All flights of 2013, as `load_flights` gives them."""
    cache: Path = tmp_path_factory.mktemp("flights")
    return load_flights(cache)
