"""Colleagues who log runs and a model server that sends predictions and labels, all through every failure.

Each keeps a book of what was acknowledged. The mlflow client runs unmodified, with its own retries.
"""

from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import dataclass, field

import httpx

HOUR_MILLISECONDS = 3_600_000
START_MILLISECONDS = 1_700_000_400_000 - 1_700_000_400_000 % HOUR_MILLISECONDS
BATCH_ROWS = 50


@dataclass
class Book:
    """What was acknowledged: the run id for each number, rows by batch, labels by batch."""

    runs: dict[int, str] = field(default_factory=dict)
    rows: int = 0
    labels: int = 0
    batches: int = 0
    failures: int = 0


class Trainer(threading.Thread):
    """Logs one run after the other: create with a number as tag, a batch of data, the end."""

    def __init__(self, tracking_uri: str, experiment_id: str, first: int, book: Book, stop: threading.Event) -> None:
        super().__init__(name=f"trainer-{first}", daemon=True)
        self._uri = tracking_uri
        self._experiment = experiment_id
        self._number = first
        self._book = book
        self._halt = stop
        self.error: BaseException | None = None

    def run(self) -> None:
        os.environ.update(MLFLOW_HTTP_REQUEST_MAX_RETRIES="7", MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR="1")
        from mlflow import MlflowClient
        from mlflow.entities import Metric, Param
        from mlflow.exceptions import MlflowException

        client = MlflowClient(self._uri)
        while not self._halt.is_set():
            number = self._number
            self._number += 10
            try:
                run = client.create_run(self._experiment, tags={"number": str(number)})
                metrics = [Metric("loss", 1.0 / (step + 1), step, step) for step in range(10)]
                client.log_batch(run.info.run_id, metrics, [Param("number", str(number))])
                client.set_terminated(run.info.run_id)
            except MlflowException:  # its retries ran out: not acknowledged, so nothing is promised
                self._book.failures += 1
                continue
            except BaseException as error:  # noqa: BLE001  # told by the test
                self.error = error
                return
            self._book.runs[number] = run.info.run_id


async def send(client: httpx.AsyncClient, path: str, body: object, book: Book) -> None:
    """Posts until it is acknowledged, with the same batch id, as a careful sender does."""
    while True:
        try:
            answer = await client.post(path, json=body)
        except httpx.TransportError:
            book.failures += 1
            await asyncio.sleep(0.05)
            continue
        if answer.status_code == 202:
            return
        assert answer.status_code in (429, 503), f"{answer.status_code}: {answer.text}"
        book.failures += 1
        await asyncio.sleep(0.1)


async def send_predictions(client: httpx.AsyncClient, base: str, first: int, book: Book, stop: asyncio.Event) -> None:
    """Batches of predictions, each followed by its labels."""
    number = first
    while not stop.is_set():
        ids = [f"{number}-{row}" for row in range(BATCH_ROWS)]
        moments = [
            START_MILLISECONDS + (number * 7 + row) * 60_000 % (24 * HOUR_MILLISECONDS) for row in range(BATCH_ROWS)
        ]
        scores = [((number * 31 + row * 17) % 100) / 100 for row in range(BATCH_ROWS)]
        predictions = {
            "batch_id": f"p{number}",
            "columns": {
                "id": ids,
                "timestamp": moments,
                "score": scores,
                "prediction": [int(score > 0.5) for score in scores],
                "features": {
                    "x": [score * 3 for score in scores],
                    "kind": ["a" if score > 0.3 else "b" for score in scores],
                },
            },
        }
        await send(client, f"{base}/predictions", predictions, book)
        book.rows += BATCH_ROWS
        labels = {"batch_id": f"l{number}", "columns": {"id": ids, "label": [int(score > 0.6) for score in scores]}}
        await send(client, f"{base}/labels", labels, book)
        book.labels += BATCH_ROWS
        book.batches += 2
        number += 10
