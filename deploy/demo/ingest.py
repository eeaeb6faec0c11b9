"""Sends Arrow tables to the monitor's HTTP ingest, and waits when the monitor says that it has enough for now."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote

import httpx
import msgspec
import pyarrow as pa

from deploy.demo.messages import encoded
from deploy.local.problems import Problem

CONTENT_TYPE: Final = "application/vnd.apache.arrow.stream"
BUSY: Final = frozenset({429, 503})
_PAUSE: Final = 0.25  # seconds before the first retry when the answer names none
_LONGEST_PAUSE: Final = 5.0


class IngestRefused(Problem):
    """The monitor does not take a batch, and would not take it another time either."""


class MonitorSilent(Problem):
    """The monitor has been busy or out of reach for too long."""


class _Detail(msgspec.Struct):
    message: str = ""
    field: str | None = None
    fix: str | None = None


class _Refusal(msgspec.Struct):
    error: _Detail


class Ingest:
    """The ingest of one model version. A batch that must be sent again keeps its id, so the monitor counts it once.

    patience: seconds for which the monitor may go on refusing one batch before this gives up.
    waiting: told in a few words why a batch waits.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        model: str,
        version: str,
        *,
        patience: float = 120.0,
        waiting: Callable[[str], None] = lambda why: None,
    ) -> None:
        self._http = http
        self._path = f"/v1/models/{quote(model, safe='')}/versions/{quote(version, safe='')}"
        self._patience = patience
        self._waiting = waiting

    async def set_reference(self, name: str, table: pa.Table, options: Mapping[str, str]) -> None:
        """Makes a table what later batches are compared with; the same name again replaces it."""
        await self._deliver("PUT", f"references/{quote(name, safe='')}", table, params=options)

    async def send_predictions(self, batch_id: str, table: pa.Table) -> None:
        """Returns when the monitor has the batch durably. Raises IngestRefused or MonitorSilent."""
        await self._deliver("POST", "predictions", table, headers={"Batch-Id": batch_id})

    async def send_labels(self, batch_id: str, table: pa.Table) -> None:
        """Returns when the monitor has the batch durably. Raises IngestRefused or MonitorSilent."""
        await self._deliver("POST", "labels", table, headers={"Batch-Id": batch_id})

    async def _deliver(
        self,
        method: str,
        what: str,
        table: pa.Table,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        content = encoded(table)
        pause, deadline = _PAUSE, time.monotonic() + self._patience
        while True:
            try:
                answer = await self._http.request(
                    method,
                    f"{self._path}/{what}",
                    content=content,
                    params=dict(params or {}),
                    headers={"Content-Type": CONTENT_TYPE, **(headers or {})},
                )
            except httpx.TransportError as error:
                why, wait = f"the monitor is out of reach ({type(error).__name__})", pause
            else:
                if answer.is_success:
                    return
                if answer.status_code not in BUSY:
                    raise _refusal(what, answer)
                why, wait = "the monitor is busy", _retry_after(answer, pause)
            if time.monotonic() + wait > deadline:
                raise MonitorSilent(
                    f"For {self._patience:.0f} seconds {why}.", "Look at its log, then run the demonstration again."
                )
            self._waiting(why)
            await asyncio.sleep(wait)
            pause = min(pause * 2, _LONGEST_PAUSE)


def _retry_after(answer: httpx.Response, otherwise: float) -> float:
    try:
        return max(0.0, float(answer.headers["Retry-After"]))
    except (KeyError, ValueError):  # absent, or an HTTP date
        return otherwise


def _refusal(what: str, answer: httpx.Response) -> IngestRefused:
    try:
        detail = msgspec.json.decode(answer.content, type=_Refusal).error
    except msgspec.MsgspecError:
        detail = _Detail(message=answer.text[:200])
    place = f" ({detail.field})" if detail.field else ""
    return IngestRefused(
        f"The monitor refused {what} with status {answer.status_code}{place}: {detail.message}",
        detail.fix or "This is a fault of the demonstration: please report it.",
    )
