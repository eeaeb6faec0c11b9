"""Notes about what somebody has learned."""
