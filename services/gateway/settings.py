"""The gateway's settings."""

from __future__ import annotations

from pydantic import Field, SecretStr

from services.runtime.settings import ProcessSettings


class GatewaySettings(ProcessSettings):
    """What the gateway needs beside every process's settings; the limits protect it from costly documents."""

    port: int = Field(
        8000, ge=0, le=65535, validation_alias="GATEWAY_PORT", description="Port to listen on; 0 takes a free one."
    )
    nats_url: SecretStr = Field(
        SecretStr("nats://127.0.0.1:4322"), validation_alias="NATS_URL", description="NATS server with JetStream."
    )
    request_seconds: float = Field(
        5.0, gt=0, validation_alias="GATEWAY_REQUEST_SECONDS", description="Longest wait for a service's answer."
    )
    operation_seconds: float = Field(
        15.0, gt=0, validation_alias="GATEWAY_OPERATION_SECONDS", description="Longest time for one query or mutation."
    )
    max_depth: int = Field(
        12, gt=0, validation_alias="GATEWAY_MAX_DEPTH", description="Deepest nesting of fields in a document."
    )
    max_fields: int = Field(
        500, gt=0, validation_alias="GATEWAY_MAX_FIELDS", description="Most fields written in a document."
    )
    max_aliases: int = Field(
        60, ge=0, validation_alias="GATEWAY_MAX_ALIASES", description="Most aliases in a document."
    )
    max_tokens: int = Field(
        2_000, gt=0, validation_alias="GATEWAY_MAX_TOKENS", description="Most lexical tokens in a document."
    )
    max_document_characters: int = Field(
        50_000, gt=0, validation_alias="GATEWAY_MAX_DOCUMENT_CHARACTERS", description="Longest document."
    )
    max_cost: int = Field(
        25_000, gt=0, validation_alias="GATEWAY_MAX_COST", description="Most objects an operation may ask for."
    )
    cost_per_minute: int = Field(
        2_000_000,
        gt=0,
        validation_alias="GATEWAY_COST_PER_MINUTE",
        description="Most objects one caller may ask for within a minute.",
    )
    cached_documents: int = Field(
        512, gt=0, validation_alias="GATEWAY_CACHED_DOCUMENTS", description="Parsed and validated documents kept."
    )
    subscriptions_per_connection: int = Field(
        100,
        gt=0,
        validation_alias="GATEWAY_SUBSCRIPTIONS_PER_CONNECTION",
        description="Most operations under way on one WebSocket.",
    )
    connection_init_seconds: float = Field(
        10.0,
        gt=0,
        validation_alias="GATEWAY_CONNECTION_INIT_SECONDS",
        description="Time a WebSocket has to introduce itself.",
    )
