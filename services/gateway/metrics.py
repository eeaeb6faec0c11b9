"""What Prometheus learns of the gateway; labels come from closed sets, never from what clients write."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from services.runtime.telemetry import SECONDS_BUCKETS

operations = Counter(
    "lifecycle_graphql_operations_total",
    "GraphQL operations by type (query, mutation, subscription, unknown) and outcome: ok, partial (some fields "
    "failed), failed (no data), refused (the request couldn't be executed), timeout",
    ["type", "outcome"],
)
seconds = Histogram(
    "lifecycle_graphql_operation_seconds",
    "Time to answer a query or mutation",
    ["type"],
    buckets=SECONDS_BUCKETS,
)
subscriptions = Gauge("lifecycle_graphql_open_subscriptions", "Subscriptions under way", ["transport"])
for _transport in ("websocket", "sse"):
    subscriptions.labels(_transport)  # shows 0 from the start
connections = Gauge("lifecycle_graphql_open_websockets", "WebSocket connections")
messages = Counter("lifecycle_graphql_subscription_messages_total", "Messages sent to subscribers", ["transport"])
