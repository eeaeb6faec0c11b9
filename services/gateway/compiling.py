"""Completes plain parts of an answer with one generated function instead of a walk over every field.

A part is plain if each field in it is read off its parent alone: an attribute, or a resolver that takes nothing but
its parent. For such a part this module writes a function once a document, which builds the dictionaries and checks
every value's exact type on the way. Whatever it doesn't expect, from a null in a wrong place to a number in place of
a text, makes it give up on the part, and graphql-core completes it from the same value: results and errors are
graphql-core's in every unusual case. Parts with arguments, directives, interfaces or awaiting resolvers are never
compiled, only the plain parts below them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.field import StrawberryField

from services.gateway.types.node import read_views
from services.gateway.types.values import figure_text, listed_by

Complete = Callable[[Any], Any]
"""From a field's value to its data. Raises whatever it likes for a value that it isn't made for."""

MAX_INT = 2**31 - 1


class Odd(Exception):  # no error: a value that graphql-core is to complete
    """Not what the compiled function was made for."""


class NotPlain(Exception):  # no error: a part that is left to graphql-core
    """The part can't be compiled."""


class Plans:
    """The compiled parts of one document. Their nodes live as long as the document does."""

    def __init__(self, schema: GraphQLSchema, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._schema = schema
        self._fragments = fragments
        self._known: dict[tuple[int, ...], Complete | None] = {}
        self._newest: dict[Complete, tuple[Any, Any]] = {}

    def __len__(self) -> int:
        return sum(plan is not None for plan in self._known.values())

    def of(self, type_: GraphQLOutputType, details: FieldDetailsList) -> Complete | None:
        """What completes a value of `type_` on the selections of `details`; None if graphql-core has to."""
        key = (id(type_), *(id(entry.node) for entry in details))
        if key not in self._known:
            self._known[key] = self._compiled(type_, [entry.node for entry in details])
        return self._known[key]

    def shared(self, complete: Complete, value: Any) -> Any:
        """The data of `value`, made once for all who are told of the same object at the same time."""
        known = self._newest.get(complete)
        if known is not None and known[0] is value:
            return known[1]
        data = complete(value)
        self._newest[complete] = (value, data)
        return data

    def _compiled(self, type_: GraphQLOutputType, nodes: list[FieldNode]) -> Complete | None:
        writer = _Writer(self._schema, self._fragments)
        try:
            name = writer.value_function(type_, [node.selection_set for node in nodes])
        except NotPlain:
            return None
        return writer.function(name)


class CompilingExecutor(StrawberryGraphQLCoreExecutionContext):
    """graphql-core's executor, but for plain parts. `shared`: the same values come for many operations."""

    def __init__(self, *args: Any, plans: Plans | None = None, shared: bool = False, **more: Any) -> None:
        super().__init__(*args, **more)
        self._plans = plans
        self._shared = shared

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: Any,
        path: Any,
        result: Any,
        position_context: Any,
    ) -> Any:
        """The data of a field with the value `result`."""
        if (
            self._plans is not None
            and result is not None
            and field_details_list[0].node.selection_set is not None
            and not isinstance(result, Exception)
        ):
            complete = self._plans.of(return_type, field_details_list)
            if complete is not None:
                try:
                    return self._plans.shared(complete, result) if self._shared else complete(result)
                except Exception:  # noqa: BLE001, S110  # whatever it was, graphql-core finds it again and says it
                    pass
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)


class _Writer:
    """Writes the functions of one part, each for one object type with one set of fields."""

    def __init__(self, schema: GraphQLSchema, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._schema = schema
        self._fragments = fragments
        self._names: dict[str, Any] = {
            "Odd": Odd,
            "isfinite": isfinite,
            "odd": _odd,
            "datetime": datetime,
            "UTC": UTC,
            "figure": _figure,
            "figure_text": _figure_text,
        }
        self._source: list[str] = []
        self._functions = 0

    def function(self, name: str) -> Complete:
        """The function of that name, after all have been written."""
        exec(compile("\n".join(self._source), "<compiled part>", "exec"), self._names)  # noqa: S102  # written below from schema and types alone: texts of clients enter as constants
        found: Complete = self._names[name]
        return found

    def value_function(self, type_: GraphQLOutputType, sets: Sequence[SelectionSetNode | None]) -> str:
        """A function from a value of `type_` to its data."""
        self._functions += 1
        name = f"value{self._functions}"
        lines: list[str] = []
        self._write_value(lines, type_, sets, "v", "d")
        self._source.append(f"def {name}(v):\n    " + "\n    ".join([*lines, "return d"]))
        return name

    def _known(self, value: Any) -> str:
        """A name that stands for `value` in the generated source."""
        name = f"k{len(self._names)}"
        self._names[name] = value
        return name

    def _write_value(
        self, lines: list[str], type_: Any, sets: Sequence[SelectionSetNode | None], value: str, data: str
    ) -> None:
        """Lines that turn the variable `value` into `data`."""
        inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        checks: list[str] = []
        expression = self._expression(checks, inner, sets, value)
        if isinstance(type_, GraphQLNonNull):
            lines += [*checks, f"{data} = {expression}"]
        else:
            lines += [f"if {value} is None:", f"    {data} = None", "else:"]
            lines += [f"    {line}" for line in [*checks, f"{data} = {expression}"]]

    def _expression(self, checks: list[str], inner: Any, sets: Sequence[SelectionSetNode | None], value: str) -> str:
        """The data of `value`, which isn't null, after `checks`."""
        if isinstance(inner, GraphQLObjectType):
            return f"{self._object_function(inner, sets)}({value})"
        if isinstance(inner, GraphQLList):
            checks.append(f"if {value}.__class__ is not list: raise Odd")
            item = inner.of_type
            if isinstance(item, GraphQLNonNull) and isinstance(item.of_type, GraphQLObjectType):
                return f"[{self._object_function(item.of_type, sets)}(i) for i in {value}]"
            if isinstance(item, GraphQLNonNull) and item.of_type in (GraphQLString, GraphQLID):
                checks.append(f"if not all(i.__class__ is str for i in {value}): raise Odd")
                return f"list({value})"
            return f"[{self.value_function(item, sets)}(i) for i in {value}]"
        return self._leaf(checks, inner, value)

    def _leaf(self, checks: list[str], inner: Any, value: str) -> str:
        if inner is GraphQLString or inner is GraphQLID:
            checks.append(f"if {value}.__class__ is not str: raise Odd")
            return value
        if inner is GraphQLInt:
            checks.append(f"if {value}.__class__ is not int or not -{MAX_INT + 1} <= {value} <= {MAX_INT}: raise Odd")
            return value
        if inner is GraphQLFloat:
            checks.append(f"if {value}.__class__ is not float or not isfinite({value}): raise Odd")
            return value
        if inner is GraphQLBoolean:
            checks.append(f"if {value}.__class__ is not bool: raise Odd")
            return value
        if isinstance(inner, GraphQLEnumType):
            names = {entry.value: name for name, entry in inner.values.items() if isinstance(entry.value, str)}
            checks.append(f"if {value}.__class__ is not str: raise Odd")
            return f"{self._known(names)}[{value}]"
        if isinstance(inner, GraphQLScalarType) and inner.name == "DateTime":
            checks.append(f"if {value}.__class__ is not datetime: raise Odd")
            slow = f"{self._known(_coerced(inner))}({value})"
            return f"{value} if {value}.tzinfo is UTC else {slow}"  # msgspec writes it as the scalar does, and faster
        if isinstance(inner, GraphQLScalarType):
            return f"{self._known(_coerced(inner))}({value})"
        raise NotPlain

    # ------------------------------------------------------------ objects

    def _object_function(self, type_: GraphQLObjectType, sets: Sequence[SelectionSetNode | None]) -> str:
        fields = self._collected(type_, sets)
        lines = []
        views = read_views(type_.is_type_of)
        if type_.is_type_of is not None:
            if views is None:
                raise NotPlain
            good = self._known(frozenset(views))
            lines.append(f"if o.__class__ not in {good} and not isinstance(o, {self._known(views)}): raise Odd")
        entries = []
        for number, (key, nodes) in enumerate(fields.items()):
            name = nodes[0].name.value
            if name == "__typename":
                entries.append(f"{key!r}: {type_.name!r}")
                continue
            field = type_.fields.get(name)
            if field is None or nodes[0].arguments or field.args:
                raise NotPlain
            value, data = f"v{number}", f"d{number}"
            listed = self._listed(field, nodes)
            if listed is not None:
                entries.append(f"{key!r}: {listed}")
                continue
            lines.append(f"{value} = {self._read(field)}")
            if _may_be_float(field):  # as `scalars.read` does
                lines.append(f"if {value}.__class__ is float and not isfinite({value}): {value} = None")
            self._write_value(lines, field.type, [node.selection_set for node in nodes], value, data)
            entries.append(f"{key!r}: {data}")
        self._functions += 1
        function = f"object{self._functions}"
        lines.append("return {" + ", ".join(entries) + "}")
        self._source.append(f"def {function}(o):\n    " + "\n    ".join(lines))
        return function

    def _listed(self, field: GraphQLField, nodes: list[FieldNode]) -> str | None:
        """The data of a field that lists a mapping of `o` by key, without an object in between."""
        definition = field.extensions.get("strawberry-definition")
        resolver = definition.base_resolver if isinstance(definition, StrawberryField) else None
        listed = listed_by(resolver.wrapped_func) if resolver and callable(resolver.wrapped_func) else None
        item = get_named_type(field.type)
        if listed is None or not isinstance(item, GraphQLObjectType):
            return None
        entries = []
        for key, inner in self._collected(item, [node.selection_set for node in nodes]).items():
            name = inner[0].name.value
            entries.append(f"{key!r}: " + (repr(item.name) if name == "__typename" else _PARTS[listed.parts[name]]))
        return f"[{{{', '.join(entries)}}} for k, x in sorted(o.{listed.attribute}.items())]"

    def _read(self, field: GraphQLField) -> str:
        """The value of a field of `o`."""
        definition = field.extensions.get("strawberry-definition")
        if not isinstance(definition, StrawberryField) or definition.extensions or definition.permission_classes:
            raise NotPlain
        resolver = definition.base_resolver
        if resolver is None:
            return f"o.{definition.python_name}"
        if resolver.is_async or resolver.arguments or resolver.info_parameter or not resolver.parent_parameter:
            raise NotPlain
        return f"{self._known(resolver.wrapped_func)}(o)"

    def _collected(
        self, type_: GraphQLObjectType, sets: Iterable[SelectionSetNode | None]
    ) -> dict[str, list[FieldNode]]:
        """The fields by the key of their answer, in the order in which they are first met."""
        found: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()

        def collect(selection_set: SelectionSetNode | None) -> None:
            for node in selection_set.selections if selection_set else ():
                if node.directives:
                    raise NotPlain
                if isinstance(node, FieldNode):
                    found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
                elif isinstance(node, InlineFragmentNode):
                    if node.type_condition is None or self._is_a(type_, node.type_condition.name.value):
                        collect(node.selection_set)
                elif isinstance(node, FragmentSpreadNode) and node.name.value not in spread:
                    spread.add(node.name.value)
                    fragment = self._fragments[node.name.value]
                    if fragment.directives:
                        raise NotPlain
                    if self._is_a(type_, fragment.type_condition.name.value):
                        collect(fragment.selection_set)

        for selection_set in sets:
            collect(selection_set)
        return found

    def _is_a(self, type_: GraphQLObjectType, condition: str) -> bool:
        return condition == type_.name or any(interface.name == condition for interface in type_.interfaces)


_PARTS = {
    "key": "k if k.__class__ is str else odd()",
    "text": "x if x.__class__ is str else odd()",
    "figure": "x if x.__class__ is float and isfinite(x) else figure(x)",
    "figure_text": "figure_text(x)",
}
"""The parts of an item of a mapping, whose key is `k` and whose value is `x`."""


def _odd() -> None:
    raise Odd


def _figure(value: Any) -> float | None:
    if value.__class__ is not float:
        raise Odd
    return value if isfinite(value) else None


def _figure_text(value: Any) -> str:
    if value.__class__ is not float:
        raise Odd
    return figure_text(value)


def _may_be_float(field: GraphQLField) -> bool:
    """Whether an attribute is read whose value can be a figure that JSON doesn't have."""
    inner = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    plain = (GraphQLString, GraphQLID, GraphQLInt, GraphQLBoolean)
    of_scalar = isinstance(inner, GraphQLScalarType) and inner not in plain
    return of_scalar and field.extensions["strawberry-definition"].base_resolver is None


def _coerced(type_: GraphQLScalarType) -> Complete:
    """As graphql-core completes a value of a scalar, which must not become null."""
    coerce = type_.coerce_output_value

    def complete(value: Any) -> Any:
        coerced = coerce(value)
        if coerced is None:
            raise Odd
        return coerced

    return complete
