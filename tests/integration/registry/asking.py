"""Asks a running registry over NATS, as one of its users, and over MLflow's API."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import httpx

from services.contracts.base import Request
from services.contracts.identity import Principal, Role
from services.runtime.bus import Bus
from services.runtime.context import Context, new_correlation_id

R = TypeVar("R")


class Asker:
    """`ask(request, "ben")` is what ben gets for an answer."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus

    async def __call__(self, request: Request[R], user: str = "anna", role: Role = Role.ADMIN) -> R:
        principal = Principal(user=user, role=role, via="token")
        return await self.bus.request(request, Context(principal, new_correlation_id()), timeout=20)


@asynccontextmanager
async def asking(nats: str) -> AsyncIterator[Asker]:
    async with Bus.connect(nats, "test") as bus:
        yield Asker(bus)


class Mlflow:
    """Speaks MLflow's API, raw."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def __call__(self, path: str, method: str = "POST", **body: object) -> dict:  # type: ignore[type-arg]
        answer = await self.client.request(method, f"/api/2.0/mlflow/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def run(self, name: str = "r", experiment: str | None = None, start: int = 1000) -> str:
        """A new run, in a new experiment unless one is named."""
        experiment = experiment or await self.experiment()
        made = await self("runs/create", experiment_id=experiment, start_time=start, run_name=name)
        return str(made["run"]["info"]["run_id"])

    async def experiment(self) -> str:
        return str((await self("experiments/create", name=uuid.uuid4().hex))["experiment_id"])

    async def put(self, uri: str, path: str, content: bytes) -> None:
        """Stores a file below an artifact location."""
        place = f"/api/2.0/mlflow-artifacts/artifacts/{uri.removeprefix('mlflow-artifacts:/')}/{path}"
        assert (await self.client.put(place, content=content)).status_code == 200
