"""A running registry for a module's tests, and the real mlflow client pointed at it."""

from collections.abc import Iterator

import mlflow
import pytest
from mlflow import MlflowClient

from tests.integration.registry.processes import RegistryProcess
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


@pytest.fixture
def tracking(registry: RegistryProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """mlflow's fluent functions speak to the registry; failing requests fail at once."""
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
