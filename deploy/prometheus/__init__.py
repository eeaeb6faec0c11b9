"""Prometheus: what to scrape, rules, alerts."""
