"""Live figures of a run that is training."""

from __future__ import annotations

from datetime import datetime
from math import isfinite

import strawberry

from services.contracts.registry import RunMetricsMoved
from services.gateway.types.node import reads
from services.gateway.types.scalars import Long
from services.gateway.types.values import figure_text


@strawberry.type(description="The newest value of one metric.")
class LiveMetric:
    key: str = strawberry.field(description="Its name.")
    value: float | None = strawberry.field(description="The figure; null where it is NaN or infinite.")
    text: str = strawberry.field(description="The figure as text, also `NaN`, `Infinity` and `-Infinity`.")
    step: Long | None = strawberry.field(description="The training step it belongs to.")


def _step(update: RunMetricsMoved, key: str) -> Long | None:
    step = update.steps.get(key)
    return None if step is None else Long(step)


def _metrics(parent: strawberry.Parent[RunMetricsMoved]) -> list[LiveMetric]:
    return [
        LiveMetric(key=key, value=value if isfinite(value) else None, text=figure_text(value), step=_step(parent, key))
        for key, value in sorted(parent.metrics.items())
    ]


@strawberry.type(description="What a run logged since the last message: the newest value of each metric that moved.")
class RunMetrics:
    is_type_of = reads(RunMetricsMoved)

    run_id: str = strawberry.field(description="The run.")
    experiment_id: str = strawberry.field(description="The experiment it belongs to.")
    time: datetime = strawberry.field(description="When the newest of them was logged.")
    metrics: list[LiveMetric] = strawberry.field(resolver=_metrics, description="The metrics, by name.")
