"""Runs as other services see them."""

from __future__ import annotations

from services.contracts.registry import DatasetRef, MetricPoint, RunView
from services.registry.runs import rules
from services.registry.runs.metrics import History
from services.registry.runs.rules import Run
from services.registry.runs.times import moment
from services.registry.values import mapping


def view(run: Run, experiment_name: str) -> RunView:
    tags = mapping(run.tags)
    return RunView(
        id=run.id,
        experiment_id=run.experiment_id,
        experiment_name=experiment_name,
        name=run.name,
        status=run.status,
        lifecycle_stage=run.lifecycle_stage,
        user=run.user,
        start_time=moment(run.start_time),
        end_time=None if run.end_time is None else moment(run.end_time),
        artifact_uri=run.artifact_uri,
        params=mapping(run.params),
        metrics={metric.k: metric.v for metric in run.metrics},
        tags=tags,
        datasets=[
            DatasetRef(name=entry.name, digest=entry.digest, source_type=entry.source_type, context=entry.context)
            for entry in run.inputs
        ],
        parent_run_id=tags.get(rules.PARENT_TAG),
        source=tags.get(rules.SOURCE_TAG),
        git_commit=tags.get(rules.COMMIT_TAG),
    )


def points(history: History) -> list[MetricPoint]:
    return [
        MetricPoint(value=float(value), step=int(step), time=moment(int(time)))
        for step, time, value in zip(history.steps, history.times, history.values, strict=True)
    ]
