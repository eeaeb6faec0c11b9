"""JetStream streams and durable consumers as data; the bus creates what is missing and updates what differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

MEBIBYTE = 1024 * 1024
DUPLICATE_WINDOW_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream refuses new messages when `max_bytes` is reached; nothing acknowledged is dropped to make room.

    `work_queue`: a message leaves the stream when its consumer has acknowledged it.
    """

    name: str
    subjects: tuple[str, ...]
    max_bytes: int
    max_message_bytes: int
    retention: Literal["limits", "work_queue"] = "limits"


@dataclass(frozen=True, slots=True)
class Consumer:
    """A durable pull consumer; processes with the same name share its messages."""

    name: str
    stream: Stream
    subjects: tuple[str, ...]
    max_ack_pending: int = 1024
    ack_wait_seconds: float = 30.0


def joint(name: str, sharers: Sequence[Consumer]) -> Consumer:
    """A consumer of whatever any of `sharers` asks for, nothing of it twice. Their subjects end with `>`."""
    patterns = {pattern for sharer in sharers for pattern in sharer.subjects}
    outer = {
        pattern
        for pattern in patterns
        if not any(pattern != other and pattern.startswith(other.removesuffix(">")) for other in patterns)
    }
    return replace(sharers[0], name=name, subjects=tuple(sorted(outer)), max_ack_pending=2 * sharers[0].max_ack_pending)


EVENTS = Stream("EVENTS", ("events.>",), max_bytes=2048 * MEBIBYTE, max_message_bytes=128 * 1024)
PREDICTIONS = Stream(
    "PREDICTIONS", ("ingest.predictions.>",), 2048 * MEBIBYTE, max_message_bytes=6 * MEBIBYTE, retention="work_queue"
)
LABELS = Stream("LABELS", ("ingest.labels.>",), 1024 * MEBIBYTE, max_message_bytes=6 * MEBIBYTE, retention="work_queue")

STREAMS = (EVENTS, PREDICTIONS, LABELS)

MONITOR_PREDICTIONS = Consumer("monitor-predictions", PREDICTIONS, ("ingest.predictions.>",), max_ack_pending=256)
MONITOR_LABELS = Consumer("monitor-labels", LABELS, ("ingest.labels.>",), max_ack_pending=256)
MONITOR_MODELS = Consumer("monitor-models", EVENTS, ("events.registry.model_version.>",))
REGISTRY_MONITORING = Consumer("registry-monitoring", EVENTS, ("events.monitor.>",))
REGISTRY_SIMILARITY = Consumer("registry-similarity", EVENTS, ("events.registry.run.>",))
REGISTRY_RELEASES = Consumer(
    "registry-releases",
    EVENTS,
    (
        "events.registry.model_version.>",
        "events.registry.run.>",
        "events.registry.artifact.>",
        "events.registry.evaluation.>",
        "events.monitor.alert.>",
    ),
)
"""What lets reviews lapse, and what asks for retraining or answers it."""
REGISTRY_WEBHOOKS = Consumer(
    "registry-webhooks",
    EVENTS,
    (
        "events.registry.deployment.>",
        "events.registry.review.>",
        "events.registry.gate_verdict.>",
        "events.registry.retraining.>",
        "events.registry.evaluation.>",
        "events.registry.model_version.>",
        "events.registry.registered_model.>",
        "events.registry.model_card.>",
    ),
)
"""What people and deployers outside may want to be told of."""
REGISTRY_PROVENANCE = Consumer(
    "registry-provenance",
    EVENTS,
    (
        "events.registry.run.>",
        "events.registry.logged_model.>",
        "events.registry.model_version.>",
        "events.registry.data_source.>",
        "events.registry.dataset_version.>",
        "events.registry.evaluation.>",
        "events.registry.review.>",
        "events.registry.model_card.>",
        "events.registry.deployment.>",
        "events.registry.retraining.>",
        "events.registry.reproduction.>",
        "events.monitor.>",
    ),
)
"""What came from what: registers datasets that runs name, draws lineage, scores reproducibility."""
REGISTRY_BOARDS = Consumer(
    "registry-boards",
    EVENTS,
    (
        "events.registry.run.>",
        "events.registry.registered_model.>",
        "events.registry.model_version.>",
        "events.registry.similarity.>",
        "events.registry.insight.>",
        "events.registry.review.>",
        "events.registry.evaluation.>",
        "events.registry.gate_verdict.>",
        "events.registry.deployment.>",
        "events.registry.retraining.>",
        "events.registry.data_source.>",
        "events.registry.dataset_version.>",
        "events.registry.reproduction.>",
        "events.registry.model_card.>",
        "events.monitor.>",
    ),
)
"""What ticks the items of lifecycle boards: whole aggregates, but none that follow from boards themselves."""
REGISTRY_SHARERS = (
    REGISTRY_MONITORING,
    REGISTRY_SIMILARITY,
    REGISTRY_RELEASES,
    REGISTRY_WEBHOOKS,
    REGISTRY_PROVENANCE,
    REGISTRY_BOARDS,
)
REGISTRY_EVENTS = joint("registry-events", REGISTRY_SHARERS)
"""What the registry's six hear of comes to it once."""
