"""The gateway of the integration tests, and the public conformance suites from npm, pinned beside this file."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.gateway.conftest import bus, gateway, monitor, own_nats, registry

__all__ = ["bus", "gateway", "monitor", "own_nats", "registry"]

HERE = Path(__file__).parent

RunNode = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="session")
def suites(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the suites installed as the lock says."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("the public GraphQL suites run on Node: install nodejs and npm")
    directory = tmp_path_factory.mktemp("suites")
    for file in (*HERE.glob("*.json"), *HERE.glob("*.mjs")):
        shutil.copy(file, directory)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
    installed = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=100)
    assert installed.returncode == 0, installed.stderr
    return directory


@pytest.fixture
def node(suites: Path) -> RunNode:
    """Runs one of the suites' programs beside the gateway; answers with the JSON that it prints."""

    async def run(program: str, *arguments: str) -> Any:
        process = await asyncio.create_subprocess_exec(
            "node",
            str(suites / program),
            *arguments,
            cwd=suites,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(), 60)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise
        assert process.returncode == 0, err.decode()
        return json.loads(out)

    return run
