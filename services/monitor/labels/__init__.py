"""Labels: prediction rows kept in packed blocks until their labels arrive, and the join of the two."""
