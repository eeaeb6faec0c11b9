"""MLflow's REST API over the registry's handlers: what its clients send and expect, and nothing else."""
