"""What happened: a searchable copy of every service's events."""
