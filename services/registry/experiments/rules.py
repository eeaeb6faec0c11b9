"""What an experiment is and what may be done with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlparse

import msgspec

from services.contracts.errors import Invalid, NotAllowedNow, NotFound
from services.contracts.registry import ExperimentCreated, ExperimentUpdated
from services.registry import limits
from services.registry.brevity import within
from services.registry.locations import check_host, fully_decoded
from services.registry.names import check_key, check_length
from services.registry.values import ACTIVE, DELETED, Aggregate, KeyValue, mapping, pairs

DEFAULT_ID = "0"
DEFAULT_NAME = "Default"
CUSTOM_VIEW = "mlflow.customView.view"
"""How the keys of tags begin in which MLflow's pages keep views of an experiment."""


class Experiment(Aggregate, frozen=True, kw_only=True):
    """Times are milliseconds since 1970; `number` is the id as a number, which it sorts by.

    `sweep`: the lifecycle stage that its runs are being brought to along with it; empty when that is done.
    """

    number: int
    name: str
    artifact_location: str
    lifecycle_stage: str
    created: int
    updated: int
    tags: list[KeyValue] = []
    sweep: str = ""


def experiment_number(experiment_id: str) -> int:
    """The number that an id is written as. Raises Invalid for what is none."""
    try:
        return int(experiment_id)
    except ValueError:
        raise Invalid(
            f"Invalid experiment ID '{experiment_id}'. Experiment ID must be a valid integer.", field="experiment_id"
        ) from None


def check_name(name: str) -> None:
    if not name:
        raise Invalid(f"Invalid experiment name: '{name}'", field="name")
    check_length("name", name, limits.EXPERIMENT_NAME_LENGTH)


def check_tag(key: str, value: str) -> None:
    check_key(key)
    check_length("key", key, limits.EXPERIMENT_TAG_KEY_LENGTH)
    check_length("value", value, limits.EXPERIMENT_TAG_VALUE_LENGTH)


def _check_views(tags: Iterable[str], of: str = "") -> None:
    if sum(key.startswith(CUSTOM_VIEW) for key in tags) > limits.CUSTOM_VIEWS_PER_EXPERIMENT:
        raise Invalid(
            f"Unable to create another custom view{of}; the maximum number of custom views per experiment is "
            f"{limits.CUSTOM_VIEWS_PER_EXPERIMENT}. Delete an existing custom view before creating a new one.",
            field="key",
        )


def check_location(location: str) -> None:
    """The server stores a location and hands it out; it never opens one that a user supplied."""
    try:
        parts = urlparse(location)
    except ValueError:
        raise Invalid(f"'artifact_location' is not a URI: {location!r}", field="artifact_location") from None
    if parts.scheme == "runs":
        raise Invalid(f"Artifact location cannot be a runs:/ URI. Given: '{location}'", field="artifact_location")
    if parts.fragment or parts.params:
        raise Invalid("'artifact_location' URL can't include fragments or params.", field="artifact_location")
    if ".." in fully_decoded(parts.query):
        raise Invalid("Invalid query string", field="artifact_location")
    check_host(location, "artifact_location")
    if len(location) > limits.ARTIFACT_LOCATION_LENGTH:
        raise Invalid(
            "Invalid artifact path length. The length of the artifact path cannot be greater than "
            f"{limits.ARTIFACT_LOCATION_LENGTH} characters.",
            field="artifact_location",
        )


def default_location(experiment_id: str) -> str:
    return f"mlflow-artifacts:/{experiment_id}"


def created(
    number: int, name: str, location: str, tags: Mapping[str, str], now: int
) -> tuple[Experiment, ExperimentCreated]:
    """A new experiment; an empty `location` becomes the default one."""
    check_name(name)
    for key, value in tags.items():
        check_tag(key, value)
    _check_views(tags)
    if location:
        check_location(location)
    experiment = Experiment(
        id=str(number),
        v=1,
        number=number,
        name=name,
        artifact_location=location or default_location(str(number)),
        lifecycle_stage=ACTIVE,
        created=now,
        updated=now,
        tags=pairs(tags),
    )
    return experiment, ExperimentCreated(
        experiment_id=experiment.id,
        experiment_name=name,
        artifact_location=experiment.artifact_location,
        tags=within(tags),
    )


def require_active(experiment: Experiment) -> None:
    if experiment.lifecycle_stage != ACTIVE:
        raise NotAllowedNow(
            f"The experiment {experiment.id} must be in the 'active' state. "
            f"Current state is {experiment.lifecycle_stage}.",
            code="NOT_ACTIVE",
        )


def deleted(experiment: Experiment, now: int) -> Experiment:
    """Raises NotFound for one that is deleted already, as MLflow does."""
    if experiment.lifecycle_stage != ACTIVE:
        raise NotFound(f"No Experiment with id={experiment.id} exists")
    return _next(experiment, lifecycle_stage=DELETED, updated=now, sweep=DELETED)


def restored(experiment: Experiment, now: int) -> Experiment:
    """Raises NotFound for one that isn't deleted, as MLflow does."""
    if experiment.lifecycle_stage == ACTIVE:
        raise NotFound(f"No Experiment with id={experiment.id} exists")
    return _next(experiment, lifecycle_stage=ACTIVE, updated=now, sweep=ACTIVE)


def renamed(experiment: Experiment, name: str, now: int) -> Experiment:
    check_name(name)
    if experiment.lifecycle_stage != ACTIVE:
        raise NotAllowedNow("Cannot rename a non-active experiment.", code="INVALID_STATE")
    return _next(experiment, name=name, updated=now)


def tagged(experiment: Experiment, key: str, value: str) -> Experiment:
    check_tag(key, value)
    require_active(experiment)
    tags = mapping(experiment.tags)
    if key not in tags and key.startswith(CUSTOM_VIEW):
        _check_views([*tags, key], f" for experiment {experiment.id}")
    return _next(experiment, tags=pairs({**tags, key: value}))


def untagged(experiment: Experiment, key: str) -> Experiment:
    require_active(experiment)
    tags = mapping(experiment.tags)
    if key not in tags:
        raise NotFound(f"No tag with name: {key} in experiment with id {experiment.id}")
    del tags[key]
    return _next(experiment, tags=pairs(tags))


def updated(experiment: Experiment, changed: list[str]) -> ExperimentUpdated:
    """The event of a change that has been made."""
    return ExperimentUpdated(
        experiment_id=experiment.id,
        experiment_name=experiment.name,
        lifecycle_stage=experiment.lifecycle_stage,
        changed=changed,
        tags=within(mapping(experiment.tags)),
    )


def _next(experiment: Experiment, **changes: object) -> Experiment:
    return msgspec.structs.replace(experiment, v=experiment.v + 1, **changes)
