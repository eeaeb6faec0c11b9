"""What mutations take: each input becomes a request of the contracts, field by field."""
