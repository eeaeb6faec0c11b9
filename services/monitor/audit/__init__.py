"""The audit trail of what people do in the monitor: its chain."""
