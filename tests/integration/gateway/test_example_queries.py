"""The example queries of the guide, asked of the real services: each works, and its printed answer has that shape.

`UPDATE_SNAPSHOTS=1` prints the answers into the guide anew.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.monitor.app import build as build_monitor
from services.monitor.settings import MonitorSettings
from services.registry.app import build as build_registry
from services.registry.settings import RegistrySettings
from services.runtime.run import running
from tests.integration.gateway.harness import gateway_on
from tests.integration.gateway.story import Story
from tests.integration.gateway.test_real_services import Stack
from tests.support.servers import Server

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "queries.md"
EXAMPLE = re.compile(
    r"```graphql\n(?P<query>.*?)```\n\n"
    r"(?:```json\n(?P<variables>.*?)```\n\n)?"
    r"Answer:\n\n```json\n(?P<answer>.*?)```",
    re.DOTALL,
)


@pytest.fixture
async def told(mongodb: str, database: str, own_nats: Server, tmp_path: Path) -> AsyncIterator[tuple[Stack, Story]]:
    shared: dict[str, Any] = {"port": 0, "mongodb_uri": mongodb, "nats_url": own_nats.url}
    async with contextlib.AsyncExitStack() as open_:
        registry = RegistrySettings(**shared, database=database, artifacts=str(tmp_path))
        url = await open_.enter_async_context(running(registry, build_registry))
        monitor = await open_.enter_async_context(running(MonitorSettings(**shared, database=database), build_monitor))
        gateway = await open_.enter_async_context(gateway_on(own_nats.url, request_seconds=10.0))
        clients = [
            await open_.enter_async_context(httpx.AsyncClient(base_url=address, auth=("anna", ""), timeout=30))
            for address in (url, monitor)
        ]
        stack = Stack(gateway, clients[0])
        story = Story(stack, clients[1])
        await story.tell()
        yield stack, story


async def test_the_examples_of_the_guide_work(told: tuple[Stack, Story]) -> None:
    stack, story = told
    text = GUIDE.read_text()
    examples = list(EXAMPLE.finditer(text))
    assert len(examples) == 10
    known = {"PROJECT": story.project, "RUN": story.runs["deep"]}
    printed = text
    for example in examples:
        variables = json.loads(example["variables"] or "{}")
        given = {name: known.get(str(value), value) for name, value in variables.items()}
        answer = await stack.gateway.ask(example["query"], given)
        assert "errors" not in answer, (example["query"], answer)
        if os.environ.get("UPDATE_SNAPSHOTS"):
            whole = example.group(0)
            fresh = whole[: example.start("answer") - example.start()] + _plain(answer["data"], known) + "\n```"
            printed = printed.replace(whole, fresh)
        else:
            assert _shape(answer["data"]) == _shape(json.loads(example["answer"])), example["query"]
    if printed != text:
        GUIDE.write_text(printed)


def _plain(data: Any, known: dict[str, str]) -> str:
    text = json.dumps(data, indent=2, ensure_ascii=False)
    for name, value in known.items():
        text = text.replace(value, name)
    return text


def _shape(data: Any) -> Any:
    """The names of fields, and of a list what its items have in common; figures and texts may change."""
    if isinstance(data, dict):
        return {name: _shape(value) for name, value in data.items()}
    if isinstance(data, list):
        return [_shape(data[0])] if data else []
    return None if data is None else "value"
