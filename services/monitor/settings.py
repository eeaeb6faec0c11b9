"""The monitor's settings, from environment variables, read once at start."""

from __future__ import annotations

from pydantic import Field

from services.runtime.settings import ServiceSettings

MEBIBYTE = 1024 * 1024


class MonitorSettings(ServiceSettings):
    """`python -m services.monitor`."""

    port: int = Field(8002, ge=0, le=65535, validation_alias="MONITOR_PORT", description="0 takes a free port.")
    database: str = Field("monitor", validation_alias="MONITOR_DATABASE", description="Name of the monitor's database.")
    max_batch_bytes: int = Field(
        64 * MEBIBYTE, gt=0, validation_alias="MONITOR_MAX_BATCH_BYTES", description="Largest body of a batch."
    )
    max_reference_bytes: int = Field(
        512 * MEBIBYTE, gt=0, validation_alias="MONITOR_MAX_REFERENCE_BYTES", description="Largest body of a reference."
    )
    idle_close_seconds: float = Field(
        30.0,
        gt=0,
        validation_alias="MONITOR_IDLE_CLOSE_SECONDS",
        description="A window whose end has passed by the clock also closes after so long without new rows.",
    )
    join_days: float = Field(
        90.0,
        gt=0,
        validation_alias="MONITOR_JOIN_DAYS",
        description="Days, in event time, for which predictions wait for their labels.",
    )
    metrics_allowed: tuple[str, ...] = Field(
        ("*",),
        validation_alias="MONITOR_METRICS_ALLOWED",
        description='Patterns of "model/version" whose window figures become Prometheus gauges (JSON list).',
    )
    registry_url: str = Field(
        "",
        validation_alias="REGISTRY_URL",
        description="The registry's address: references can be made from files that lie there.",
    )
    webhooks_private: bool = Field(
        False,
        validation_alias="MONITOR_WEBHOOKS_PRIVATE",
        description="Whether webhooks may reach this machine and private networks.",
    )
