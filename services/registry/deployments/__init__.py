"""What runs where, since when, and who allowed it."""
