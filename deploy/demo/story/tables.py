"""Writes the tables that the colleagues register: a period cleaned and split, as Parquet files with their digests.

A process of its own: it sorts through a hundred thousand rows.
"""

import argparse
import hashlib
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, Literal

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from deploy.demo.flights import FEATURES, ID, LABEL, TIMESTAMP, load_flights
from deploy.demo.splits import split
from services.profiling.reading import digest_of

Period = Literal["q1", "year"]
Part = Literal["period", "labelled", "training", "validation", "holdout"]

LAST_MONTH_OF_YEAR: Final = 11  # version 2 is trained as if it were the first of December
_PRODUCT: Final = "ml-lifecycle-dashboard"
_SEED: Final = 11
_ROWS: Final = {"training": 60_000, "validation": 10_000, "holdout": 12_000}


class Table(msgspec.Struct, frozen=True):
    """A table of the manifest. `rows_file` holds its row numbers in the joined flights."""

    dataset: str
    digest: str
    file: str
    rows_file: str
    rows: int

    def numbers(self) -> pa.Array:
        """Its row numbers in the joined flights, ascending."""
        return pa.array(np.load(self.rows_file))


class Manifest(msgspec.Struct, frozen=True):
    """The tables of a period; `code` is the version of the code that made them, `origins` each airport's share of all
    flights of the year."""

    period: str
    code: str
    tables: dict[str, Table]
    origins: dict[str, float]


def manifest_path(cache: Path, period: str) -> Path:
    """Where a period's manifest is kept."""
    return cache / f"tables-{period}.json"


def read_manifest(cache: Path, period: str) -> Manifest | None:
    """The manifest of tables that are all there, or None."""
    try:
        manifest = msgspec.json.decode(manifest_path(cache, period).read_bytes(), type=Manifest)
    except FileNotFoundError:
        return None
    there = all(Path(path).exists() for table in manifest.tables.values() for path in (table.file, table.rows_file))
    return manifest if there else None


def write_tables(cache: Path, period: Period) -> Manifest:
    """Writes what is missing; the same content and digests every time."""
    found = read_manifest(cache, period)
    if found is not None:
        return found
    flights = load_flights(cache)
    parts = quarter(flights) if period == "q1" else year(flights)
    tables = {part: _write(flights, rows, f"flights-2013-{period}", part, cache) for part, rows in parts.items()}
    counts = pc.value_counts(flights["origin"].cast(pa.string())).to_pylist()
    origins = {entry["values"]: entry["counts"] / flights.num_rows for entry in counts}
    manifest = Manifest(period=period, code=_code(), tables=tables, origins=origins)
    manifest_path(cache, period).write_bytes(msgspec.json.encode(manifest))
    return manifest


def quarter(flights: pa.Table) -> dict[str, pa.Array]:
    """January to March: all of it, the flights whose end is known, and their three parts."""
    parts = split(flights)
    known = np.sort(np.concatenate([parts.training, parts.validation, parts.holdout]))
    return {
        "period": pa.array(np.arange(parts.replayed_from)),
        "labelled": pa.array(known),
        "training": parts.training,
        "validation": parts.validation,
        "holdout": parts.holdout,
    }


def year(flights: pa.Table) -> dict[str, pa.Array]:
    """January to November as a sample, without what was sealed for version 1; its holdout begins in April."""
    months = flights["month"].to_numpy()
    usable = (months <= LAST_MONTH_OF_YEAR) & flights[LABEL].is_valid().to_numpy()
    first = split(flights)
    usable[first.holdout.to_numpy()] = False
    draw = np.random.default_rng(_SEED)
    held_out = draw.choice(np.flatnonzero(usable & (months > 3)), _ROWS["holdout"], replace=False)
    usable[held_out] = False
    seen = draw.choice(np.flatnonzero(usable), _ROWS["training"] + _ROWS["validation"], replace=False)
    parts = {
        "training": np.sort(seen[: _ROWS["training"]]),
        "validation": np.sort(seen[_ROWS["training"] :]),
        "holdout": np.sort(held_out),
    }
    whole = np.sort(np.concatenate(list(parts.values())))
    return {"labelled": pa.array(whole), **{name: pa.array(rows) for name, rows in parts.items()}}


def _write(flights: pa.Table, rows: pa.Array, prefix: str, part: str, cache: Path) -> Table:
    table = flights.select([ID, TIMESTAMP, LABEL, *FEATURES]).take(rows)
    plain = [
        (name, table[name].cast(pa.string()) if name in _coded(table) else table[name]) for name in table.schema.names
    ]
    dataset = prefix if part == "period" else f"{prefix}-{part}"
    file, numbers = cache / f"{dataset}.parquet", cache / f"{dataset}.rows.npy"
    pyarrow.parquet.write_table(pa.table(dict(plain)), file, compression="zstd")
    np.save(numbers, rows.to_numpy())
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    return Table(dataset, digest_of(sha256), str(file), str(numbers), len(rows))


def _coded(table: pa.Table) -> set[str]:
    return {field.name for field in table.schema if pa.types.is_dictionary(field.type)}


def _code() -> str:
    git = shutil.which("git")
    if git is not None:
        command = [git, "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
        asked = subprocess.run(command, capture_output=True, text=True, check=False)
        if asked.returncode == 0:
            return asked.stdout.strip()
    try:
        return f"{_PRODUCT} {version(_PRODUCT)}"
    except PackageNotFoundError:  # run from its folder, without being installed
        return _PRODUCT


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--period", choices=("q1", "year"), required=True)
    arguments = parser.parse_args()
    write_tables(arguments.cache, arguments.period)


if __name__ == "__main__":
    _main()
