"""Grafana: the dashboard as code, its JSON as Grafana reads it, and what Grafana is told at its start."""
