"""What a logged model is and what may be done with it; the semantics are MLflow's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from services.contracts.errors import Invalid, NotFound
from services.contracts.registry import LoggedModelCreated, LoggedModelUpdated
from services.registry.brevity import cut, cut_or_none
from services.registry.locations import below
from services.registry.names import invalid_value
from services.registry.runs.metrics import Point, stored_value
from services.registry.search.syntax import Comparison, Field, Node, Section
from services.registry.values import ACTIVE, DELETED, Aggregate, KeyValue, mapping, pairs

UNSPECIFIED = "LOGGED_MODEL_STATUS_UNSPECIFIED"
PENDING = "LOGGED_MODEL_PENDING"
READY = "LOGGED_MODEL_READY"
FAILED = "LOGGED_MODEL_UPLOAD_FAILED"
STATUSES = (UNSPECIFIED, PENDING, READY, FAILED)
"""By MLflow's number."""

_WORDS = {"UNSPECIFIED": UNSPECIFIED, "PENDING": PENDING, "READY": READY, "FAILED": FAILED}
"""What clients call them."""

VERSIONS_TAG = "mlflow.modelVersions"

_BAD_CHARACTERS = ("/", ":", ".", "%", '"', "'")


class ModelMetric(msgspec.Struct, frozen=True):
    """A point that was logged for the model: key, value, timestamp, step, run, dataset name and digest."""

    k: str
    v: float
    t: int
    s: int
    run_id: str
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LoggedModel(Aggregate, frozen=True, kw_only=True):
    """Times are milliseconds since 1970."""

    experiment_id: str
    name: str
    artifact_location: str
    created: int
    updated: int
    status: str = PENDING
    lifecycle_stage: str = ACTIVE
    model_type: str = ""
    source_run_id: str = ""
    params: list[KeyValue] = []
    tags: list[KeyValue] = []
    metrics: list[ModelMetric] = []


class DatasetFilter(msgspec.Struct, frozen=True):
    """Metrics that were computed on this dataset; `digest` None means any of that name."""

    name: str
    digest: str | None = None


class ModelOrder(msgspec.Struct, frozen=True):
    """`field` as the client writes it, such as `metrics.auc` or `creation_time`; datasets narrow a metric."""

    field: str
    ascending: bool = True
    dataset_name: str | None = None
    dataset_digest: str | None = None


def check_name(name: str) -> None:
    if any(character in name for character in _BAD_CHARACTERS):
        raise Invalid(
            f"Invalid model name ({name!r}) provided. Model name must be a non-empty string and cannot contain the "
            f"following characters: {_BAD_CHARACTERS}",
            field="name",
        )


def status_of(number: int) -> str:
    if not 0 <= number < len(STATUSES):
        raise invalid_value("status", number)
    return STATUSES[number]


def created(
    *,
    model_id: str,
    experiment_id: str,
    root: str,
    name: str,
    random_name: str,
    model_type: str,
    source_run_id: str,
    params: Mapping[str, str],
    tags: Mapping[str, str],
    now: int,
) -> tuple[LoggedModel, LoggedModelCreated]:
    """A new logged model below the experiment's artifact location `root`."""
    check_name(name)
    model = LoggedModel(
        id=model_id,
        v=1,
        experiment_id=experiment_id,
        name=name or random_name,
        artifact_location=below(root, f"models/{model_id}/artifacts"),
        created=now,
        updated=now,
        model_type=model_type,
        source_run_id=source_run_id,
        params=pairs(params),
        tags=pairs(tags),
    )
    event = LoggedModelCreated(
        model_id=model_id,
        experiment_id=experiment_id,
        model_name=cut(model.name),
        source_run_id=cut_or_none(source_run_id) or None,
        model_type=cut_or_none(model_type) or None,
    )
    return model, event


def no_model(model_id: str) -> NotFound:
    return NotFound(f"Logged model with ID '{model_id}' not found.")


def finalised(model: LoggedModel, status: str, now: int) -> tuple[LoggedModel, LoggedModelUpdated]:
    return _updated(_next(model, status=status, updated=now), "status")


def deleted(model: LoggedModel, now: int) -> tuple[LoggedModel, LoggedModelUpdated]:
    return _updated(_next(model, lifecycle_stage=DELETED, updated=now), "lifecycle_stage")


def tagged(model: LoggedModel, tags: Mapping[str, str]) -> tuple[LoggedModel, LoggedModelUpdated] | None:
    after = {**mapping(model.tags), **tags}
    if after == mapping(model.tags):
        return None
    return _updated(_next(model, tags=pairs(after)), "tags")


def untagged(model: LoggedModel, key: str) -> tuple[LoggedModel, LoggedModelUpdated]:
    tags = mapping(model.tags)
    if key not in tags:
        raise NotFound(f"No tag with key {key!r} found for model with ID {model.id!r}.")
    del tags[key]
    return _updated(_next(model, tags=pairs(tags)), "tags")


def with_params(model: LoggedModel, params: Mapping[str, str]) -> tuple[LoggedModel, LoggedModelUpdated] | None:
    """Parameters are immutable: a known one must have the same value."""
    known = mapping(model.params)
    for key, value in params.items():
        if known.get(key, value) != value:
            raise Invalid(
                f"Changing param values is not allowed. Param with key='{key}' was already logged with "
                f"value='{known[key]}' for model ID='{model.id}'. Attempted logging new value '{value}'.",
                field="params",
            )
    after = {**known, **params}
    if after == known:
        return None
    return _updated(_next(model, params=pairs(after)), "params")


def measured(model: LoggedModel, run_id: str, points: Sequence[Point]) -> tuple[LoggedModel, LoggedModelUpdated] | None:
    """With those of `points` that it doesn't have yet."""
    known = set(model.metrics)
    new = []
    for point in points:
        metric = ModelMetric(
            point.key,
            stored_value(point.value),
            point.timestamp,
            point.step,
            run_id,
            point.dataset_name,
            point.dataset_digest,
        )
        if metric not in known:
            known.add(metric)
            new.append(metric)
    if not new:
        return None
    return _updated(_next(model, metrics=[*model.metrics, *new]), "metrics")


def with_version(model: LoggedModel, name: str, version: int) -> tuple[LoggedModel, LoggedModelUpdated] | None:
    """Notes in the model's tag that it became version `version` of the registered model `name`."""
    entry = {"name": name, "version": version}
    entries = _noted(model)
    if entries is None or entry in entries:
        return None
    return tagged(model, {VERSIONS_TAG: json.dumps([*entries, entry])})


def versions_of(model: LoggedModel) -> list[tuple[str, str]]:
    """Name and number of each registered version that it became, as its tag says."""
    entries = [entry for entry in _noted(model) or [] if isinstance(entry, dict)]
    return [(str(entry["name"]), str(entry["version"])) for entry in entries if {"name", "version"} <= set(entry)]


def short_status(status: str) -> str:
    """PENDING, READY, UPLOAD_FAILED or UNSPECIFIED."""
    return status.removeprefix("LOGGED_MODEL_").removeprefix("STATUS_")


def with_kept_statuses(node: Node) -> Node:
    """A filter that names statuses as clients know them (`READY`), with what is kept in their place."""
    if not isinstance(node, Comparison):
        return replace(node, parts=tuple(with_kept_statuses(part) for part in node.parts))
    if node.field != Field(Section.ATTRIBUTE, "status"):
        return node
    if isinstance(node.value, tuple):
        return replace(node, value=tuple(_WORDS.get(str(word), str(word)) for word in node.value))
    word = str(node.value).upper() if "ILIKE" in node.operator else str(node.value)
    return replace(node, value=_WORDS.get(word, node.value))


def _noted(model: LoggedModel) -> list[Any] | None:
    """What the tag of its versions lists; None if somebody has put something else there."""
    try:
        entries = json.loads(mapping(model.tags).get(VERSIONS_TAG, "[]"))
    except ValueError:
        return []
    return entries if isinstance(entries, list) else None


def _updated(model: LoggedModel, changed: str) -> tuple[LoggedModel, LoggedModelUpdated]:
    return model, LoggedModelUpdated(
        model_id=model.id,
        experiment_id=model.experiment_id,
        status=short_status(model.status),
        lifecycle_stage=model.lifecycle_stage,
        changed=[changed],
    )


def _next(model: LoggedModel, **changes: object) -> LoggedModel:
    return msgspec.structs.replace(model, v=model.v + 1, **changes)
