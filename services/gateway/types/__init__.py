"""The GraphQL types: each reads its fields off a view of the contracts, as attributes."""
