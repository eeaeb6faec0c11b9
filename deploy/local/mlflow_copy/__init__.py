"""Copies experiments, runs, models and artifacts from one MLflow server to another, over MLflow's REST API."""
