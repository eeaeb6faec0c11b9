"""What `lifecycle dataset` reads from its command line, and the parts that a profile travels in."""

import msgspec
import pytest

from deploy.local.datasets import PART_BYTES, key_of, parts, shares
from deploy.local.problems import Problem
from services.contracts.datasets import DatasetKey
from services.contracts.profiles import COLUMNS_PER_MESSAGE, ColumnProfile, Profile, ValueCount


def profile(columns: int, values: int = 0) -> Profile:
    top = [ValueCount(value="x" * 100, count=number) for number in range(values)]
    return Profile(
        rows=1,
        column_count=columns,
        missing_cells=0,
        columns=[
            ColumnProfile(
                name=f"c{number}", type="category", stored_as="string", rows=1, missing=0, distinct=1, top=top
            )
            for number in range(columns)
        ],
    )


def test_a_version_is_a_name_with_or_without_its_digest() -> None:
    assert key_of("a@b@d") == DatasetKey(dataset="a@b", digest="d")
    assert key_of("flights") == DatasetKey(dataset="flights", digest="")


def test_shares_are_groups_with_numbers() -> None:
    assert shares(["women=0.51", "a=b=0.2"]) == {"women": 0.51, "a=b": 0.2}
    for text in ("women", "women=half", "="):
        with pytest.raises(Problem):
            shares([text])


@pytest.mark.parametrize(("columns", "values"), [(0, 0), (1, 0), (250, 0), (250, 100)])
def test_every_column_travels_once_in_parts_that_fit(columns: int, values: int) -> None:
    whole = profile(columns, values)
    found = parts(whole)
    assert [column.name for _, part, _ in found for column in part.columns] == [c.name for c in whole.columns]
    assert [last for _, _, last in found] == [False] * (len(found) - 1) + [True]
    position = 0
    for start, part, _ in found:
        assert start == position
        position += len(part.columns)
        assert len(part.columns) <= COLUMNS_PER_MESSAGE
        assert len(msgspec.msgpack.encode(part)) < PART_BYTES + 50_000
