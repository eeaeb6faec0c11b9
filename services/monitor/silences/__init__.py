"""Maintenance silences: windows that say nothing."""
