"""The scalar for moments, and how a field is read off a view."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite
from typing import NewType

import strawberry
from graphql import GraphQLError


def _written(moment: object) -> str:
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise TypeError(f"not a moment with a time zone: {moment!r}")
    if moment.tzinfo is UTC:  # as those of the contracts are
        return moment.isoformat()[:-6] + "Z"
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read(text: object) -> datetime:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise GraphQLError(f"not a moment: {text!r}. Write it like 2013-07-01T00:00:00Z, with its time zone.")
    return moment.astimezone(UTC)


DATE_TIME = strawberry.scalar(
    name="DateTime",
    description="A moment, ISO 8601 with time zone; answers are in UTC, such as 2013-07-01T12:30:00Z.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
    serialize=_written,
    parse_value=_read,
)


Long = NewType("Long", int)

LONG = strawberry.scalar(
    name="Long",
    description="A whole number that may exceed 32 bits; up to 2^53 - 1 in every client.",
    serialize=int,
    parse_value=int,
)


def read(view: object, attribute: str) -> object:
    """The value of a field that has no resolver. JSON has no infinity or NaN: such a figure is null."""
    value = getattr(view, attribute)
    if type(value) is float and not isfinite(value):
        return None
    return value
