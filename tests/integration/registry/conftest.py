"""A running registry for a module's tests, and the real mlflow client pointed at it."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.utils import request_utils

from tests.integration.registry.asking import Asker, Mlflow, asking
from tests.integration.registry.processes import RegistryProcess
from tests.support.garbage import collect_quietly
from tests.support.servers import drop


@pytest.fixture(scope="module")
def registry(mongodb: str, nats: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryProcess]:
    process = RegistryProcess(mongodb, nats, tmp_path_factory.mktemp("registry"), {"REGISTRY_WEBHOOKS_PRIVATE": "true"})
    process.start()
    try:
        yield process
    finally:
        process.kill()
        drop(mongodb, process.database)
        request_utils._cached_get_request_session.cache_clear()
        collect_quietly()


@pytest.fixture
def tracking(registry: RegistryProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """mlflow's fluent functions speak to the registry; failing requests fail at once; what it downloads goes."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "anna")
    mlflow.set_tracking_uri(registry.url)
    mlflow.set_registry_uri(registry.url)
    yield registry.url
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.sklearn.autolog(disable=True)
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


@pytest.fixture
def client(tracking: str) -> MlflowClient:
    return MlflowClient(tracking, tracking)


@pytest.fixture(name="mlflow")
async def mlflow_by_hand(registry: RegistryProcess) -> AsyncIterator[Mlflow]:
    """MLflow's API without its client."""
    async with httpx.AsyncClient(base_url=registry.url, timeout=20, auth=("anna", "")) as client:
        yield Mlflow(client)


@pytest.fixture
async def ask(registry: RegistryProcess, nats: str) -> AsyncIterator[Asker]:
    """For requests to the running registry over NATS."""
    async with asking(nats) as asker:
        yield asker
