"""What people do to runs."""

from __future__ import annotations

from typing import Literal

from services.contracts.base import Request
from services.contracts.registry.runs import RunView


class RenameRun(Request[RunView], frozen=True, kw_only=True):
    service = "registry"
    name = "run.rename"

    run_id: str
    run_name: str
    idempotency_key: str | None = None


class DescribeRun(Request[RunView], frozen=True, kw_only=True):
    """Markdown; kept in the tag that MLflow's pages show. An empty text takes it away."""

    service = "registry"
    name = "run.describe"

    run_id: str
    description: str
    idempotency_key: str | None = None


class SetRunTag(Request[RunView], frozen=True, kw_only=True):
    """A new tag, or a new text of one."""

    service = "registry"
    name = "run.set_tag"

    run_id: str
    tag: str
    value: str
    idempotency_key: str | None = None


class DeleteRunTag(Request[RunView], frozen=True, kw_only=True):
    """Raises NotFound if there is no such tag, as MLflow does."""

    service = "registry"
    name = "run.delete_tag"

    run_id: str
    tag: str
    idempotency_key: str | None = None


class EndRun(Request[RunView], frozen=True, kw_only=True):
    """Of a run whose program is gone. It doesn't stop a program. Raises NotAllowedNow if it has ended."""

    service = "registry"
    name = "run.end"

    run_id: str
    status: Literal["FINISHED", "FAILED", "KILLED"] = "KILLED"
    idempotency_key: str | None = None


class DeleteRun(Request[RunView], frozen=True, kw_only=True):
    """It can be restored until it is purged."""

    service = "registry"
    name = "run.delete"

    run_id: str
    idempotency_key: str | None = None


class RestoreRun(Request[RunView], frozen=True, kw_only=True):
    service = "registry"
    name = "run.restore"

    run_id: str
    idempotency_key: str | None = None
