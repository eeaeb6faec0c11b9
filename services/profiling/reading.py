"""Opens CSV, Parquet and Arrow files and hands out their rows in batches."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

from services.contracts.datasets import DIGEST_LENGTH, Field
from services.contracts.errors import Invalid
from services.contracts.profiles import Profile
from services.profiling.profiler import Profiler

Format = Literal["csv", "parquet", "arrow"]
FORMATS: tuple[Format, ...] = ("csv", "parquet", "arrow")
BATCH_ROWS = 65536
BATCH_BYTES = 16 * 1024 * 1024
"""Rows and bytes that are put together; a single batch may be larger."""
CSV_BLOCK = 1024 * 1024
"""Bytes of a CSV read at once; the reader has up to 32 such blocks waiting. A row must fit into one."""
CHUNK = 1024 * 1024

Progress = Callable[[int, int], None]
"""Told the rows and the bytes read so far."""

_SUFFIXES: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet", ".arrow": "arrow",
    ".feather": "arrow", ".ipc": "arrow", ".arrows": "arrow",
}  # fmt: skip
_CONVERSION = re.compile(r"In CSV column #(\d+)(?:: Row #\d+)?: .*conversion error to (\w+)", re.DOTALL)


def format_of(path: Path) -> Format:
    """By its first bytes, else by its name. Raises Invalid."""
    with path.open("rb") as file:
        head = file.read(8)
    if head[:4] == b"PAR1":
        return "parquet"
    if head[:6] == b"ARROW1" or head[:4] == b"\xff\xff\xff\xff":
        return "arrow"
    suffixes = [suffix for suffix in path.suffixes if suffix != ".gz"]
    found = _SUFFIXES.get(suffixes[-1].lower()) if suffixes else None
    if found is None:
        raise Invalid(
            f"{path.name} is neither Parquet nor Arrow, and its name doesn't say that it is CSV",
            field="format",
            fix=f"Name the format: {', '.join(FORMATS)}.",
        )
    return found


def sha256_of(path: Path, progress: Progress | None = None) -> str:
    digest = hashlib.sha256()
    read = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            read += len(chunk)
            if progress is not None:
                progress(0, read)
    return digest.hexdigest()


def digest_of(sha256: str) -> str:
    """The version's digest of a file."""
    return sha256[:DIGEST_LENGTH]


class Profiled:
    """A profile with what goes beside it."""

    def __init__(self, profiler: Profiler) -> None:
        self.profile: Profile = profiler.profile()
        self.fields = [Field(name=f.name, type=str(f.type), nullable=f.nullable) for f in profiler.schema]
        self.rows = profiler.row_digests
        self.keys = profiler.key_digests


def profiled(
    path: Path,
    form: Format,
    *,
    keys: list[str] | None = None,
    target: str | None = None,
    progress: Progress | None = None,
) -> Profiled:
    """Reads a file once. Raises Invalid for what can't be read as such a table."""
    widened: dict[str, pa.DataType] = {}
    while True:
        try:
            return _once(path, form, widened, keys or [], target, progress)
        except pa.ArrowInvalid as error:
            if form != "csv" or not _widen(path, str(error), widened):
                raise _unreadable(path, form, error) from error
        except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError) as error:
            raise _unreadable(path, form, error) from error


def _once(
    path: Path,
    form: Format,
    widened: dict[str, pa.DataType],
    keys: list[str],
    target: str | None,
    progress: Progress | None,
) -> Profiled:
    with path.open("rb") as file:
        schema, batches = _opened(file, path, form, widened)
        profiler = Profiler(schema, keys=keys, target=target)
        for batch in _gathered(batches):
            for start in range(0, batch.num_rows, BATCH_ROWS):
                profiler.add(batch.slice(start, BATCH_ROWS))
                if progress is not None:
                    progress(profiler.rows, file.tell())
        return Profiled(profiler)


def _gathered(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Small batches put together: much of the work is by batch, not by row."""
    waiting: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        if waiting and (rows + batch.num_rows > BATCH_ROWS or size + batch.nbytes > BATCH_BYTES):
            yield pa.concat_batches(waiting)
            waiting, rows, size = [], 0, 0
        waiting.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
    if waiting:
        yield pa.concat_batches(waiting)


def _opened(
    file: Any, path: Path, form: Format, widened: dict[str, pa.DataType]
) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    if form == "csv":
        stream = gzip.open(file) if path.suffix == ".gz" else file  # noqa: SIM115  # closed with `file`
        reader = pyarrow.csv.open_csv(
            stream,
            read_options=pyarrow.csv.ReadOptions(block_size=CSV_BLOCK, use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter="\t" if ".tsv" in path.suffixes else ",", newlines_in_values=True
            ),
            convert_options=pyarrow.csv.ConvertOptions(column_types=widened, strings_can_be_null=True),
        )
        return reader.schema, iter(reader)
    if form == "parquet":
        parquet = pyarrow.parquet.ParquetFile(file, pre_buffer=False, buffer_size=CHUNK)
        return parquet.schema_arrow, parquet.iter_batches(batch_size=BATCH_ROWS, use_threads=False)
    head = file.read(6)
    file.seek(0)
    if head == b"ARROW1":
        reader = pyarrow.ipc.open_file(pa.memory_map(str(path)))
        return reader.schema, (reader.get_batch(number) for number in range(reader.num_record_batches))
    streamed = pyarrow.ipc.open_stream(file)
    return streamed.schema, iter(streamed)


def _widen(path: Path, problem: str, widened: dict[str, pa.DataType]) -> bool:
    """CSV types are read off the first block: a later value that doesn't fit widens its column, whole numbers first
    to fractions, anything else to text. False if that was no such problem."""
    found = _CONVERSION.search(problem)
    if found is None:
        return False
    name = _header(path)[int(found[1])]
    before = widened.get(name)
    if before == pa.string():
        return False
    numeric = found[2].startswith(("int", "null"))  # null: the first block had no value at all
    widened[name] = pa.float64() if numeric and before is None else pa.string()
    return True


def _header(path: Path) -> list[str]:
    with path.open("rb") as file:
        schema, _ = _opened(file, path, "csv", {})
        return [str(name) for name in schema.names]


def _unreadable(path: Path, form: Format, error: Exception) -> Invalid:
    words = str(error).split("\n", 1)[0][:300]
    return Invalid(f"{path.name} can't be read as {form}: {words}", code="UNREADABLE_TABLE", field="body")
