"""The dashboard's settings, read from environment variables once, at start."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from services.runtime.settings import ProcessSettings

Prefix = Annotated[str, StringConstraints(pattern=r"^/(.*/)?$")]


class DashboardSettings(ProcessSettings):
    """Where the gateway is, and under which path browsers see the dashboard."""

    port: int = Field(
        8050, ge=0, le=65535, validation_alias="DASHBOARD_PORT", description="Port to listen on; 0 takes a free one."
    )
    gateway_url: str = Field(
        "http://127.0.0.1:8000", validation_alias="GATEWAY_URL", description="Base address of the GraphQL gateway."
    )
    path_prefix: Prefix = Field(
        "/", validation_alias="DASHBOARD_PREFIX", description="Path below which browsers see it, with slashes around."
    )
    token: SecretStr = Field(
        SecretStr(""),
        validation_alias="DASHBOARD_TOKEN",
        description="Viewer token for live updates; without it, those of the people who are signed in are used.",
    )
    secure_cookie: bool = Field(
        False, validation_alias="DASHBOARD_SECURE_COOKIE", description="Send the session cookie over HTTPS only."
    )
