"""Addresses of storage: what lies below one, and local ones."""

from pathlib import Path

import pytest

from services.registry.local_paths import resolved
from services.registry.locations import below


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("mlflow-artifacts:/1", "mlflow-artifacts:/1/r/artifacts"),
        ("s3://bucket/place/", "s3://bucket/place/r/artifacts"),
        ("s3://bucket/place?by=me", "s3://bucket/place/r/artifacts?by=me"),
        ("s3://bucket?by=me", "s3://bucket/r/artifacts?by=me"),
        ("/data/a?b", "/data/a?b/r/artifacts"),
        ("file:///data", "file:///data/r/artifacts"),
        ("file:/data", "file:///data/r/artifacts"),
        ("/data//x//", "/data//x//r/artifacts"),
        ("mlflow-artifacts:///x", "mlflow-artifacts:/x/r/artifacts"),
        ("mlflow-artifacts:", "mlflow-artifacts:/r/artifacts"),
        ("s3:///bucket", "s3:/bucket/r/artifacts"),
        ("S3://bucket", "s3://bucket/r/artifacts"),
    ],
)
def test_a_path_goes_below_a_location_as_mlflow_writes_it(location: str, expected: str) -> None:
    assert below(location, "r/artifacts") == expected


@pytest.mark.parametrize("location", ["", "s3://bucket/x", "mlflow-artifacts:/1", "/data", "file:///data", "dbfs:/x"])
def test_what_is_absolute_stays_as_it_is(location: str) -> None:
    assert resolved(location) == location


def test_local_paths_become_absolute() -> None:
    here = Path.cwd().as_posix()
    assert resolved("here/x") == f"{here}/here/x"
    assert resolved("file:here/x") == f"file://{here}/here/x"
    assert resolved("what?not#all") == f"{here}/what?not#all"
    assert resolved("./a//b") == f"{here}/a/b"
    assert resolved(".") == here
