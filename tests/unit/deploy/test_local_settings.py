"""Who can reach the stack, and when that is refused."""

from pathlib import Path

import pytest

from deploy.local.parts import PARTS, Surroundings, service_environment
from deploy.local.problems import Refused
from deploy.local.settings import LocalSettings, is_loopback, reach


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_loopback_may_run_open(host: str) -> None:
    assert is_loopback(host)
    LocalSettings(host=host).refuse_open_to_others()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "localhost.example", ""])
def test_any_other_address_needs_authentication(host: str) -> None:
    with pytest.raises(Refused, match="without asking who they are"):
        LocalSettings().model_copy(update={"host": host}).refuse_open_to_others()
    LocalSettings(auth="token").model_copy(update={"host": host}).refuse_open_to_others()


def test_a_server_on_every_address_is_reached_on_loopback() -> None:
    assert reach("0.0.0.0") == "127.0.0.1"
    assert reach("::") == "[::1]"
    assert reach("192.168.1.5") == "192.168.1.5"


def test_services_are_told_where_everything_is(tmp_path: Path) -> None:
    ports = {name: port.default for part in PARTS for name, port in part.ports.items()}
    environment = service_environment(Surroundings(tmp_path, LocalSettings(), ports, "secret"))
    assert environment["MONGODB_URI"] == "mongodb://127.0.0.1:27117/?replicaSet=rs0"
    assert environment["NATS_URL"] == "nats://127.0.0.1:4322"
    assert environment["REGISTRY_URL"] == "http://127.0.0.1:8001"
    assert environment["MONITOR_PORT"] == "8002"
    assert environment["GATEWAY_URL"] == "http://127.0.0.1:8000"
    assert environment["DASHBOARD_PORT"] == "8050"
    assert environment["LIFECYCLE_AUTH_SECRET"] == "secret"
    assert environment["REGISTRY_ARTIFACTS"] == str(tmp_path / "artifacts")


def test_servers_elsewhere_are_used_instead_of_own_ones(tmp_path: Path) -> None:
    settings = LocalSettings(mongodb_uri="mongodb://db.example/?replicaSet=x", nats_url="nats://bus.example")
    around = Surroundings(tmp_path, settings, {}, "")
    environment = service_environment(around)
    assert environment["MONGODB_URI"] == settings.mongodb_uri
    assert environment["NATS_URL"] == settings.nats_url
    assert [part.name for part in PARTS if part.elsewhere(settings)] == ["mongod", "nats-server"]
    assert [part.program(around).command() for part in PARTS[:2]] == [None, None]
