"""Alerts: what fires, how an alert lives, and what is done about it."""
