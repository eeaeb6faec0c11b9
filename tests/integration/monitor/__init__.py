"""The monitor on a real mongod and a real nats-server."""
