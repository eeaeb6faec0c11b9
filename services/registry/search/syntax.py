"""What a filter or an order clause says, as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Section(StrEnum):
    """Which part of an entity a key belongs to."""

    ATTRIBUTE = "attribute"
    METRIC = "metric"
    PARAM = "parameter"
    TAG = "tag"
    DATASET = "dataset"


class Operator(StrEnum):
    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    LIKE = "LIKE"
    ILIKE = "ILIKE"
    NOT_LIKE = "NOT LIKE"
    NOT_ILIKE = "NOT ILIKE"
    IN = "IN"
    NOT_IN = "NOT IN"
    IS_NULL = "IS NULL"
    IS_NOT_NULL = "IS NOT NULL"


ORDERING = frozenset({Operator.EQ, Operator.NE, Operator.LT, Operator.LE, Operator.GT, Operator.GE})
MATCHING = frozenset({Operator.EQ, Operator.NE, Operator.LIKE, Operator.ILIKE})
UNLIKE = {Operator.LIKE: Operator.NOT_LIKE, Operator.ILIKE: Operator.NOT_ILIKE}
"""What MLflow's grammar doesn't have: only our own requests say it."""
MATCHERS = frozenset({*UNLIKE, *UNLIKE.values()})
LISTING = frozenset({Operator.IN, Operator.NOT_IN})
PRESENCE = frozenset({Operator.IS_NULL, Operator.IS_NOT_NULL})

Value = str | int | float | tuple[str, ...] | tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Field:
    section: Section
    key: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """`value` is a tuple for IN and NOT IN, None for IS NULL and IS NOT NULL."""

    field: Field
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Node, ...]


Node = Comparison | And | Or

EVERYTHING = And(())
"""The filter that all pass."""


def fields_of(node: Node) -> Iterator[Field]:
    """Whatever a filter asks about."""
    if isinstance(node, Comparison):
        yield node.field
    else:
        for part in node.parts:
            yield from fields_of(part)


@dataclass(frozen=True, slots=True)
class Order:
    field: Field
    ascending: bool = True
