"""Tumbling windows of event time, and the figures of each."""
