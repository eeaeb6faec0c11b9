"""Links: what a note, a proof or a piece of evidence points at, as the object itself where it has a global id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import strawberry

from services.contracts import insights, projects
from services.gateway.operation import Info, Operation
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size
from services.gateway.types.node import Node, reads

_Load = Callable[[Operation, str], Awaitable[Any]]


def _version(operation: Operation, id_: str) -> Awaitable[Any]:
    model, _, number = id_.rpartition("/")
    return operation.relatives.versions.load((model, number))


def _review(operation: Operation, id_: str) -> Awaitable[Any]:
    model, _, number = id_.rpartition("/")
    return operation.relatives.reviews.load((model, number))


def _dataset(operation: Operation, id_: str) -> Awaitable[Any]:
    """`name@digest`, or a name alone for the newest version."""
    name, _, digest = id_.rpartition("@") if "@" in id_ else (id_, "", "")
    return operation.relatives.dataset_versions.load((name, digest))


_LOADS: dict[str, _Load] = {
    "run": lambda operation, id_: operation.relatives.runs.load(id_),
    "experiment": lambda operation, id_: operation.relatives.experiments.load(id_),
    "logged_model": lambda operation, id_: operation.relatives.logged_models.load(id_),
    "model": lambda operation, id_: operation.relatives.models.load(id_),
    "version": _version,
    "project": lambda operation, id_: operation.relatives.projects.load(id_),
    "insight": lambda operation, id_: operation.relatives.insights.load(id_),
    "alert": lambda operation, id_: operation.relatives.alerts.load(id_),
    "evaluation": lambda operation, id_: operation.relatives.evaluations.load(id_),
    "retraining": lambda operation, id_: operation.relatives.retrainings.load(id_),
    "review": _review,
    "dataset": _dataset,
}


async def linked(operation: Operation, kind: str, id_: str) -> Any:
    """The view that is meant; None where there is none (any more) or where its kind has no global id."""
    load = _LOADS.get(kind)
    return await load(operation, id_) if load else None


def _node(parent: strawberry.Parent[Any], info: Info) -> Awaitable[Any]:
    return linked(info.context, parent.kind, parent.id)


@strawberry.type(description="What something is about or proven by.")
class Link:
    is_type_of = reads(insights.Link, projects.Proof, projects.Thing)

    kind: str = strawberry.field(
        description="project, experiment, run, dataset, feature, figure, model, version, window, alert, insight…"
    )
    id: str = strawberry.field(
        description="Which one of that kind; a version is `model/3`, a feature `dataset/column`."
    )
    node: Node | None = viewed(
        resolver=_node,
        size=Size(asks=True),
        description="The object itself; null where it is gone, or of a kind without a global id.",
    )


@strawberry.input(description="What something is about.")
class LinkInput:
    kind: str = strawberry.field(
        description="project, experiment, run, dataset, feature, figure, model, version, window, alert or insight."
    )
    id: str = strawberry.field(
        description="Which one of that kind; a version is `model/3`, a feature `dataset/column`."
    )


LinksTo = Annotated[
    list[LinkInput] | None, strawberry.argument(description="Only about any of these; about anything if unsaid.")
]
