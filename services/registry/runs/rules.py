"""What a run is and what may be done with it; the semantics are MLflow's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from services.contracts.errors import Invalid, NotAllowedNow, NotFound
from services.contracts.registry import (
    MAX_METRICS_IN_EVENT,
    DatasetRef,
    RunDataLogged,
    RunEnded,
    RunInputsLogged,
    RunOutputsLogged,
    RunStarted,
    RunUpdated,
)
from services.registry import limits
from services.registry.brevity import cut, cut_or_none, within
from services.registry.locations import below
from services.registry.names import check_key, check_length, invalid_value
from services.registry.runs.metrics import Metric, Point, latest
from services.registry.runs.times import moment
from services.registry.values import ACTIVE, DELETED, Aggregate, KeyValue, mapping, pairs

RUNNING = "RUNNING"
STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
ENDED = frozenset({"FINISHED", "FAILED", "KILLED"})

NAME_TAG = "mlflow.runName"
USER_TAG = "mlflow.user"
PARENT_TAG = "mlflow.parentRunId"
SOURCE_TAG = "mlflow.source.name"
COMMIT_TAG = "mlflow.source.git.commit"
LOGGED_MODELS_TAG = "mlflow.log-model.history"
CONTEXT_TAG = "mlflow.data.context"


class RunInput(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset that a run used; its source, schema and profile are kept once, under `dataset`."""

    dataset: str
    name: str
    digest: str
    source_type: str = ""
    context: str | None = None
    tags: list[KeyValue] = []


class ModelOutput(msgspec.Struct, frozen=True):
    model_id: str
    step: int = 0


class Run(Aggregate, frozen=True, kw_only=True):
    """Times are milliseconds since 1970; `metrics` holds each key's latest point."""

    experiment_id: str
    name: str
    user: str
    status: str
    start_time: int
    end_time: int | None = None
    lifecycle_stage: str = ACTIVE
    deleted_time: int | None = None
    artifact_uri: str
    metrics: list[Metric] = []
    params: list[KeyValue] = []
    tags: list[KeyValue] = []
    inputs: list[RunInput] = []
    model_inputs: list[str] = []
    model_outputs: list[ModelOutput] = []


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What one request logs; paths in errors are those of a batch unless it holds a single thing."""

    points: Sequence[Point] = ()
    params: Sequence[KeyValue] = ()
    tags: Sequence[KeyValue] = ()
    single: bool = False


# ---------------------------------------------------------------- starting


def started(
    *,
    run_id: str,
    experiment_id: str,
    root: str,
    user: str,
    name: str,
    random_name: str,
    start_time: int,
    tags: Sequence[KeyValue],
) -> tuple[Run, RunStarted]:
    """A new run, below the artifact location `root`. Its name and its name tag are the same. Raises Invalid."""
    values = mapping(tags)
    named = values.get(NAME_TAG, "")
    if name and named and name != named:
        raise Invalid(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values "
            f"(run_name='{name}', mlflow.runName='{named}').",
            field="run_name",
        )
    values[NAME_TAG] = name or named or random_name
    run = Run(
        id=run_id,
        v=1,
        experiment_id=experiment_id,
        name=values[NAME_TAG],
        user=user,
        status=RUNNING,
        start_time=start_time,
        artifact_uri=below(root, f"{run_id}/artifacts"),
        tags=pairs(values),
    )
    return run, RunStarted(
        run_id=run_id,
        experiment_id=experiment_id,
        run_name=cut(run.name),
        user=cut(user),
        start_time=moment(start_time),
        parent_run_id=values.get(PARENT_TAG),
        source=cut_or_none(values.get(SOURCE_TAG)),
        git_commit=cut_or_none(values.get(COMMIT_TAG)),
        tags=within(values),
    )


def require_active(run: Run) -> None:
    if run.lifecycle_stage != ACTIVE:
        raise NotAllowedNow(
            f"The run {run.id} must be in the 'active' state. Current state is {run.lifecycle_stage}.",
            code="NOT_ACTIVE",
        )


# ---------------------------------------------------------------- logging


def checked(batch: Batch) -> Batch:
    """`batch` with over-long values cut, as MLflow cuts them. Raises Invalid for what breaks a limit."""
    checked_keys: set[str] = set()
    for index, point in enumerate(batch.points):
        if point.key not in checked_keys or point.timestamp < 0:
            _check_point(point, "" if batch.single else f"metrics[{index}].")
            checked_keys.add(point.key)
    params = [_checked_param(param, index, batch.single) for index, param in enumerate(batch.params)]
    tags = [_checked_tag(tag, index, batch.single) for index, tag in enumerate(batch.tags)]
    _check_size("metrics", limits.METRICS_PER_BATCH, len(batch.points))
    _check_size("params", limits.PARAMS_PER_BATCH, len(params))
    _check_size("tags", limits.TAGS_PER_BATCH, len(tags))
    total = len(batch.points) + len(params) + len(tags)
    _check_size("metrics, params, and tags", limits.ENTITIES_PER_BATCH, total)
    _check_unique(param.k for param in params)
    return Batch(points=batch.points, params=params, tags=tags, single=batch.single)


def _check_point(point: Point, path: str) -> None:
    check_key(point.key, f"{path}name")
    if point.timestamp < 0:
        raise invalid_value(
            f"{path}timestamp",
            point.timestamp,
            f"metric '{point.key}' (value={point.value}). Timestamp must be a nonnegative long (64-bit integer) ",
        )
    check_length("Metric name", point.key, limits.KEY_LENGTH)


def _checked_param(param: KeyValue, index: int, single: bool) -> KeyValue:
    check_key(param.k, "key" if single else f"params[{index}].key")
    check_length("Param key", param.k, limits.KEY_LENGTH)
    return KeyValue(param.k, param.v[: limits.PARAM_VALUE_LENGTH])


def _checked_tag(tag: KeyValue, index: int, single: bool) -> KeyValue:
    path = "key" if single else f"tags[{index}].key"
    check_key(tag.k, path)
    check_length(path, tag.k, limits.KEY_LENGTH)
    return KeyValue(tag.k, tag.v[: limits.TAG_VALUE_LENGTH])


def _check_size(what: str, most: int, found: int) -> None:
    if found > most:
        raise Invalid(
            f"A batch logging request can contain at most {most} {what}. Got {found} {what}. "
            f"Please split up {what} across multiple requests and try again.",
            field=what,
        )


def _check_unique(keys: Iterable[str]) -> None:
    seen: set[str] = set()
    twice = [key for key in keys if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
    if twice:
        raise Invalid(
            f"Duplicate parameter keys have been submitted: {twice}. Please ensure the request contains only one "
            "param value per param key.",
            field="params",
        )


def logged(run: Run, batch: Batch) -> tuple[Run, RunDataLogged | None]:
    """The run with a checked `batch` added; no event when nothing is new. Raises Invalid for a changed parameter."""
    require_active(run)
    params = _params_after(run, batch)
    tags = {**mapping(run.tags), **{tag.k: tag.v for tag in batch.tags if tag.v or tag.k != NAME_TAG}}
    metrics = latest(run.metrics, batch.points)
    name = tags.get(NAME_TAG) or run.name
    event = RunDataLogged(
        run_id=run.id,
        experiment_id=run.experiment_id,
        params=within(mapping(batch.params)),
        tags=within(mapping(batch.tags)),
        metrics=_newest(metrics, batch.points),
        points=len(batch.points),
    )
    if not batch.points and params is run.params and tags == mapping(run.tags):
        return run, None
    return (
        _next(run, params=params, tags=pairs(tags), metrics=metrics, name=name),
        event,
    )


def _params_after(run: Run, batch: Batch) -> list[KeyValue]:
    known = mapping(run.params)
    changed = [param for param in batch.params if param.k in known and known[param.k] != param.v]
    if changed and batch.single:
        first = changed[0]
        raise Invalid(
            f"Changing param values is not allowed. Param with key='{first.k}' was already logged with "
            f"value='{known[first.k]}' for run ID='{run.id}'. Attempted logging new value '{first.v}'.",
            field="params",
        )
    if changed:
        shown = [{"key": param.k, "old_value": known[param.k], "new_value": param.v} for param in changed]
        raise Invalid(
            f"Changing param values is not allowed. Params were already logged='{shown}' for run ID='{run.id}'.",
            field="params",
        )
    new = [param for param in batch.params if param.k not in known]
    return [*run.params, *new] if new else run.params


def _newest(metrics: Sequence[Metric], points: Sequence[Point]) -> dict[str, float]:
    logged_keys = {point.key for point in points}
    newest = ((metric.k, metric.v) for metric in metrics if metric.k in logged_keys and metric.v == metric.v)
    return within(dict(sorted(newest)[:MAX_METRICS_IN_EVENT]))


def untagged(run: Run, key: str) -> tuple[Run, RunDataLogged]:
    require_active(run)
    tags = mapping(run.tags)
    if key not in tags:
        raise NotFound(f"No tag with name: {key} in run with id {run.id}")
    del tags[key]
    event = RunDataLogged(run_id=run.id, experiment_id=run.experiment_id, removed_tags=[key])
    return _next(run, tags=pairs(tags)), event


# ---------------------------------------------------------------- inputs and outputs


def with_inputs(run: Run, inputs: Sequence[RunInput], model_ids: Sequence[str]) -> tuple[Run, RunInputsLogged | None]:
    """Adds datasets and models that aren't among the run's inputs yet."""
    require_active(run)
    known = {entry.dataset for entry in run.inputs}
    first = {entry.dataset: entry for entry in reversed(inputs)}
    new = [first[dataset] for dataset in dict.fromkeys(entry.dataset for entry in inputs) if dataset not in known]
    models = [model_id for model_id in dict.fromkeys(model_ids) if model_id not in run.model_inputs]
    if not new and not models:
        return run, None
    refs = [
        DatasetRef(name=cut(entry.name), digest=entry.digest, source_type=cut(entry.source_type),
                   context=cut_or_none(entry.context))
        for entry in new[:MAX_REFS_IN_EVENT]
    ]  # fmt: skip
    event = RunInputsLogged(
        run_id=run.id, experiment_id=run.experiment_id, datasets=refs, model_ids=models[:MAX_REFS_IN_EVENT]
    )
    return _next(run, inputs=[*run.inputs, *new], model_inputs=[*run.model_inputs, *models]), event


def with_outputs(run: Run, outputs: Sequence[ModelOutput]) -> tuple[Run, RunOutputsLogged | None]:
    require_active(run)
    new = [output for output in dict.fromkeys(outputs) if output not in run.model_outputs]
    if not new:
        return run, None
    event = RunOutputsLogged(
        run_id=run.id, experiment_id=run.experiment_id, model_ids=[o.model_id for o in new[:MAX_REFS_IN_EVENT]]
    )
    return _next(run, model_outputs=[*run.model_outputs, *new]), event


MAX_REFS_IN_EVENT = 50


# ---------------------------------------------------------------- life


def updated(
    run: Run, status: str | None, end_time: int | None, name: str | None
) -> tuple[Run, RunUpdated | RunEnded | None]:
    """The run with whatever isn't None changed; ending is an event of its own."""
    require_active(run)
    changes: dict[str, object] = {}
    if status is not None and status != run.status:
        if status not in STATUSES:
            raise invalid_value("status", status)
        changes["status"] = status
    if end_time is not None and end_time != run.end_time:
        changes["end_time"] = end_time
    if name and (name != run.name or mapping(run.tags).get(NAME_TAG) != name):
        changes["name"] = name
        changes["tags"] = pairs({**mapping(run.tags), NAME_TAG: name})
    if not changes:
        return run, None
    after = _next(run, **changes)
    changed = sorted(key for key in changes if key != "tags")
    if after.status in ENDED and after.end_time is not None and "status" in changes:
        return after, ended(after)
    return after, changed_event(after, changed)


def ended(run: Run) -> RunEnded:
    assert run.end_time is not None
    return RunEnded(
        run_id=run.id,
        experiment_id=run.experiment_id,
        run_name=cut(run.name),
        user=cut(run.user),
        status=run.status,
        end_time=moment(run.end_time),
        metrics=finite(run.metrics),
    )


def finite(metrics: Sequence[Metric]) -> dict[str, float]:
    """The latest values that JSON can carry, at most as many as an event may hold."""
    return within(dict(sorted((m.k, m.v) for m in metrics if m.v == m.v)[:MAX_METRICS_IN_EVENT]))


def deleted(run: Run, now: int) -> Run | None:
    """None if it is deleted already."""
    if run.lifecycle_stage == DELETED:
        return None
    return _next(run, lifecycle_stage=DELETED, deleted_time=now)


def restored(run: Run) -> Run | None:
    """None if it isn't deleted."""
    if run.lifecycle_stage == ACTIVE:
        return None
    return _next(run, lifecycle_stage=ACTIVE, deleted_time=None)


def changed_event(run: Run, changed: list[str]) -> RunUpdated:
    return RunUpdated(
        run_id=run.id,
        experiment_id=run.experiment_id,
        run_name=cut(run.name),
        status=run.status,
        lifecycle_stage=run.lifecycle_stage,
        changed=changed,
    )


def _next(run: Run, **changes: object) -> Run:
    return msgspec.structs.replace(run, v=run.v + 1, **changes)


def recorded_model(run: Run, told: Mapping[str, Any]) -> KeyValue:
    """The tag that lists what `log_model` of earlier MLflow versions told about, with the model `told` added: what
    MLflow keeps of it, in its order."""
    flavors = told["flavors"] if isinstance(told["flavors"], dict) else {}
    model = {
        "run_id": told["run_id"],
        "artifact_path": told["artifact_path"],
        "utc_time_created": told["utc_time_created"],
        "model_uuid": told.get("model_uuid"),
        "flavors": {
            name: {key: value for key, value in about.items() if key != "config"} if isinstance(about, dict) else about
            for name, about in flavors.items()
        },
    }
    try:
        entries = json.loads(mapping(run.tags).get(LOGGED_MODELS_TAG, "[]"))
    except ValueError:
        entries = []
    return KeyValue(LOGGED_MODELS_TAG, json.dumps([*entries, model] if isinstance(entries, list) else [model]))


def user_of(stated: str, tags: Mapping[str, str]) -> str:
    """Whom the client names as the run's user; empty if nobody."""
    return stated or tags.get(USER_TAG, "")
