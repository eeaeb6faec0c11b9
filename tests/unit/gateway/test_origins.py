"""Which pages may open a WebSocket."""

from __future__ import annotations

import pytest

from services.gateway.origins import allowed


@pytest.mark.parametrize(
    ("headers", "listens_on", "expected"),
    [
        ({}, "0.0.0.0", True),
        ({"origin": "https://board.example", "host": "gateway.example"}, "0.0.0.0", True),
        ({"origin": "https://gateway.example", "host": "gateway.example"}, "0.0.0.0", True),
        ({"origin": "https://gateway.example:444", "host": "gateway.example"}, "0.0.0.0", False),
        ({"origin": "http://localhost:8050", "host": "gateway.example"}, "0.0.0.0", False),
        ({"origin": "http://localhost:8050", "host": "127.0.0.1:8000"}, "127.0.0.1", True),
        ({"origin": "http://[::1]:8050", "host": "localhost:8000"}, "::1", True),
        ({"origin": "http://rebound.example", "host": "rebound.example"}, "127.0.0.1", False),
        ({"origin": "http://localhost", "host": "rebound.example"}, "127.0.0.1", False),
        ({"origin": "null", "host": "127.0.0.1"}, "127.0.0.1", False),
        ({"origin": "file://", "host": "127.0.0.1"}, "127.0.0.1", False),
    ],
)
def test_only_our_own_pages_and_configured_ones_may(headers: dict[str, str], listens_on: str, expected: bool) -> None:
    assert allowed(headers, ("https://board.example/",), listens_on) is expected
