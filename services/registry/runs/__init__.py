"""Runs: what a training tried, measured and produced."""
