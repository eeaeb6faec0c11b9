"""Stored hours and days: what many short windows come to, kept so that a year of them is read at once."""
