"""Structured logs on standard error, and Prometheus metrics under one prefix without `_created` series."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog
from prometheus_client import disable_created_metrics

from services.runtime.context import told_in_logs

SECONDS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Latency buckets, placed around the objectives (50 ms a query, one second from event to screen)."""

disable_created_metrics()  # type: ignore[no-untyped-call]


def configure_logging(service: str, level: str, form: Literal["json", "console"]) -> None:
    """One line an event, with the service's name and whatever context is bound. Libraries' logs go the same way."""
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"unknown log level {level!r}: use debug, info, warning or error")
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        told_in_logs,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    last: list[structlog.typing.Processor] = (
        [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
        if form == "json"
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for chatty in ("httpx", "httpcore", "pymongo", "nats", "asyncio", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(max(number, logging.WARNING))
    structlog.contextvars.bind_contextvars(service=service)
