"""What many things are about: a model version, or a run; fetched many at a time."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import strawberry

from services.contracts.registry import RunView, VersionView
from services.gateway.operation import Info
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size

if TYPE_CHECKING:
    from services.gateway.types.models import ModelVersion
    from services.gateway.types.runs import Run

LazyVersion: TypeAlias = Annotated["ModelVersion", strawberry.lazy("services.gateway.types.models")]
LazyRun: TypeAlias = Annotated["Run", strawberry.lazy("services.gateway.types.runs")]


def _version(parent: strawberry.Parent[Any], info: Info) -> VersionView | Awaitable[VersionView | None] | None:
    if parent.model_name is None or parent.version is None:
        return None
    return info.context.relatives.versions.get((parent.model_name, parent.version))


def _run(parent: strawberry.Parent[Any], info: Info) -> RunView | Awaitable[RunView | None] | None:
    return None if parent.run_id is None else info.context.relatives.runs.get(parent.run_id)


@strawberry.type
class AboutVersion:
    """For views with `model_name` and `version`."""

    model_version: LazyVersion | None = viewed(
        resolver=_version, size=Size(asks=True), description="The model version it is about."
    )


@strawberry.type
class AboutRun:
    """For views with `run_id`."""

    run: LazyRun | None = viewed(resolver=_run, size=Size(asks=True), description="The run it is about.")
