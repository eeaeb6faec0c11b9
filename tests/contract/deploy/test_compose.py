"""docker-compose.yml as Compose reads it: what is published, who may come in, what is pinned, what is checked."""

import json
from typing import Any

import pytest
import yaml

from tests.contract.deploy.tools import ROOT, run, tool

SECRET = "0123456789abcdef" * 4
OURS = ("registry", "monitor", "gateway", "dashboard")
THEIRS = ("mongo", "nats", "prometheus", "grafana")


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    result = run(tool("docker-compose"), "config", environment={"LIFECYCLE_AUTH_SECRET": SECRET})
    assert result.returncode == 0, result.stderr
    loaded: dict[str, Any] = yaml.safe_load(result.stdout)
    return loaded


def services(composed: dict[str, Any]) -> dict[str, Any]:
    loaded: dict[str, Any] = composed["services"]
    return loaded


def test_compose_accepts_the_file() -> None:
    result = run(tool("docker-compose"), "config", "-q", environment={"LIFECYCLE_AUTH_SECRET": SECRET})
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize("environment", [{}, {"LIFECYCLE_AUTH_SECRET": ""}], ids=["unset", "empty"])
def test_without_a_secret_compose_refuses_and_says_what_to_set(environment: dict[str, str]) -> None:
    result = run(tool("docker-compose"), "config", "-q", environment=environment)
    assert result.returncode != 0
    assert "LIFECYCLE_AUTH_SECRET" in result.stderr
    assert "openssl rand -hex 32" in result.stderr


def test_every_part_of_the_system_is_there(composed: dict[str, Any]) -> None:
    assert set(services(composed)) == {*OURS, *THEIRS}


def test_our_services_ask_who_comes_in(composed: dict[str, Any]) -> None:
    for name in OURS:
        environment = services(composed)[name]["environment"]
        assert environment["LIFECYCLE_AUTH"] == "token"
        assert environment["LIFECYCLE_AUTH_SECRET"] == SECRET


def test_ports_are_published_on_this_machine_only(composed: dict[str, Any]) -> None:
    published = {name: service.get("ports", []) for name, service in services(composed).items()}
    assert all(host_of(port) == "127.0.0.1" for ports in published.values() for port in ports), published
    assert {name for name, ports in published.items() if ports} == {*OURS, "prometheus", "grafana"}


def test_opening_to_the_network_opens_only_what_asks_who_comes_in() -> None:
    result = run(
        tool("docker-compose"), "config", environment={"LIFECYCLE_AUTH_SECRET": SECRET, "LIFECYCLE_PUBLISH": "0.0.0.0"}
    )
    opened = {
        name
        for name, service in yaml.safe_load(result.stdout)["services"].items()
        for port in service.get("ports", [])
        if host_of(port) == "0.0.0.0"
    }
    assert opened == set(OURS)


def test_mongodb_and_nats_are_reached_by_the_services_alone(composed: dict[str, Any]) -> None:
    assert composed["networks"]["back"]["internal"] is True
    for name in ("mongo", "nats"):
        assert set(services(composed)[name]["networks"]) == {"back"}
    assert "back" not in services(composed)["dashboard"]["networks"], "the dashboard talks to the gateway only"


def test_our_services_run_without_rights_they_do_not_need(composed: dict[str, Any]) -> None:
    for name in OURS:
        service = services(composed)[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_readiness_decides_about_health(composed: dict[str, Any]) -> None:
    for name in OURS:
        service = services(composed)[name]
        port = service["environment"][f"{name.upper()}_PORT"]
        assert service["healthcheck"]["test"] == ["CMD", "python", "-m", "deploy.docker.ready", port]
        assert any(port in json.dumps(published) for published in service["ports"])
    assert all("healthcheck" in services(composed)[name] for name in ("mongo", "nats"))


def test_images_are_pinned(composed: dict[str, Any]) -> None:
    for name, service in services(composed).items():
        _, _, tag = service["image"].partition(":")
        assert any(character.isdigit() for character in tag), f"{name}: {service['image']}"
        assert "latest" not in tag


def test_every_mounted_file_is_there(composed: dict[str, Any]) -> None:
    mounted = [
        volume.split(":")[0] if isinstance(volume, str) else volume["source"]
        for service in services(composed).values()
        for volume in service.get("volumes", [])
    ]
    files = [ROOT / source for source in mounted if "/" in source]
    assert len(files) >= 7
    assert all(file.exists() for file in files), [file for file in files if not file.exists()]


def host_of(port: str | dict[str, Any]) -> str:
    """The address a port is published on, in the notation of either generation of Compose."""
    return str(port.get("host_ip", "")) if isinstance(port, dict) else port.split(":")[0]
