"""The configuration of MongoDB and NATS in containers: the real servers take it, and it says what the stack says."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from deploy.local import servers
from deploy.local.binaries import find_mongod, find_nats_server
from deploy.local.leash import leashed
from deploy.local.ports import choose
from tests.contract.deploy.tools import ROOT, run
from tests.support.waiting import wait_until

NATS = ROOT / "deploy/nats/nats-server.conf"
MONGO = ROOT / "deploy/mongo/mongod.conf"


def test_nats_takes_its_configuration() -> None:
    result = run(find_nats_server(), "-t", "--config", NATS)
    assert result.returncode == 0, result.stderr


def test_nats_is_configured_as_in_the_stack_without_containers(tmp_path: Path) -> None:
    def settings(text: str) -> set[str]:
        lines = {line.partition("#")[0].strip() for line in text.splitlines()}
        return {line for line in lines if line and not line.startswith(("listen", "http", "store_dir"))}

    server = servers.NatsServer(tmp_path, 1, 2)
    server.command()
    assert settings(NATS.read_text()) == settings((tmp_path / "nats-server.conf").read_text())


def test_mongod_takes_its_configuration(tmp_path: Path, mongod_of_the_file: int) -> None:
    admin = servers.mongo_client(f"mongodb://127.0.0.1:{mongod_of_the_file}/?directConnection=true").admin
    try:
        lifetime = admin.command("getParameter", transactionLifetimeLimitSeconds=1)["transactionLifetimeLimitSeconds"]
        options = admin.command("getCmdLineOpts")["parsed"]
    finally:
        admin.client.close()
    stated = servers.Mongod(tmp_path, 1).command()
    assert f"transactionLifetimeLimitSeconds={lifetime}" in stated
    assert options["replication"]["replSetName"] == servers.REPLICA_SET


def test_the_replica_set_has_one_name_everywhere() -> None:
    name = yaml.safe_load(MONGO.read_text())["replication"]["replSetName"]
    assert f"replicaSet={name}" in (ROOT / "docker-compose.yml").read_text()
    assert f'_id: "{name}"' in (ROOT / "deploy/mongo/replica-set.js").read_text()


@pytest.fixture
def mongod_of_the_file(tmp_path: Path) -> Iterator[int]:
    """The port of a mongod that was started with the file, but on loopback and in its own directory."""

    port = choose(["mongod"])["mongod"]
    (tmp_path / "db").mkdir()
    # bindIpAll and bindIp exclude each other: here only this machine may reach it
    config = tmp_path / "mongod.conf"
    config.write_text(MONGO.read_text().replace("bindIpAll: true", "bindIp: 127.0.0.1"))
    command = [str(find_mongod()), "--config", str(config), "--port", str(port), "--dbpath", str(tmp_path / "db")]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(leashed([*command, "--nounixsocket"]), stdout=log, stderr=log)
    try:
        wait_until(lambda: answers(port) or process.poll() is not None, 30, "mongod answers")
        assert process.poll() is None, (tmp_path / "log").read_text()[-2000:]
        yield port
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    """Whether a MongoDB answers there."""
    client = servers.mongo_client(f"mongodb://127.0.0.1:{port}/?directConnection=true")
    try:
        return bool(client.admin.command("ping")["ok"])
    except servers.PyMongoError:
        return False
    finally:
        client.close()
