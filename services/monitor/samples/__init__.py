"""A few rows of each window, and what they say about all features together."""
