"""What current data is compared with."""
