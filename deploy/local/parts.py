"""The parts of the stack as data: what each one runs, where it listens, what it waits for, and how to ask it."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import deploy
from deploy.local.probes import http_ready
from deploy.local.servers import Mongod, MongodbElsewhere, NatsElsewhere, NatsServer, mongodb_uri, nats_url
from deploy.local.settings import LocalSettings, reach


class Program(Protocol):
    """Something to start and to ask whether it is ready."""

    def command(self) -> list[str] | None:
        """The command line to start, after preparing what it needs; None where somebody else runs it."""

    def probe(self) -> None:
        """Returns when it is ready; raises NotReady with the reason, within a few seconds. Called from a thread."""

    def close(self) -> None:
        """Lets go of what probing holds."""


@dataclass(frozen=True)
class Port:
    """A port a part listens on: the environment variable that sets it, and its number where nothing sets it."""

    setting: str
    default: int

    def configured(self) -> int:
        """The port of the environment, or the default."""
        return int(os.environ.get(self.setting) or self.default)


@dataclass(frozen=True)
class Surroundings:
    """What a part is told when it is started."""

    state: Path
    settings: LocalSettings
    ports: Mapping[str, int]
    secret: str

    def http(self, name: str) -> str:
        """The base URL under which this machine reaches an HTTP part."""
        return f"http://{reach(self.settings.host)}:{self.ports[name]}"

    @property
    def mongodb_uri(self) -> str:
        """Where the services find MongoDB: the one of the settings, or the stack's own; empty where there is none."""
        own = self.ports.get("mongod")
        return self.settings.mongodb_uri or (mongodb_uri(own) if own else "")

    @property
    def nats_url(self) -> str:
        """Where the services find NATS: the one of the settings, or the stack's own; empty where there is none."""
        own = self.ports.get("nats-server")
        return self.settings.nats_url or (nats_url(own) if own else "")


class Service:
    """One of our own processes: a Python module that serves HTTP with /readyz."""

    def __init__(self, module: str, base_url: str) -> None:
        self._module = module
        self._base_url = base_url

    def command(self) -> list[str]:
        """The command line of the module."""
        return [sys.executable, "-m", self._module]

    def probe(self) -> None:
        """Returns when /readyz answers 200; raises NotReady with the reasons otherwise."""
        http_ready(f"{self._base_url}/readyz")

    def close(self) -> None:
        """Nothing is kept open between probes."""


@dataclass(frozen=True)
class Part:
    """One process of the stack.

    ports: by name; the first is where others reach it.
    after: parts that have to be ready before this one is started the first time.
    Parts stop in the reverse order of their list.
    """

    name: str
    ports: Mapping[str, Port] = field(default_factory=dict)
    after: Sequence[str] = ()
    module: str = ""

    def program(self, around: Surroundings) -> Program:
        """What to start and to ask."""
        return Service(self.module, around.http(self.name))

    def environment(self, around: Surroundings) -> dict[str, str]:
        """The environment variables it is started with, besides those of the supervisor."""
        return service_environment(around)

    def elsewhere(self, settings: LocalSettings) -> bool:
        """Whether somebody else runs it: then it is asked, but neither started nor stopped."""
        return False

    def url(self, around: Surroundings) -> str:
        """Where others reach it."""
        return around.http(self.name)


class MongodPart(Part):
    """MongoDB: the stack's own mongod, or the one MONGODB_URI points at."""

    def program(self, around: Surroundings) -> Program:
        """What to start and to ask."""
        if around.settings.mongodb_uri:
            return MongodbElsewhere(around.settings.mongodb_uri)
        return Mongod(around.state / "mongod", around.ports["mongod"])

    def environment(self, around: Surroundings) -> dict[str, str]:
        """It is configured by its command line."""
        return {}

    def elsewhere(self, settings: LocalSettings) -> bool:
        """Whether MONGODB_URI is set."""
        return bool(settings.mongodb_uri)

    def url(self, around: Surroundings) -> str:
        """Its URI."""
        return around.mongodb_uri


class NatsPart(Part):
    """NATS: the stack's own nats-server, or the one NATS_URL points at."""

    def program(self, around: Surroundings) -> Program:
        """What to start and to ask."""
        if around.settings.nats_url:
            return NatsElsewhere(around.settings.nats_url)
        return NatsServer(around.state / "nats", around.ports["nats-server"], around.ports["nats-monitor"])

    def environment(self, around: Surroundings) -> dict[str, str]:
        """It is configured by its file."""
        return {}

    def elsewhere(self, settings: LocalSettings) -> bool:
        """Whether NATS_URL is set."""
        return bool(settings.nats_url)

    def url(self, around: Surroundings) -> str:
        """Its URL."""
        return around.nats_url


SERVERS = ("mongod", "nats-server")
PARTS: tuple[Part, ...] = (
    MongodPart("mongod", {"mongod": Port("MONGODB_PORT", 27117)}),
    NatsPart("nats-server", {"nats-server": Port("NATS_PORT", 4322), "nats-monitor": Port("NATS_MONITOR_PORT", 4323)}),
    Part("registry", {"registry": Port("REGISTRY_PORT", 8001)}, SERVERS, "services.registry"),
    Part("monitor", {"monitor": Port("MONITOR_PORT", 8002)}, SERVERS, "services.monitor"),
    Part("gateway", {"gateway": Port("GATEWAY_PORT", 8000)}, SERVERS, "services.gateway"),
    Part("dashboard", {"dashboard": Port("DASHBOARD_PORT", 8050)}, SERVERS, "dashboard"),
)


def service_environment(around: Surroundings) -> dict[str, str]:
    """What every service is told: the servers, the others' addresses, its own port, who may come in."""
    root = str(Path(deploy.__file__).resolve().parents[1])  # so that `-m services.…` works in any working directory
    paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    environment = {
        "MONGODB_URI": around.mongodb_uri,
        "NATS_URL": around.nats_url,
        "LIFECYCLE_HOST": around.settings.host,
        "LIFECYCLE_AUTH": around.settings.auth,
        "LIFECYCLE_AUTH_SECRET": around.secret,
        "LIFECYCLE_STATE_DIR": str(around.state),
        "REGISTRY_ARTIFACTS": around.settings.registry_artifacts or str(around.state / "artifacts"),
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONUNBUFFERED": "1",
    }
    for name in ("registry", "monitor", "gateway", "dashboard"):
        if name in around.ports:
            environment[f"{name.upper()}_PORT"] = str(around.ports[name])
            environment[f"{name.upper()}_URL"] = around.http(name)
    return environment
