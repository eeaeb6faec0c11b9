"""How any service lives: settings, bus, store, outbox and inbox, identity, telemetry, health, run loop."""
