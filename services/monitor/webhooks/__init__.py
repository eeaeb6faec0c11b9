"""Webhooks: alerts sent to other systems, signed and retried."""
