"""The gateway before the real registry and monitor, and what its mutations answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from tests.integration.gateway.harness import Gateway


@dataclass
class Stack:
    """All three, and a client of the registry's MLflow API."""

    gateway: Gateway
    mlflow: httpx.AsyncClient

    async def tell(self, path: str, **body: Any) -> dict[str, Any]:
        response = await self.mlflow.post(f"/api/2.0/mlflow/{path}", json=body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer


async def payload(stack: Stack, mutation: str, input_: dict[str, Any], selection: str) -> dict[str, Any]:
    """What a mutation answers."""
    kind = mutation[0].upper() + mutation[1:] + "Input"
    fields = f"{selection} errors {{ code message field }}"
    text = f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {fields} }} }}"
    found: dict[str, Any] = (await stack.gateway.data(text, {"input": input_}))[mutation]
    return found


async def changed(stack: Stack, mutation: str, input_: dict[str, Any], selection: str) -> dict[str, Any]:
    """The payload of a mutation that must not fail."""
    found = await payload(stack, mutation, input_, selection)
    assert found.pop("errors") == []
    return found


async def refused(stack: Stack, mutation: str, input_: dict[str, Any], selection: str) -> dict[str, Any]:
    """The first error of a mutation that must change nothing."""
    error: dict[str, Any] = (await payload(stack, mutation, input_, selection))["errors"][0]
    return error
