"""Settings refuse what would be dangerous, in words."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from services.runtime.settings import ProcessSettings, is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.9"])
def test_loopback_addresses_may_run_open(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIFECYCLE_HOST", host)
    assert is_loopback(host)
    assert ProcessSettings().auth == "open"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "example.org"])
def test_any_other_address_without_authentication_is_refused(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIFECYCLE_HOST", host)
    with pytest.raises(ValidationError, match="refusing to listen"):
        ProcessSettings()


def test_token_authentication_needs_a_long_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIFECYCLE_AUTH", "token")
    monkeypatch.setenv("LIFECYCLE_AUTH_SECRET", "short")
    with pytest.raises(ValidationError, match="LIFECYCLE_AUTH_SECRET"):
        ProcessSettings()
    monkeypatch.setenv("LIFECYCLE_AUTH_SECRET", "x" * 32)
    assert ProcessSettings().auth == "token"
    assert "x" * 32 not in repr(ProcessSettings())
