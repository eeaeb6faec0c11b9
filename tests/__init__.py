"""Tests by kind: unit, property, contract, integration, e2e, fault, and benchmarks."""
