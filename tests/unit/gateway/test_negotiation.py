"""What the client likes best is what it gets."""

from __future__ import annotations

import pytest

from services.gateway.negotiation import EVENT_STREAM, GRAPHQL, JSON, chosen


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("APPLICATION/JSON; charset=utf-8", JSON),
        ("application/graphql-response+json", GRAPHQL),
        ("application/graphql-response+json, application/json;q=0.9", GRAPHQL),
        ("application/json;q=0.5, application/graphql-response+json;q=0.6", GRAPHQL),
        ("application/json, application/graphql-response+json", JSON),
        ("text/html, application/json;q=0.1", JSON),
        ("text/event-stream", EVENT_STREAM),
        ("text/*", EVENT_STREAM),
        ("image/png", None),
        ("application/json;q=0", None),
        ("application/json;q=nonsense", None),
    ],
)
def test_the_best_liked_type_wins(accept: str | None, expected: str | None) -> None:
    assert chosen(accept) == expected
