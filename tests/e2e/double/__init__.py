"""A gateway for the dashboard's browser tests: the committed schema, executed over data that a test controls."""
