"""Panels of the machinery: commits, relay, consumers, streams; GraphQL, HTTP, requests; processes."""

from __future__ import annotations

from deploy.grafana.panels import Panel, Query, Row
from deploy.grafana.queries import RATE, per_second, quantiles

DELIVERY = Row(
    "Delivery: commits, relay, consumers",
    [
        Panel(
            "timeseries",
            "Time of a commit",
            "One durable MongoDB transaction, of one or many changes.",
            quantiles("lifecycle_commit_seconds", "database", 0.5, 0.95),
            unit="s",
            least=0,
        ),
        Panel(
            "timeseries",
            "Changes per second",
            "By outcome: Stale and Duplicate are conflicts that are decided again.",
            [per_second("lifecycle_changes_total", "database, outcome", "{{database}} {{outcome}}")],
            least=0,
        ),
        Panel(
            "timeseries",
            "Events relayed per second",
            "Published to JetStream and acknowledged; again, where the stream had lost its tail.",
            [
                per_second("lifecycle_events_relayed_total", "database", "{{database}}"),
                per_second("lifecycle_events_republished_total", "database", "{{database}} again"),
            ],
            least=0,
        ),
        Panel(
            "timeseries",
            "Events waiting for the relay",
            "Committed, not yet published; at most one batch is counted.",
            [Query("max by (database) (lifecycle_events_pending)", "{{database}}")],
            least=0,
        ),
        Panel(
            "timeseries",
            "Messages consumed per second",
            "By outcome; repeated ones have no second effect, dead ones wait for an operator.",
            [per_second("lifecycle_consumed_total", "consumer, outcome", "{{consumer}} {{outcome}}")],
            least=0,
        ),
        Panel(
            "timeseries",
            "Messages not yet acknowledged",
            "How far each consumer is behind.",
            [Query("max by (consumer) (lifecycle_consumer_pending_messages)", "{{consumer}}")],
            least=0,
        ),
        Panel(
            "timeseries",
            "Oldest parked event",
            "How long it has waited for an earlier event of its aggregate.",
            [Query("max by (consumer) (lifecycle_parked_age_seconds)", "{{consumer}}")],
            unit="s",
            least=0,
            may_be_empty=True,
        ),
        Panel(
            "timeseries",
            "How full the streams are",
            "A full stream refuses new messages; ingest then answers 503.",
            [
                Query(
                    "max by (stream) (lifecycle_stream_bytes) / max by (stream) (lifecycle_stream_limit_bytes)",
                    "{{stream}}",
                )
            ],
            unit="percentunit",
            least=0,
            steps=[(None, "transparent"), (0.8, "red")],
        ),
        Panel(
            "timeseries",
            "Bytes in the streams",
            "As NATS counts them.",
            [Query("max by (stream) (lifecycle_stream_bytes)", "{{stream}}")],
            unit="bytes",
            least=0,
        ),
    ],
)

SURFACES = Row(
    "GraphQL, HTTP, requests",
    [
        Panel(
            "timeseries",
            "GraphQL operations per second",
            "By type and outcome: ok, partial, failed, refused, timeout.",
            [per_second("lifecycle_graphql_operations_total", "type, outcome", "{{type}} {{outcome}}")],
            least=0,
        ),
        Panel(
            "timeseries",
            "GraphQL time to answer",
            "Queries and mutations.",
            quantiles("lifecycle_graphql_operation_seconds", "type", 0.5, 0.95),
            unit="s",
            least=0,
        ),
        Panel(
            "timeseries",
            "Who listens",
            "Subscriptions and WebSockets at the gateway, browsers at the dashboard.",
            [
                Query("sum by (transport) (lifecycle_graphql_open_subscriptions)", "subscriptions ({{transport}})"),
                Query("sum(lifecycle_graphql_open_websockets)", "WebSockets"),
                Query("sum(lifecycle_dashboard_browsers)", "browsers"),
            ],
            least=0,
        ),
        Panel(
            "timeseries",
            "Messages to subscribers and browsers per second",
            "Sent by the gateway to its subscribers, and by the dashboard to browsers.",
            [
                per_second("lifecycle_graphql_subscription_messages_total", "transport", "gateway, {{transport}}"),
                per_second("lifecycle_dashboard_frames_total", "service", "{{service}}, frames"),
            ],
            least=0,
        ),
        Panel(
            "timeseries",
            "HTTP answers that failed",
            "Share of answers with a status of 500 or above over five minutes.",
            [Query("service:lifecycle_http_errors:ratio_rate5m", "{{service}}")],
            unit="percentunit",
            least=0,
        ),
        Panel(
            "timeseries",
            "HTTP requests per second",
            "By service.",
            [Query("service:lifecycle_http_requests:rate1m", "{{service}}")],
            least=0,
        ),
        Panel(
            "timeseries",
            "HTTP answers with an error",
            "By service, route and status from 400 on.",
            [
                Query(
                    'sum by (service, route, status) (rate(lifecycle_http_requests_total{status=~"4..|5.."}'
                    f"[{RATE}]))",
                    "{{service}} {{route}} {{status}}",
                )
            ],
            least=0,
            may_be_empty=True,
        ),
        Panel(
            "timeseries",
            "HTTP time to answer, 95th percentile",
            "The ten slowest routes.",
            [Query("topk(10, service_route:lifecycle_http_request_seconds:p95_rate5m)", "{{service}} {{route}}")],
            unit="s",
            least=0,
        ),
        Panel(
            "timeseries",
            "Requests over NATS per second",
            "By request and outcome.",
            [per_second("lifecycle_request_seconds_count", "request, outcome", "{{request}} {{outcome}}")],
            least=0,
        ),
        Panel(
            "timeseries",
            "Requests over NATS, 95th percentile",
            "Time to answer, in the service that owns the request.",
            [Query("request:lifecycle_request_seconds:p95_rate5m", "{{request}}")],
            unit="s",
            least=0,
        ),
    ],
)

PROCESSES = Row(
    "Processes",
    [
        Panel(
            "timeseries",
            "Up",
            "Whether the process answers a scrape.",
            [Query('up{job="lifecycle"}', "{{service}} {{instance}}")],
            size=(6, 8),
            least=0,
            most=1,
        ),
        Panel(
            "timeseries",
            "Memory",
            "Resident.",
            [Query('process_resident_memory_bytes{job="lifecycle"}', "{{service}}")],
            unit="bytes",
            size=(6, 8),
            least=0,
        ),
        Panel(
            "timeseries",
            "CPU",
            "Share of one core.",
            [Query(f'rate(process_cpu_seconds_total{{job="lifecycle"}}[{RATE}])', "{{service}}")],
            unit="percentunit",
            size=(6, 8),
            least=0,
        ),
        Panel(
            "timeseries",
            "Open files",
            "File descriptors, sockets included.",
            [Query('process_open_fds{job="lifecycle"}', "{{service}}")],
            size=(6, 8),
            least=0,
        ),
    ],
)
