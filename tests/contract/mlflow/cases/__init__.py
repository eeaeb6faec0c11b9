"""What is asked of both servers, as data."""
