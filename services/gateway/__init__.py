"""One GraphQL API for everything the registry and the monitor know; owns no data."""
