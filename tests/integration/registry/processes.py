"""A registry process of a test's own, on real servers, that may be killed and started again."""

import os
import uuid
from collections.abc import Mapping
from pathlib import Path

import httpx

from deploy.local.ports import choose
from tests.support.waiting import wait_until
from tests.support.zygote import Spawned, spawn


class RegistryProcess:
    """`python -m services.registry`, at the same address after each restart."""

    def __init__(self, mongodb: str, nats: str, directory: Path, settings: Mapping[str, str] | None = None) -> None:
        self.port = choose(["port"])["port"]
        self.database = f"test_{uuid.uuid4().hex[:12]}"
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._settings = {
            "MONGODB_URI": mongodb,
            "NATS_URL": nats,
            "REGISTRY_PORT": str(self.port),
            "REGISTRY_DATABASE": self.database,
            "REGISTRY_ARTIFACTS": str(directory / "artifacts"),
            **(settings or {}),
        }
        self._process: Spawned | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.directory / "registry.log"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        self._process = spawn("services.registry", {**os.environ, **self._settings}, self.log)
        wait_until(self._ready, within=60, what="the registry is ready")

    def _ready(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"the registry ended:\n{self.log.read_text()[-3000:]}")
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> int:
        """Ends it in order; its exit code."""
        assert self._process is not None
        self._process.terminate()
        code = self._process.wait(20)
        self._process = None
        return code
