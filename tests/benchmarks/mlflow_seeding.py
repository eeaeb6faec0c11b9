"""Thousands of runs to search, written straight into a registry's or an MLflow server's database."""

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from services.registry.documents import to_document
from services.registry.runs.metrics import Metric
from services.registry.runs.rules import Run
from services.registry.values import KeyValue

METRICS, PARAMS = 4, 2


def runs(experiment: str, count: int) -> Iterator[Run]:
    """The same ones each time: metrics `m0` to `m3` between 0 and 1, parameters, and the tag of its name."""
    random_ = random.Random(1)
    for number in range(count):
        start = 1_700_000_000_000 + number
        yield Run(
            id=f"{random_.getrandbits(128):032x}",
            v=1,
            experiment_id=experiment,
            name=f"r{number}",
            user="anna",
            status="FINISHED",
            start_time=start,
            end_time=start + 1000,
            artifact_uri=f"mlflow-artifacts:/{experiment}/{number}/artifacts",
            metrics=[Metric(f"m{key}", random_.random(), start, 0) for key in range(METRICS)],
            params=[KeyValue(f"p{key}", str(random_.randrange(50))) for key in range(PARAMS)],
            tags=[KeyValue("mlflow.runName", f"r{number}")],
        )


def into_mongodb(uri: str, database: str, experiment: str, count: int) -> None:
    """To be called before the registry starts: it reads them then."""
    client: MongoClient[dict[str, Any]] = MongoClient(uri)
    client[database]["runs"].insert_many([to_document(run) for run in runs(experiment, count)])
    client.close()


def into_sqlite(file: Path, experiment: str, count: int) -> None:
    """To be called when the server has created its tables."""
    database = sqlite3.connect(file, timeout=60)
    with database:
        for run in runs(experiment, count):
            database.execute(
                "INSERT INTO runs (run_uuid, name, source_type, user_id, status, start_time, end_time,"
                " lifecycle_stage, artifact_uri, experiment_id) VALUES (?, ?, 'UNKNOWN', ?, ?, ?, ?, ?, ?, ?)",
                (run.id, run.name, run.user, run.status, run.start_time, run.end_time, run.lifecycle_stage,
                 run.artifact_uri, int(experiment)),
            )  # fmt: skip
            values = [(metric.k, metric.v, metric.t, metric.s, False, run.id) for metric in run.metrics]
            for table in ("metrics", "latest_metrics"):
                columns = "key, value, timestamp, step, is_nan, run_uuid"
                database.executemany(f"INSERT INTO {table} ({columns}) VALUES (?, ?, ?, ?, ?, ?)", values)
            for table, pairs in (("params", run.params), ("tags", run.tags)):
                rows = [(pair.k, pair.v, run.id) for pair in pairs]
                database.executemany(f"INSERT INTO {table} (key, value, run_uuid) VALUES (?, ?, ?)", rows)
    database.close()
