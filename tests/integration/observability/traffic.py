"""What users do with a stack, over and over: register, predict, label, ask; each round a little of everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
from websockets.sync.client import connect

from tests.integration.monitor import rows
from tests.support.waiting import wait_until

MODEL = "observed"
ROWS = 400
QUESTION = "{ models(first: 5) { nodes { name } } }"


class Users:
    """Everybody who uses the stack at `urls`."""

    def __init__(self, urls: Mapping[str, str], http: httpx.Client) -> None:
        self._urls = urls
        self._http = http
        self._sent = 0
        self.version = ""

    def register(self) -> None:
        """A run, a model and a version of it through MLflow's REST API, and its reference at the monitor."""
        experiment = self._mlflow("experiments/create", name=MODEL)["experiment_id"]
        run = self._mlflow("runs/create", experiment_id=experiment, user_id="anna")["run"]["info"]
        self._mlflow("runs/log-metric", run_id=run["run_id"], key="auc", value=0.7, timestamp=1)
        self._mlflow("registered-models/create", name=MODEL)
        made = self._mlflow(
            "model-versions/create", name=MODEL, source=f"{run['artifact_uri']}/model", run_id=run["run_id"]
        )
        self.version = made["model_version"]["version"]
        self.set_reference()

    def set_reference(self) -> None:
        """The rows that predictions are compared with."""
        self._http.put(
            f"{self._monitored}/references/training",
            content=rows.arrow(rows.reference()),
            params={"window": "1h"},
            headers={"Content-Type": rows.ARROW},
        ).raise_for_status()

    def go_on(self) -> None:
        """One round. Also a batch that is refused."""
        sent = rows.predictions(ROWS, first=self._sent, at=rows.START + self._sent * 1_000, shift=3.0)
        self._send("predictions", sent, f"p{self._sent}")
        self._send("labels", rows.labels(sent), f"l{self._sent}")
        self._sent += ROWS
        refused = self._http.post(f"{self._monitored}/predictions", content=b"{", headers={"batch-id": "bad"})
        assert refused.status_code in (400, 415, 422)
        answer = self._http.post(self._urls["graphql"], json={"query": QUESTION})
        assert "errors" not in answer.json(), answer.text
        self._http.get(self._urls["dashboard"]).raise_for_status()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Somebody follows the lifecycle's events at the gateway."""
        socket_url = self._urls["graphql"].replace("http", "ws", 1)
        with connect(socket_url, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
            socket.send('{"type": "connection_init"}')
            socket.recv(timeout=5)
            document = "subscription { events { __typename } }"
            socket.send(f'{{"id": "1", "type": "subscribe", "payload": {{"query": "{document}"}}}}')
            yield

    @property
    def _monitored(self) -> str:
        return f"{self._urls['monitor']}/v1/models/{MODEL}/versions/{self.version}"

    def _mlflow(self, path: str, **body: object) -> dict[str, Any]:
        answer = self._http.post(f"{self._urls['registry']}/api/2.0/mlflow/{path}", json=body)
        assert answer.is_success, f"{path}: {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    def _send(self, what: str, table: object, batch: str) -> None:
        def accepted() -> bool:
            answer = self._http.post(
                f"{self._monitored}/{what}",
                content=rows.arrow(table),  # type: ignore[arg-type]  # pyarrow ships no types
                headers={"Content-Type": rows.ARROW, "Batch-Id": batch},
            )
            assert answer.is_success or answer.status_code == 503, answer.text
            return answer.is_success

        wait_until(accepted, 20, f"the monitor takes {batch}")
