"""What anna and ben do around their training, from the first question to the second version, as anybody could do it."""
