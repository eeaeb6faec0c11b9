"""What people do to experiments."""

from __future__ import annotations

from services.contracts.base import Request
from services.contracts.registry.experiments import ExperimentView


class CreateExperiment(Request[ExperimentView], frozen=True, kw_only=True):
    """Raises Conflict if the name is taken, also by a deleted one."""

    service = "registry"
    name = "experiment.create"

    experiment_name: str
    tags: dict[str, str] = {}
    idempotency_key: str | None = None


class RenameExperiment(Request[ExperimentView], frozen=True, kw_only=True):
    """Raises Conflict if the name is taken."""

    service = "registry"
    name = "experiment.rename"

    experiment_id: str
    experiment_name: str
    idempotency_key: str | None = None


class DescribeExperiment(Request[ExperimentView], frozen=True, kw_only=True):
    """Markdown; kept in the tag that MLflow's pages show. An empty text takes it away."""

    service = "registry"
    name = "experiment.describe"

    experiment_id: str
    description: str
    idempotency_key: str | None = None


class SetExperimentTag(Request[ExperimentView], frozen=True, kw_only=True):
    """A new tag, or a new text of one."""

    service = "registry"
    name = "experiment.set_tag"

    experiment_id: str
    tag: str
    value: str
    idempotency_key: str | None = None


class DeleteExperimentTag(Request[ExperimentView], frozen=True, kw_only=True):
    """Nothing happens if there is no such tag."""

    service = "registry"
    name = "experiment.delete_tag"

    experiment_id: str
    tag: str
    idempotency_key: str | None = None


class DeleteExperiment(Request[ExperimentView], frozen=True, kw_only=True):
    """With its runs; it can be restored until it is purged."""

    service = "registry"
    name = "experiment.delete"

    experiment_id: str
    idempotency_key: str | None = None


class RestoreExperiment(Request[ExperimentView], frozen=True, kw_only=True):
    """With its runs."""

    service = "registry"
    name = "experiment.restore"

    experiment_id: str
    idempotency_key: str | None = None
