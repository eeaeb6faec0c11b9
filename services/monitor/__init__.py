"""The monitor: references, ingest of predictions and labels, windows, drift, data quality, performance, alerts."""
