"""How the system is run: the one-command local stack, containers, clusters, and their monitoring."""
