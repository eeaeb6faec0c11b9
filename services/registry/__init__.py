"""The registry: experiments, runs, models, artifacts and events, spoken to as MLflow and by typed requests."""
