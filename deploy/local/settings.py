"""Settings of the local stack, from environment variables."""

import ipaddress
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.local.problems import Refused

Auth = Literal["open", "token"]


class LocalSettings(BaseSettings):
    """Where the stack keeps its state, where it listens, and which servers it uses instead of its own."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True, env_ignore_empty=True)

    state_dir: Path = Field(default=Path(".lifecycle"), validation_alias="LIFECYCLE_STATE_DIR")
    host: str = Field(default="127.0.0.1", validation_alias="LIFECYCLE_HOST")
    auth: Auth = Field(default="open", validation_alias="LIFECYCLE_AUTH")
    auth_secret: str | None = Field(default=None, validation_alias="LIFECYCLE_AUTH_SECRET")
    mongodb_uri: str | None = Field(default=None, validation_alias="MONGODB_URI")
    nats_url: str | None = Field(default=None, validation_alias="NATS_URL")
    registry_artifacts: str | None = Field(default=None, validation_alias="REGISTRY_ARTIFACTS")

    def refuse_open_to_others(self) -> None:
        """Raises Refused when others could reach a stack that asks nobody who they are."""
        if self.auth == "open" and not is_loopback(self.host):
            raise Refused(
                f"Listening on {self.host} would let others in without asking who they are (LIFECYCLE_AUTH=open).",
                "Set LIFECYCLE_AUTH=token (or --auth token) to listen there, or leave the host at 127.0.0.1.",
            )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address. A name other than localhost counts as reachable by others."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def reach(host: str) -> str:
    """The address under which this machine reaches a server that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
