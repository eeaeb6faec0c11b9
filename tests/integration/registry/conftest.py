"""A running registry for a module's tests, and the real mlflow client pointed at it."""

import contextlib
from collections.abc import Iterator

import mlflow
import pytest
from mlflow import MlflowClient

from deploy.local.servers import mongo_client
from tests.integration.registry.processes import RegistryProcess


@pytest.fixture(scope="module")
def registry(mongodb: str, nats: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryProcess]:
    process = RegistryProcess(mongodb, nats, tmp_path_factory.mktemp("registry"))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        with contextlib.closing(mongo_client(mongodb)) as client:
            client.drop_database(process.database)


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
