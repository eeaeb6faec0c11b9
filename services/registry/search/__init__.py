"""MLflow's filter and order strings: read, checked against what an entity offers, and turned into MongoDB queries."""
