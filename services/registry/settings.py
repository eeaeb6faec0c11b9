"""The registry's settings, read from environment variables once, at start."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from services.runtime.settings import ServiceSettings


class RegistrySettings(ServiceSettings):
    """Everything the registry can be told from outside."""

    port: int = Field(8001, ge=0, le=65535, validation_alias="REGISTRY_PORT", description="Port; 0 takes a free one.")
    database: str = Field("registry", validation_alias="REGISTRY_DATABASE", description="Name of the database.")
    artifacts: str = Field(
        str(Path(".lifecycle") / "artifacts"),
        validation_alias="REGISTRY_ARTIFACTS",
        description="Where artifacts lie: a directory, or s3://bucket/prefix, gs://…, az://….",
    )
    webhooks_private: bool = Field(
        False,
        validation_alias="REGISTRY_WEBHOOKS_PRIVATE",
        description="Whether webhooks may reach this machine and private networks.",
    )
