"""What can be watched: lifecycle events without a gap, live figures with the newest winning."""
