"""A creation whose answer was lost is answered again; a new wish is a new thing."""

import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from deploy.local.servers import mongo_client
from tests.integration.registry.processes import RegistryProcess
from tests.support.servers import drop
from tests.support.waiting import wait_until

CREATE = "/api/2.0/mlflow/runs/create"


@pytest.fixture
def own(mongodb: str, nats: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryProcess]:
    process = RegistryProcess(mongodb, nats, tmp_path_factory.mktemp("registry"))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        drop(mongodb, process.database)


def create(process: RegistryProcess, body: dict[str, Any]) -> str:
    answer = httpx.post(f"{process.url}{CREATE}", json=body, timeout=10)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["run"]["info"]["run_id"])


def runs(process: RegistryProcess) -> int:
    answer = httpx.post(f"{process.url}/api/2.0/mlflow/runs/search", json={"experiment_ids": ["0"]}, timeout=10)
    return len(answer.json().get("runs", []))


def test_a_creation_repeated_after_the_service_was_killed_is_the_same_run(own: RegistryProcess) -> None:
    body = {"experiment_id": "0", "start_time": time.time_ns() // 1_000_000, "run_name": "once"}
    first = create(own, body)
    own.kill()  # before the record of the answer is forgotten: as if the answer had been lost
    own.start()
    assert create(own, body) == first
    assert runs(own) == 1


def test_the_same_bytes_from_two_callers_of_a_living_service_are_two_runs(own: RegistryProcess) -> None:
    body = {"experiment_id": "0", "start_time": 5, "run_name": "twice"}
    assert create(own, body) != create(own, body)
    assert runs(own) == 2


def test_once_an_answer_went_out_the_same_bytes_are_a_new_wish_also_after_a_restart(
    own: RegistryProcess, mongodb: str
) -> None:
    body = {"experiment_id": "0", "start_time": 6, "run_name": "again"}
    first = create(own, body)
    with contextlib.closing(mongo_client(mongodb)) as client:
        kept = client[own.database]["unanswered_creations"]
        wait_until(lambda: kept.count_documents({}) == 0, within=10, what="the answer is forgotten")
    assert own.stop() == 0
    own.start()
    assert create(own, body) != first


def test_who_hung_up_before_the_answer_is_the_retry(own: RegistryProcess) -> None:
    body = b'{"experiment_id": "0", "start_time": 7, "run_name": "gone"}'
    about = f"host: localhost\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    head = f"POST {CREATE} HTTP/1.1\r\n{about}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", own.port)) as connection:
        connection.sendall(head.encode() + body)
    wait_until(lambda: runs(own) == 1, within=10, what="the run is there")
    for _ in range(2):  # its answer, then a new wish
        answer = httpx.post(
            f"{own.url}{CREATE}", content=body, headers={"content-type": "application/json"}, timeout=10
        )
        assert answer.status_code == 200, answer.text
    assert runs(own) == 2


def test_a_registered_name_repeated_after_a_kill_is_no_conflict(own: RegistryProcess) -> None:
    path = f"{own.url}/api/2.0/mlflow/registered-models/create"
    assert httpx.post(path, json={"name": "m"}, timeout=10).status_code == 200
    own.kill()
    own.start()
    assert httpx.post(path, json={"name": "m"}, timeout=10).json()["registered_model"]["name"] == "m"
    answer = httpx.post(path, json={"name": "m"}, timeout=10)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")


def test_no_run_is_made_in_an_experiment_that_another_replica_has_deleted(own: RegistryProcess, mongodb: str) -> None:
    api = f"{own.url}/api/2.0/mlflow"
    body: dict[str, Any] = {"name": "gone"}
    body = {"experiment_id": httpx.post(f"{api}/experiments/create", json=body, timeout=10).json()["experiment_id"]}
    create(own, {**body, "start_time": 1})  # from now on the process knows the experiment
    with contextlib.closing(mongo_client(mongodb, milliseconds=60_000)) as client:
        experiments = client[own.database]["experiments"]
        experiments.update_one(
            {"_id": body["experiment_id"]}, {"$set": {"lifecycle_stage": "deleted"}, "$inc": {"r": 1}}
        )
        refused = httpx.post(f"{own.url}{CREATE}", json={**body, "start_time": 2}, timeout=10)
        assert refused.status_code == 400, refused.text
        assert "must be in the 'active' state" in refused.text
        assert client[own.database]["runs"].count_documents({"experiment_id": body["experiment_id"]}) == 1
