"""Any runs and versions side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import strawberry

from services.contracts.registry import RunView, VersionView
from services.gateway.comparing import Comparison, FigureRow, Side, TextRow
from services.gateway.types.about import LazyRun, LazyVersion
from services.gateway.types.fields import viewed
from services.gateway.types.node import reads

OnlyDifferent = Annotated[bool, strawberry.argument(description="Only what isn't the same in all.")]


@strawberry.type(description="A text as each of what is compared has it.")
class ComparedText:
    is_type_of = reads(TextRow)

    key: str = strawberry.field(description="Its name.")
    values: list[str | None] = strawberry.field(description="In the order of `sides`; null where there is none.")
    same: bool = strawberry.field(description="Whether it is the same in all.")


@strawberry.type(description="A figure as each of what is compared has it.")
class ComparedFigure:
    is_type_of = reads(FigureRow)

    key: str = strawberry.field(description="Its name.")
    values: list[float | None] = strawberry.field(
        description="In the order of `sides`; null where there is none, or none that is finite."
    )
    same: bool = strawberry.field(description="Whether it is the same in all.")
    least: float | None = strawberry.field(description="The least of them.")
    greatest: float | None = strawberry.field(description="The greatest of them.")


def _run(parent: strawberry.Parent[Side]) -> RunView | None:
    return parent.run


def _version(parent: strawberry.Parent[Side]) -> VersionView | None:
    return parent.version


@strawberry.type(description="One of what is compared: a run, or a version with the run that made it.")
class ComparedSide:
    is_type_of = reads(Side)

    run: LazyRun | None = viewed(resolver=_run, description="The run; null if a version's is gone.")
    model_version: LazyVersion | None = viewed(resolver=_version, description="The version; null for a run.")


def _rows(attribute: str) -> Callable[..., Any]:
    def resolver(parent: Any, only_different: bool = False) -> Any:
        return [row for row in getattr(parent, attribute) if not (only_different and row.same)]

    parent_type: Any = strawberry.Parent  # an alias that no checker takes for generic at run time
    resolver.__annotations__.update(parent=parent_type[Comparison], only_different=OnlyDifferent)
    return resolver


@strawberry.type(description="Runs and versions side by side.")
class SideBySide:
    is_type_of = reads(Comparison)

    sides: list[ComparedSide] = strawberry.field(description="What is compared: the runs, then the versions.")
    params: list[ComparedText] = viewed(resolver=_rows("params"), description="Parameters, by name.")
    metrics: list[ComparedFigure] = viewed(resolver=_rows("metrics"), description="Latest figures, by name.")
    tags: list[ComparedText] = viewed(
        resolver=_rows("tags"), description="Tags, by name, without those that MLflow keeps for itself."
    )
    datasets: list[ComparedText] = viewed(
        resolver=_rows("datasets"), description="Digests of the data that were used, by name and use."
    )
