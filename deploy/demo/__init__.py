"""The demonstration: real flights, two colleagues who train on them, and a year that passes in three minutes."""
