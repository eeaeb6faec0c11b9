"""The settings every service shares, read from environment variables once, at start."""

from __future__ import annotations

import ipaddress
from typing import Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MIN_SECRET_CHARACTERS = 32


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class ProcessSettings(BaseSettings):
    """What every process needs: where it listens, how it logs, who may enter."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    host: str = Field("127.0.0.1", validation_alias="LIFECYCLE_HOST", description="Address to listen on.")
    port: int = Field(0, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    auth: Literal["open", "token"] = Field(
        "open",
        validation_alias="LIFECYCLE_AUTH",
        description="`open`: no credentials, loopback only; `token`: API tokens.",
    )
    auth_secret: SecretStr = Field(
        SecretStr(""),
        validation_alias="LIFECYCLE_AUTH_SECRET",
        description="Key of the token hashes, the same everywhere.",
    )
    allowed_origins: tuple[str, ...] = Field(
        (), validation_alias="LIFECYCLE_ALLOWED_ORIGINS", description="Web origins allowed besides our own (JSON list)."
    )
    allowed_hosts: tuple[str, ...] = Field(
        (),
        validation_alias="LIFECYCLE_ALLOWED_HOSTS",
        description="Host names besides those of loopback that an open process answers to (JSON list).",
    )
    log_level: str = Field("info", validation_alias="LIFECYCLE_LOG_LEVEL", description="debug, info, warning or error.")
    log_format: Literal["json", "console"] = Field(
        "json", validation_alias="LIFECYCLE_LOG_FORMAT", description="`json` for machines, `console` for people."
    )

    @model_validator(mode="after")
    def _refuse_an_open_door_to_the_network(self) -> ProcessSettings:
        if self.auth == "open" and not is_loopback(self.host):
            raise ValueError(
                f"refusing to listen on {self.host} without authentication: "
                "set LIFECYCLE_AUTH=token (and LIFECYCLE_AUTH_SECRET), or listen on 127.0.0.1"
            )
        if self.auth == "token" and len(self.auth_secret.get_secret_value()) < MIN_SECRET_CHARACTERS:
            raise ValueError(
                f"LIFECYCLE_AUTH=token needs LIFECYCLE_AUTH_SECRET with at least {MIN_SECRET_CHARACTERS} characters"
            )
        return self


class ServiceSettings(ProcessSettings):
    """A service's own database beside the shared servers."""

    mongodb_uri: SecretStr = Field(
        SecretStr("mongodb://127.0.0.1:27117/?replicaSet=rs0"),
        validation_alias="MONGODB_URI",
        description="A MongoDB replica set.",
    )
    nats_url: SecretStr = Field(
        SecretStr("nats://127.0.0.1:4322"), validation_alias="NATS_URL", description="NATS server with JetStream."
    )
    database: str = Field(description="Name of this service's database.")
