"""A real browser in front of the dashboard."""
