"""What a document may look like: how deep, how many fields. A fragment is looked at once, however often used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from services.contracts.errors import TooLarge


@dataclass(frozen=True, slots=True)
class Limits:
    """The most of each that one document may have; `cost` counts objects of one operation."""

    depth: int = 12
    fields: int = 500
    aliases: int = 60
    tokens: int = 2_000
    characters: int = 50_000
    cost: int = 25_000


def check_counts(document: DocumentNode, limits: Limits) -> None:
    """Raises `TooLarge` if the document has too many fields or aliases, as written. Comes before the validation, whose
    work grows with the square of the fields that stand side by side."""
    fields = aliases = 0
    stack: list[SelectionSetNode | None] = [
        definition.selection_set
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode)
    ]
    while stack:
        selection_set = stack.pop()
        for node in selection_set.selections if selection_set else ():
            if isinstance(node, FieldNode):
                fields += 1
                aliases += node.alias is not None
            stack.append(getattr(node, "selection_set", None))
    for count, most, what in ((aliases, limits.aliases, "aliases"), (fields, limits.fields, "fields")):
        if count > most:
            raise TooLarge(
                f"the document has {count} {what}; the most is {most}",
                code=f"TOO_MANY_{what.upper()}",
                fix="Ask in several requests.",
            )


def check_depth(document: DocumentNode, fragments: Mapping[str, FragmentDefinitionNode], most: int) -> None:
    """Raises `TooLarge` if fields nest deeper than `most`; introspection has its own limit. Needs acyclic fragments."""
    known: dict[str, int] = {}

    def of_set(selection_set: SelectionSetNode | None) -> int:
        return max((of(node) for node in selection_set.selections), default=0) if selection_set else 0

    def of(node: SelectionNode) -> int:
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name not in known:
                known[name] = of_set(fragments[name].selection_set)
            return known[name]
        if isinstance(node, FieldNode):
            return 0 if node.name.value.startswith("__") else 1 + of_set(node.selection_set)
        return of_set(getattr(node, "selection_set", None))

    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            depth = of_set(definition.selection_set)
            if depth > most:
                raise TooLarge(
                    f"fields nest {depth} deep; the most is {most}",
                    code="TOO_DEEP",
                    fix="Ask for the inner objects in a request of their own.",
                )
