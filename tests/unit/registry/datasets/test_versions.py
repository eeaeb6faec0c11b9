"""Versions keep what is known, seals hold, features are columns."""

import pytest

from services.contracts.datasets import DatasetKey, DescribeSource, Feature, Field, RegisterDataset, Split
from services.contracts.errors import Conflict, Invalid, NotAllowedNow, TooLarge
from services.contracts.registry import DatasetRef
from services.registry.datasets import mlflow, source, version
from services.registry.datasets.rules import Dataset
from services.registry.datasets.version import Version

COLUMNS = [Field(name="age", type="int64"), Field(name="late", type="bool")]


def request(**changes: object) -> RegisterDataset:
    values: dict[str, object] = {"dataset": "flights", "digest": "d1", "columns": COLUMNS, **changes}
    return RegisterDataset(**values)  # type: ignore[arg-type]


def registered(**changes: object) -> Version:
    asked = request(**changes)
    version.check(asked)
    return version.registered(asked, 1, 1000, "anna")[0]


def key(digest: str) -> DatasetKey:
    return DatasetKey(dataset="flights", digest=digest)


def part(digest: str, role: str = "test", *, sealed: bool = False) -> Split:
    return Split(role=role, dataset="flights", digest=digest, sealed=sealed)  # type: ignore[arg-type]


def test_a_version_is_named_by_its_content() -> None:
    assert registered().id == "flights@d1"
    assert version.parse_id("a@b@d1") == DatasetKey(dataset="a@b", digest="d1")


def test_registering_again_adds_what_is_new_and_takes_nothing_away() -> None:
    before = registered(location="s3://here", parents=[key("d0")])
    more = request(location="elsewhere", parents=[key("x")], rows=10, description="flights of May")
    after, event = version.enriched(before, more, "ben")
    assert (after.location, after.rows, after.description) == ("s3://here", 10, "flights of May")
    assert after.parent_ids == ["flights@d0", "flights@x"]
    assert event is not None
    assert (event.parents, after.v) == (after.parents, 2)
    assert version.enriched(after, more, "ben") == (after, None)


def test_what_mlflow_named_first_is_a_file_once_the_file_was_read() -> None:
    before = registered(origin="mlflow")
    assert version.enriched(before, request(origin="file", sha256="ab"), "ben")[0].origin == "file"
    assert version.enriched(registered(origin="file"), request(origin="mlflow"), "ben")[0].origin == "file"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"dataset": ""}, "dataset"),
        ({"dataset": " flights"}, "dataset"),
        ({"dataset": "a\nb"}, "dataset"),
        ({"dataset": "ä" * 501}, "dataset"),
        ({"digest": "a b"}, "digest"),
        ({"digest": ""}, "digest"),
        ({"parents": [key("d1")]}, "parents[0]"),
        ({"keys": ["id"]}, "keys"),
        ({"target": "y"}, "target"),
        ({"columns": [*COLUMNS, COLUMNS[0]]}, "columns"),
        ({"rows": -1}, "rows"),
    ],
)
def test_a_bad_registration_is_refused(changes: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        version.check(request(**changes))
    assert refused.value.field == field


def test_too_much_is_refused() -> None:
    with pytest.raises(TooLarge):
        version.check(request(description="x" * 10_001))
    with pytest.raises(TooLarge):
        version.check(request(parents=[key(f"p{number}") for number in range(101)]))


def test_a_seal_cant_be_broken_or_left_out() -> None:
    whole, event = version.split(registered(), [part("tr", "train"), part("te", sealed=True)], None)
    assert event.splits[1].sealed
    for splits in ([part("tr", "train"), part("te")], [part("tr", "train")]):
        with pytest.raises(NotAllowedNow, match="sealed") as refused:
            version.split(whole, splits, None)
        assert refused.value.code == "SEALED"
    again, _ = version.split(whole, [part("te", sealed=True), part("va", "validation")], whole.revision)
    assert again.split_ids == ["flights@te", "flights@va"]


def test_splits_that_cant_be_are_refused() -> None:
    whole = registered()
    for splits in ([], [part("d1")], [part("a"), part("a", "train")], [part("a b")]):
        with pytest.raises(Invalid):
            version.split(whole, splits, None)
    with pytest.raises(Conflict, match="changed meanwhile"):
        version.split(whole, [part("a")], 7)


def test_features_are_columns_and_say_which_wont_be_there() -> None:
    features = [
        Feature(name="age", origin="birthday", at_inference=False),
        Feature(name="gone", dropped_because="no importance"),
    ]
    after, event = version.featured(registered(), features, "late", 1)
    assert (event.features, event.with_origin, event.not_at_inference, event.dropped) == (1, 1, ["age"], ["gone"])
    assert after.target == "late"
    with pytest.raises(Invalid, match="no column 'nose'"):
        version.featured(after, [Feature(name="nose")], None, None)
    with pytest.raises(Invalid, match="twice"):
        version.featured(after, [Feature(name="age"), Feature(name="age")], None, None)


def test_mlflows_schema_size_and_source_are_read() -> None:
    dataset = Dataset(
        id="x",
        experiment_id="1",
        name="flights",
        digest="d1",
        source_type="http",
        source='{"url": "https://data/flights.csv"}',
        schema='{"mlflow_colspec": [{"type": "long", "name": "age", "required": true}, {"type": "string"}]}',
        profile='{"num_rows": 12, "num_elements": 24}',
    )
    found = mlflow.registration(DatasetRef(name="flights", digest="d1"), dataset)
    assert (found.location, found.rows, found.format) == ("https://data/flights.csv", 12, "http")
    assert found.columns == [Field(name="age", type="long", nullable=False)]


@pytest.mark.parametrize("text", [None, "", "no JSON", "[]", "3", '{"mlflow_colspec": 3}', '{"mlflow_colspec": [1]}'])
def test_a_schema_that_cant_be_read_is_none(text: str | None) -> None:
    assert mlflow.columns(text) == []


def test_a_source_says_what_is_missing() -> None:
    asked = DescribeSource(source="census", owner="BfS", licence="CC BY 4.0", personal_data="personal")
    made, event = source.described(None, asked, 1000, "anna")
    assert event is not None
    assert source.missing(made) == event.missing == ["legal_basis", "refresh", "protection"]
    assert "protection" not in source.missing(source.described(None, DescribeSource(source="x"), 1, "a")[0])


def test_a_source_changes_only_by_who_has_seen_it() -> None:
    made, _ = source.described(None, DescribeSource(source="census"), 1000, "anna")
    with pytest.raises(Conflict) as refused:
        source.described(made, DescribeSource(source="census", owner="BfS"), 1000, "anna")
    assert refused.value.code == "ALREADY_EXISTS"
    with pytest.raises(Conflict):
        source.described(made, DescribeSource(source="census", owner="BfS", expected=2), 1000, "anna")
    after, event = source.described(made, DescribeSource(source="census", owner="BfS", expected=1), 2000, "ben")
    assert (after.owner, after.revision, after.created) == ("BfS", 2, 1000)
    assert event is not None
    assert source.described(after, DescribeSource(source="census", owner="BfS", expected=2), 3, "x") == (after, None)
    with pytest.raises(TooLarge):
        source.described(None, DescribeSource(source="x", licence="l" * 4001), 1, "anna")
