"""What every object with a global id has in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import strawberry

ID_DESCRIPTION = "Opaque id, unique over all types; `node(id:)` finds the object again."


@strawberry.interface(description="Anything that has a global id.")
class Node:
    id: strawberry.ID = strawberry.field(description=ID_DESCRIPTION)


def reads(*views: type) -> Callable[[Any, Any], bool]:
    """The `is_type_of` of a GraphQL type that is read off one of `views`."""

    def is_type_of(value: Any, _: Any) -> bool:
        return isinstance(value, views)

    is_type_of.views = views  # type: ignore[attr-defined]  # read by `read_views`
    return is_type_of


def read_views(is_type_of: Any) -> tuple[type, ...] | None:
    """The views that a type is read off, if `reads` has said so."""
    views: tuple[type, ...] | None = getattr(is_type_of, "views", None)
    return views
