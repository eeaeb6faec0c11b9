"""What came from what, in both directions."""
