"""The running monitor of the integration tests."""

from tests.integration.monitor.conftest import (  # noqa: F401
    bus,
    monitor,
    own_nats,
    registry,
    run_monitor,
    settings,
    store,
)
