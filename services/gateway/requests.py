"""A GraphQL request as clients send it, whatever it came through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from services.gateway.errors import RequestFailed


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """A document, which of its operations to execute, and the values of its variables."""

    query: str
    operation_name: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)


def from_json(body: bytes) -> GraphQLRequest:
    """Raises RequestFailed (400) if `body` isn't a GraphQL request."""
    try:
        payload = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RequestFailed.malformed(f"The body is not JSON: {error}") from None
    return from_payload(payload)


def from_payload(payload: object) -> GraphQLRequest:
    """Raises RequestFailed (400) if `payload` isn't a GraphQL request."""
    if isinstance(payload, list):
        raise RequestFailed.malformed("Several operations in one request are not taken: send each on its own.")
    if not isinstance(payload, dict):
        raise RequestFailed.malformed("The request must be a JSON object.")
    query = payload.get("query")
    if not isinstance(query, str):
        raise RequestFailed.malformed("`query` must be a text: the GraphQL document.")
    name = payload.get("operationName")
    if name is not None and not isinstance(name, str):
        raise RequestFailed.malformed("`operationName` must be a text.")
    for parameter in ("variables", "extensions"):
        if not isinstance(payload.get(parameter), dict | None):
            raise RequestFailed.malformed(f"`{parameter}` must be a JSON object.")
    return GraphQLRequest(query, name or None, payload.get("variables") or {})


def from_query_string(parameters: Mapping[str, str]) -> GraphQLRequest:
    """Raises RequestFailed (400) if the parameters aren't a GraphQL request."""
    payload: dict[str, Any] = dict(parameters)
    for parameter in ("variables", "extensions"):
        if parameter in payload:
            try:
                payload[parameter] = msgspec.json.decode(payload[parameter]) if payload[parameter] else None
            except msgspec.DecodeError as error:
                raise RequestFailed.malformed(f"`{parameter}` is not JSON: {error}") from None
    return from_payload(payload)
