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
from tests.integration.gateway.stacks import Stack
from tests.integration.gateway.story import MODEL, Story
from tests.support.servers import Server
from tests.support.waiting import until

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


async def test_the_examples_of_the_guide_work_and_so_do_all_other_nouns(told: tuple[Stack, Story]) -> None:
    stack, story = told
    text = GUIDE.read_text()
    examples = list(EXAMPLE.finditer(text))
    assert len(examples) == 10
    known = {"PROJECT": story.project, "RUN": story.runs["deep"]}
    printed = text
    if os.environ.get("UPDATE_SNAPSHOTS"):
        await until(lambda: _board_has_followed(stack, story))
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
    await _everything_answers(stack, story)
    await _everything_changes(stack, story)


async def _board_has_followed(stack: Stack, story: Story) -> bool:
    """Whether what was seen in production has reached the last stage."""
    query = "query($id: String!) { project(id: $id) { stages { done } } }"
    data = await stack.gateway.data(query, {"id": story.project})
    return bool(data["project"]["stages"][-1]["done"] >= 3)


async def _everything_answers(stack: Stack, story: Story) -> None:
    """Asks for every noun that no example asks for."""
    data = await stack.gateway.data(
        """query($model: String!, $run: String!, $project: String!) {
             alerts { totalCount nodes { alertId modelVersion { version } } } silences { id } webhooks { id }
             alertRules(model: $model, version: "2") { default rules { name metric } }
             evaluations(model: $model) { nodes { id split { name } modelVersion { version } run { name } } }
             gatePolicy(projectId: $project) { revision gates { name kind } }
             gateResults(model: $model) { nodes { number passed } }
             environments { name alias } ran(start: "2026-01-01T00:00:00Z") { environment stay { version how } }
             retrainings { totalCount nodes { state } }
             datasets { nodes { name latestVersion { digest profile { profile { rows } }
               checks { overlaps { share } } } } }
             dataSources { totalCount } modelCards { totalCount } modelCardWords(model: $model) { revision }
             modelCard(model: $model, version: "@champion") { revision missing markdown }
             reproducibility(runId: $run) { score missing attempts { outcome } }
             reproductionPlan(runId: $run) { runName params { key value } datasets { dataset } }
             run(id: $run) { similar { runName } datasets { name registered { number usedBy { nodes { runId } } } } }
             performance(model: $model, version: "2") { performance { rocAuc } at { threshold recall } }
             windows(model: $model, version: "2", last: 1) { quality { missingShare } service { rowsPerSecond }
               estimated { rocAuc } }
             modelVersion(model: $model, version: "2") { standings { missing } alerts { totalCount }
               modelCard { digest } evaluations { totalCount } review { state } gateResult { passed } }
             tokens { id } lifecycleWebhooks { id } registryDeadLetters { id } monitorDeadLetters { id } }""",
        {"model": MODEL, "run": story.runs["deep"], "project": story.project},
    )
    assert [name for name, value in data.items() if value is None] == []
    assert data["alertRules"]["default"] is True
    assert data["evaluations"]["nodes"][0]["modelVersion"] == {"version": "2"}
    assert data["ran"] == [{"environment": "production", "stay": {"version": "2", "how": "DEPLOYED"}}]
    assert data["run"]["similar"][0] == {"runName": "deep again"}
    assert data["run"]["datasets"][0]["registered"]["number"] == 1
    assert data["performance"]["at"]["threshold"] == 0.5
    assert "# " in data["modelCard"]["markdown"]


async def _everything_changes(stack: Stack, story: Story) -> None:
    """Changes every noun that the story doesn't change."""
    of = {"model": MODEL, "version": "2"}
    await story.change("setAlertRules", {**of, "rules": [{"name": "volume", "metric": "VOLUME"}]})
    await story.change("setAlertRules", {**of, "rules": None})
    span = {"start": "2026-04-01T00:00:00Z", "end": "2026-04-02T00:00:00Z", "reason": "Moving house."}
    await story.change("setSilence", span)
    past = {"reference": "First days", "start": "2026-03-01T00:00:00Z", "end": "2026-03-03T00:00:00Z"}
    await story.change("setReferenceFromPeriod", {**of, **past})
    await story.change("setEnvironment", {"environment": "canary", "needsApproval": False})
    await story.change("requestRetraining", {**of, "reason": "AUC fell."})
    await story.change("describeSource", {"source": "bts", "owner": "Bureau", "personalData": "NONE"})
    parents = [{"dataset": "flights-2013", "digest": "5f2c"}]
    clean = {"dataset": "flights-clean", "digest": "77aa", "sources": ["bts"], "parents": parents, "rows": 1_000}
    await story.change("registerDataset", clean)
    features = [{"name": "temp", "origin": "weather"}]
    await story.change("describeFeatures", {"dataset": "flights-clean", "digest": "77aa", "features": features})
    await story.change("writeModelCard", {"model": MODEL, "words": {"summary": "Late or not."}})
    await story.change("publishModelCard", of)
    again = {"runId": story.runs["deep"], "rerunId": story.runs["deep again"]}
    await story.change("recordReproduction", again)
    data = await stack.gateway.data(
        """mutation { acknowledgeAlert(input: {alertId: "none"}) { alert { state } errors { code retryable } }
             createToken(input: {user: "ci", role: CONTRIBUTOR}) { secret token { id role } errors { code } } }"""
    )
    assert data["acknowledgeAlert"] == {"alert": None, "errors": [{"code": "NOT_FOUND", "retryable": False}]}
    assert data["createToken"]["secret"]
    await story.change("revokeToken", {"id": data["createToken"]["token"]["id"]})


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
