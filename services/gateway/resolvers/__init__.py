"""The roots of the schema: each fetches views and what the query needs of their relatives, in few requests."""
