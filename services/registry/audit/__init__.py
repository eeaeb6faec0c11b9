"""The audit trail: listed, sealed into a hash chain, verified."""
