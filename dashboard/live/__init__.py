"""The push: one subscription upstream per topic, conflated batches to every open browser."""
