"""Experiments: a name that runs are grouped under."""
