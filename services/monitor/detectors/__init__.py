"""When figures are worth somebody's attention."""
