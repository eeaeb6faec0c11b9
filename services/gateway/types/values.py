"""Small values that several types hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, Literal, NamedTuple, TypeVar

import strawberry

from services.gateway.types.node import reads
from services.gateway.types.scalars import Long

T = TypeVar("T")


@strawberry.type(description="A named text, such as a parameter or a tag.")
class KeyValue:
    key: str = strawberry.field(description="Its name.")
    value: str = strawberry.field(description="The text.")


@strawberry.type(description="A named figure.")
class Metric:
    key: str = strawberry.field(description="Its name.")
    value: float | None = strawberry.field(description="The figure; null where it is NaN or infinite.")
    text: str = strawberry.field(description="The figure as text, also `NaN`, `Infinity` and `-Infinity`.")


def texts(values: Mapping[str, str]) -> list[KeyValue]:
    """By name."""
    return [KeyValue(key=key, value=value) for key, value in sorted(values.items())]


def figure_text(value: float) -> str:
    """As JavaScript writes it, so that every client can read it."""
    if isfinite(value):
        return repr(value)
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def metrics(values: Mapping[str, float]) -> list[Metric]:
    """By name."""
    return [
        Metric(key=key, value=value if isfinite(value) else None, text=figure_text(value))
        for key, value in sorted(values.items())
    ]


Part = Literal["key", "text", "figure", "figure_text"]


class Listed(NamedTuple):
    """The mapping in a view that a resolver lists, and which of its parts each field of an item is."""

    attribute: str
    parts: Mapping[str, Part]


def listed_by(resolver: Callable[..., Any]) -> Listed | None:
    """What `named` or `figures` made the resolver for; None for any other."""
    found: Listed | None = getattr(resolver, "listed", None)
    return found


def named(attribute: str) -> Callable[..., list[KeyValue]]:
    """The resolver of a field that is a mapping of texts in the view."""

    def resolver(parent: Any) -> list[KeyValue]:
        return texts(getattr(parent, attribute))

    return of_parent(resolver, Listed(attribute, {"key": "key", "value": "text"}))


def figures(attribute: str) -> Callable[..., list[Metric]]:
    """The resolver of a field that is a mapping of figures in the view."""

    def resolver(parent: Any) -> list[Metric]:
        return metrics(getattr(parent, attribute))

    return of_parent(resolver, Listed(attribute, {"key": "key", "value": "figure", "text": "figure_text"}))


def _noted(parent: Any) -> str:
    return str(parent.tags.get("mlflow.note.content", ""))


def same(attribute: str) -> Callable[..., Any]:
    """The resolver of a field that the view calls otherwise."""

    def resolver(parent: Any) -> Any:
        return getattr(parent, attribute)

    return of_parent(resolver)


def of_parent(resolver: Callable[[Any], T], listed: Listed | None = None) -> Callable[..., T]:
    resolver.listed = listed  # type: ignore[attr-defined]  # read by `listed_by`
    parent: Any = strawberry.Parent  # an alias that no checker takes for generic at run time
    resolver.__annotations__ = {"parent": parent[Any]}
    return resolver


def _first(parent: strawberry.Parent[tuple[int, int]]) -> Long:
    return Long(parent[0])


def _second(parent: strawberry.Parent[tuple[int, int]]) -> Long:
    return Long(parent[1])


@strawberry.type(description="A number before and after a step.")
class BeforeAfter:
    is_type_of = reads(tuple)

    before: Long = strawberry.field(resolver=_first, description="Before it.")
    after: Long = strawberry.field(resolver=_second, description="After it.")


@strawberry.type(description="Something that kept a change from being made.")
class UserError:
    code: str = strawberry.field(description="A stable word for programs, such as NOT_FOUND.")
    message: str = strawberry.field(description="What is wrong, in words.")
    field: str | None = strawberry.field(description="The input field it is about.")
    fix: str | None = strawberry.field(description="What to do about it.")
    retryable: bool = strawberry.field(description="Whether the same request may succeed a little later.")
    kind: strawberry.Private[str] = "invalid"
    """Of the contracts' errors."""


NOTED = of_parent(_noted)
"""The description of an experiment or run: the tag that MLflow's pages show."""
