"""Fields that a resolver fills with a view, from which the GraphQL type in the annotation is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import strawberry

from services.gateway.types.limits import KEY, Size


def viewed(
    resolver: Callable[..., Any], description: str, size: Size | None = None, deprecated: str | None = None
) -> Any:
    """Python's type of the value is the resolver's, GraphQL's is the annotation's: no checker can relate the two.

    `deprecated`: why the field is to go, and what to use instead.
    """
    return strawberry.field(
        resolver=resolver,
        description=description,
        metadata={KEY: size} if size else None,
        deprecation_reason=deprecated,
    )


def watched(resolver: Callable[..., Any], description: str) -> Any:
    """The same for a field of `Subscription`."""
    return strawberry.subscription(resolver=resolver, description=description)
