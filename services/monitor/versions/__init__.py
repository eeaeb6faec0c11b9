"""Model versions the monitor knows: projected from the registry's events, each with its reference."""
