"""What pages remember for their users."""
