"""What an operation would cost at most, from the sizes of its lists, before it runs.

The cost is the number of objects it may build: a field that yields an object counts 1, a list as many as its
arguments say (`first`, `last`, `maxPoints`, ids) or as its field declares (`types/limits.py`), each times the lists
around it. A field that asks a service once more for each object around it counts `ASK_COST` besides, one that holds
as much as many objects its weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
)

from services.contracts.paging import MAX_PAGE
from services.gateway.types.limits import ASK_COST, KEY, Size
from services.gateway.types.paging import DEFAULT_PAGE

_PLAIN = Size()
_ITEMS = ("nodes", "edges")
_Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType


class Cost:
    """The cost of one operation with one set of variables."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._known: dict[tuple[str, int], int] = {}

    def of(self, operation: OperationDefinitionNode) -> int:
        """Of a subscription: the cost of one message."""
        root = {
            OperationType.QUERY: self._schema.query_type,
            OperationType.MUTATION: self._schema.mutation_type,
            OperationType.SUBSCRIPTION: self._schema.subscription_type,
        }[operation.operation]
        return self._of_set(root, operation.selection_set, 0) if root else 0

    def _of_set(self, parent: _Composite, selection_set: SelectionSetNode | None, page: int) -> int:
        """`page`: how many items the connection holds whose fields these are; 0 elsewhere."""
        total = 0
        for node in selection_set.selections if selection_set else ():
            if isinstance(node, FieldNode):
                total += self._of_field(parent, node, page)
            elif isinstance(node, InlineFragmentNode):
                total += self._of_set(self._narrowed(parent, node.type_condition), node.selection_set, page)
            elif isinstance(node, FragmentSpreadNode):
                total += self._of_fragment(parent, node.name.value, page)
        return total

    def _of_fragment(self, parent: _Composite, name: str, page: int) -> int:
        key = (name, page)
        if key not in self._known:
            fragment = self._fragments[name]
            self._known[key] = self._of_set(
                self._narrowed(parent, fragment.type_condition), fragment.selection_set, page
            )
        return self._known[key]

    def _narrowed(self, parent: _Composite, condition: Any) -> _Composite:
        narrowed = self._schema.get_type(condition.name.value) if condition else parent
        return narrowed if isinstance(narrowed, _Composite) else parent

    def _of_field(self, parent: _Composite, node: FieldNode, page: int) -> int:
        field = None if isinstance(parent, GraphQLUnionType) else parent.fields.get(node.name.value)
        if field is None:  # __typename, __schema: the validation limits introspection
            return 0
        size = _declared(field)
        inner = get_named_type(field.type)
        own = size.weight + (ASK_COST if size.asks else 0)
        if not isinstance(inner, _Composite):
            return own
        if not isinstance(inner, GraphQLUnionType) and "pageInfo" in inner.fields:
            items = self._argument(node, "first") or self._argument(node, "last") or DEFAULT_PAGE
            return own + 1 + self._of_set(inner, node.selection_set, min(items, MAX_PAGE))
        times = 1
        if page and node.name.value in _ITEMS:
            times = page
        elif _is_list(field):
            times = (self._argument(node, size.argument) if size.argument else None) or size.otherwise
        return own + times * (1 + self._of_set(inner, node.selection_set, 0))

    def _argument(self, node: FieldNode, name: str) -> int | None:
        for argument in node.arguments or ():
            if argument.name.value == name:
                return self._number(argument.value)
        return None

    def _number(self, value: ValueNode) -> int | None:
        """A literal or variable as a size: a number is itself, a list its length."""
        if isinstance(value, IntValueNode):
            return max(int(value.value), 0)
        if isinstance(value, ListValueNode):
            return len(value.values)
        if isinstance(value, VariableNode):
            return size_of(self._variables.get(value.name.value))
        return None


def size_of(value: object) -> int | None:
    """A variable's value as a size: a number is itself, a list its length; None if it is neither."""
    if isinstance(value, int):
        return max(value, 0)
    return len(value) if isinstance(value, list) else None


def _declared(field: GraphQLField) -> Size:
    definition = field.extensions.get("strawberry-definition")
    size = definition.metadata.get(KEY) if definition else None
    return size if isinstance(size, Size) else _PLAIN


def _is_list(field: GraphQLField) -> bool:
    inner = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    return isinstance(inner, GraphQLList)
