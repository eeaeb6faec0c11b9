"""Rows on their way in: read from any form, checked against the reference, and in the one form that travels."""
