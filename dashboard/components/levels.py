"""What a project's metrics are measured by: lines across their charts."""

from __future__ import annotations

from collections.abc import Collection

import structlog

from dashboard.gateway import operations as ask
from dashboard.site import Visit
from services.contracts.errors import LifecycleError, Unauthenticated

log = structlog.get_logger(__name__)

_WORDS = {"EXPERT": "experts", "MINIMUM": "worth shipping"}


async def model_levels(visit: Visit, model: str, metric: str) -> list[tuple[str, float]]:
    """Names and values for one metric of a model, by the project that owns it; nothing if they can't be had now."""
    try:
        found = await visit.ask(ask.METRIC_LEVELS, kind="MODEL", id=model)
    except Unauthenticated:
        raise
    except LifecycleError as error:
        log.info("a chart without levels", reason=error.message)
        return []
    same = [level for level in found or [] if level.metric.lower().replace("-", "_") == metric]
    return [(_WORDS.get(level.kind, level.kind.lower()), level.value) for level in same]


async def metric_levels(
    visit: Visit, experiment_ids: Collection[str], metrics: Collection[str]
) -> list[tuple[str, float]]:
    """Names and values for the metrics, by the project that owns the experiment; nothing for several experiments."""
    if len(set(experiment_ids)) != 1 or not metrics:
        return []
    [experiment] = set(experiment_ids)
    found = await visit.ask(ask.METRIC_LEVELS, kind="EXPERIMENT", id=experiment)
    return [
        (f"{_WORDS.get(level.kind, level.kind.lower())} ({level.metric})", level.value)
        for level in found or []
        if level.metric in metrics
    ]
