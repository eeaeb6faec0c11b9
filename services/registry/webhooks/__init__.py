"""Webhooks for what happens in the lifecycle: signed, at least once, with growing pauses."""
