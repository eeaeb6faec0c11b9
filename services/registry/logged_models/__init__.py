"""Logged models (MLflow 3): a model that a run produced, with parameters, tags, metrics and files of its own."""
