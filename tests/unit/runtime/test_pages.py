"""Which pages may reach a process through a browser."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr
from starlette.types import Scope

from services.runtime.pages import Pages
from services.runtime.settings import ProcessSettings

SECRET = SecretStr("s" * 32)


def settings(host: str = "127.0.0.1", **more: Any) -> ProcessSettings:
    auth = {} if host == "127.0.0.1" else {"auth": "token", "auth_secret": SECRET}
    return ProcessSettings.model_validate(
        {"host": host, "allowed_origins": ("https://board.example/",), **auth, **more}
    )


def asked(method: str = "POST", **headers: str) -> Scope:
    kind = "websocket" if method == "websocket" else "http"
    encoded = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": kind, "method": method, "headers": encoded}


def code(settings: ProcessSettings, scope: Scope) -> str | None:
    refusal = Pages(settings).refusal(scope)
    return refusal and refusal.code


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "websocket"])
@pytest.mark.parametrize(
    ("headers", "listens_on", "expected"),
    [
        ({}, "0.0.0.0", None),
        ({"host": "gateway.example"}, "0.0.0.0", None),
        ({"origin": "https://board.example", "host": "gateway.example"}, "0.0.0.0", None),
        ({"origin": "https://gateway.example", "host": "gateway.example"}, "0.0.0.0", None),
        ({"origin": "https://ml.example", "host": "upstream:8000", "x_forwarded_host": "ml.example"}, "0.0.0.0", None),
        ({"origin": "https://gateway.example:444", "host": "gateway.example"}, "0.0.0.0", "FOREIGN_ORIGIN"),
        ({"origin": "http://localhost:8050", "host": "gateway.example"}, "0.0.0.0", "FOREIGN_ORIGIN"),
        ({"origin": "http://localhost:8050", "host": "127.0.0.1:8000"}, "127.0.0.1", None),
        ({"origin": "http://[::1]:8050", "host": "localhost:8000"}, "::1", None),
        ({"origin": "https://evil.example", "host": "127.0.0.1:5000"}, "127.0.0.1", "FOREIGN_ORIGIN"),
        ({"origin": "http://127.0.0.1.evil.example", "host": "127.0.0.1:5000"}, "127.0.0.1", "FOREIGN_ORIGIN"),
        ({"origin": "http://localhost", "host": "rebound.example"}, "127.0.0.1", "FOREIGN_HOST"),
        ({"origin": "null", "host": "127.0.0.1"}, "127.0.0.1", "FOREIGN_ORIGIN"),
        ({"origin": "file://", "host": "127.0.0.1"}, "127.0.0.1", "FOREIGN_ORIGIN"),
        ({"origin": "http://[oops", "host": "127.0.0.1"}, "127.0.0.1", "FOREIGN_ORIGIN"),
        ({"origin": "http://\xff", "host": "127.0.0.1"}, "127.0.0.1", "FOREIGN_ORIGIN"),
    ],
)
def test_only_our_own_pages_and_configured_ones_may_change_things(
    method: str, headers: dict[str, str], listens_on: str, expected: str | None
) -> None:
    assert code(settings(listens_on), asked(method, **headers)) == expected


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_pages_elsewhere_may_ask_for_what_their_browser_keeps_from_them(method: str) -> None:
    assert code(settings(), asked(method, origin="https://evil.example", host="127.0.0.1:5000")) is None


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:5000", None),
        ("127.8.9.10", None),
        ("localhost:5000", None),
        ("LOCALHOST", None),
        ("[::1]:5000", None),
        ("", None),
        ("ml.example:5000", None),
        ("ML.example", None),
        ("rebound.example:5000", "FOREIGN_HOST"),
        ("localhost.evil.example", "FOREIGN_HOST"),
        ("192.168.0.7:5000", "FOREIGN_HOST"),
        ("0.0.0.0:5000", "FOREIGN_HOST"),
        ("[::1", "FOREIGN_HOST"),
        (":5000", "FOREIGN_HOST"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "websocket"])
def test_without_authentication_only_local_names_and_configured_ones_are_answered(
    method: str, host: str, expected: str | None
) -> None:
    assert code(settings(allowed_hosts=("ML.example",)), asked(method, host=host)) == expected


def test_with_authentication_any_name_is_answered() -> None:
    assert code(settings(auth="token", auth_secret=SECRET), asked("GET", host="ml.example")) is None
    assert (
        code(settings(auth="token", auth_secret=SECRET), asked(host="ml.example", origin="https://ml.example")) is None
    )
