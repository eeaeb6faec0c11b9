"""The event-driven services of the ML Lifecycle Dashboard."""
