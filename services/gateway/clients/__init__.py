"""Typed questions to the services that own the facts, over NATS."""
