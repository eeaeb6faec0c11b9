"""A file's profile: what is in it, whatever its format; and what is no table is refused in words."""

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest

from services.contracts.errors import Invalid, TooLarge
from services.contracts.profiles import ColumnProfile, Profile
from services.profiling import reading
from services.profiling.reading import Profiled, digest_of, format_of, profiled, sha256_of

RANDOM = np.random.default_rng(7)
ROWS = 3000
TABLE = pa.table(
    {
        "age": pa.array(RANDOM.integers(18, 90, ROWS)),
        "income": pa.array(np.where(RANDOM.random(ROWS) < 0.1, np.nan, RANDOM.lognormal(8, 1, ROWS)), from_pandas=True),
        "city": pa.array(RANDOM.choice(["Bern", "Oslo", "Rom"], ROWS, p=[0.6, 0.3, 0.1])),
        "name": pa.array([f"person {number}" for number in range(ROWS)]),
        "late": pa.array(RANDOM.random(ROWS) < 0.5),
        "when": pa.array(np.datetime64("2026-01-01", "s") + RANDOM.integers(0, 10**6, ROWS).astype("timedelta64[s]")),
    }
)


def written(folder: Path, form: str, table: pa.Table = TABLE) -> Path:
    path = folder / f"people.{form}"
    if form == "csv":
        pyarrow.csv.write_csv(table, path)
    elif form == "parquet":
        pyarrow.parquet.write_table(table, path, row_group_size=700)
    elif form == "arrows":
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table, max_chunksize=500)
    else:
        pyarrow.feather.write_feather(table, path)
    return path


def read(path: Path, **options: object) -> Profiled:
    return profiled(path, format_of(path), **options)  # type: ignore[arg-type]


def column(profile: Profile, name: str) -> ColumnProfile:
    return next(entry for entry in profile.columns if entry.name == name)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    return read(written(tmp_path_factory.mktemp("people"), "parquet"), target="late").profile


def test_every_column_has_its_type(people: Profile) -> None:
    types = {entry.name: entry.type for entry in people.columns}
    assert types == {
        "age": "integer", "income": "number", "city": "category", "name": "text", "late": "boolean", "when": "time",
    }  # fmt: skip
    assert (people.rows, people.column_count, people.target) == (ROWS, 6, "late")


def test_the_figures_of_a_number_are_those_of_numpy(people: Profile) -> None:
    values = TABLE["income"].drop_null().to_numpy()
    found = column(people, "income")
    assert found.missing == TABLE["income"].null_count == people.missing_cells
    assert found.mean == pytest.approx(values.mean())
    assert found.deviation == pytest.approx(values.std(ddof=1))
    assert found.quantiles["0.25"] == pytest.approx(np.quantile(values, 0.25))
    assert (found.minimum, found.maximum) == (values.min(), values.max())
    assert sum(found.counts) == len(values)
    assert found.distinct == len(set(values))
    assert found.low_fence is not None
    assert found.high_fence is not None
    assert found.outliers == ((values < found.low_fence) | (values > found.high_fence)).sum() > 0


def test_a_category_has_its_values_most_frequent_first(people: Profile) -> None:
    found = column(people, "city")
    assert [entry.value for entry in found.top] == ["Bern", "Oslo", "Rom"]
    assert sum(entry.count for entry in found.top) == ROWS
    assert (found.distinct, found.shortest, found.longest) == (3, 3, 4)


@pytest.mark.parametrize("form", ["csv", "arrow", "arrows"])
def test_the_same_table_has_the_same_profile_and_rows_in_every_format(tmp_path: Path, form: str) -> None:
    one, other = read(written(tmp_path, "parquet"), keys=["name"]), read(written(tmp_path, form), keys=["name"])
    assert (one.rows.kept == other.rows.kept).all()
    assert one.keys is not None
    assert other.keys is not None
    assert (one.keys.kept == other.keys.kept).all()
    for left, right in zip(one.profile.columns, other.profile.columns, strict=True):
        assert (left.name, left.type, left.missing, left.distinct) == (
            right.name, right.type, right.missing, right.distinct,
        )  # fmt: skip
        assert left.mean == pytest.approx(right.mean)


def test_duplicate_rows_are_counted(tmp_path: Path) -> None:
    table = pa.table({"a": [1, 1, 2, 1], "b": ["x", "x", "x", None]})
    assert read(written(tmp_path, "parquet", table)).profile.duplicate_rows == 1


def test_a_csv_value_that_breaks_the_type_of_the_first_rows_widens_its_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CSV_BLOCK", 1000)
    path = tmp_path / "late.csv"
    path.write_text("n,c,e\n" + "1,1,\n" * 2000 + "2.5,abc,7\n")
    profile = read(path).profile
    assert [entry.stored_as for entry in profile.columns] == ["double", "string", "double"]
    assert column(profile, "n").maximum == 2.5
    assert column(profile, "c").top[0].value == "1"
    assert column(profile, "e").missing == 2000


def test_a_compressed_csv_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,x\n2,y\n"))
    assert read(path).profile.rows == 2


def test_extreme_values_break_nothing(tmp_path: Path) -> None:
    table = pa.table({"x": [1e308, -1e308, float("inf"), float("nan"), 5e-324, 0.0], "empty": pa.nulls(6)})
    profile = read(written(tmp_path, "parquet", table)).profile
    assert column(profile, "x").infinite == 1
    assert column(profile, "x").missing == 1
    assert column(profile, "empty").missing == 6


def test_an_empty_table_has_a_profile(tmp_path: Path) -> None:
    profile = read(written(tmp_path, "parquet", TABLE.slice(0, 0))).profile
    assert (profile.rows, profile.missing_cells, profile.duplicate_rows) == (0, 0, 0)
    assert column(profile, "age").quantiles == {}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("broken.parquet", b"PAR1" + b"\0" * 100),
        ("cut.arrow", b"ARROW1\0\0" + b"\1" * 50),
        ("empty.csv", b""),
        ("ragged.csv", b"a,b\n1,2\n1,2,3\n"),
        ("binary.csv", bytes(range(256)) * 10),
    ],
)
def test_what_is_no_table_is_refused_in_words(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Invalid) as refused:
        read(path)
    assert refused.value.code == "UNREADABLE_TABLE"
    assert name in refused.value.message


def test_a_file_of_another_kind_and_columns_that_arent_there_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "notes.docx"
    other.write_bytes(b"PK\3\4")
    with pytest.raises(Invalid, match="neither Parquet nor Arrow"):
        format_of(other)
    path = written(tmp_path, "csv")
    with pytest.raises(Invalid, match="no column 'id'"):
        read(path, keys=["id"])
    with pytest.raises(Invalid, match="no column 'y'"):
        read(path, target="y")
    twice = tmp_path / "twice.csv"
    twice.write_text("a,a\n1,2\n")
    with pytest.raises(Invalid, match="several columns"):
        read(twice)
    wide = tmp_path / "wide.csv"
    wide.write_text(",".join(f"c{number}" for number in range(5001)) + "\n")
    with pytest.raises(TooLarge, match="5001 columns"):
        read(wide)


def test_a_digest_is_the_beginning_of_the_files_sha256(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a\n1\n")
    whole = sha256_of(path)
    assert whole.startswith(digest_of(whole))
    assert len(digest_of(whole)) == 32


def test_progress_is_told_on_the_way(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    read(written(tmp_path, "parquet"), progress=lambda rows, size: told.append((rows, size)))
    assert told[-1][0] == ROWS
