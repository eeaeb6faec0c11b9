"""The compiling executor answers as graphql-core does: the same data in the same order, and the same errors."""

from __future__ import annotations

import asyncio
import gc
import random
from collections.abc import Callable
from datetime import UTC, datetime
from math import inf, nan
from typing import Any

import msgspec
import pytest
from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    execute,
    get_named_type,
    parse,
    print_ast,
    validate,
)

from services.contracts.errors import Unavailable
from services.contracts.paging import Page
from services.gateway.compiling import CompilingExecutor, Plans
from services.gateway.schema import build_schema
from services.gateway.types.commands import Outcome
from services.gateway.types.node import read_views

SCHEMA = build_schema()._schema
pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
"""graphql-core drops coroutines of resolvers whose place in the answer an odd value beside them has removed."""

DOCUMENTS = 2
"""For each type and each way to wrap it."""
DEEPEST = 3
ODD = [None, nan, inf, 2**40, "", "odd", 3, True, [], [None], object(), Unavailable("away")]
"""Values that a view shouldn't hold; whatever becomes of them has to be the same twice."""


class Documents:
    """Writes documents that are valid: any field, alias, fragment and directive, as deep as `DEEPEST`."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._fragments: list[str] = []
        self._named = 0

    def on(self, type_: Any, root: str) -> str:
        """A document that selects on the root field `root`, which yields `type_`."""
        selection = self._set(type_, DEEPEST)
        text = f"query($yes: Boolean!, $no: Boolean!) {{ {root} {selection} "
        text += "__typename @include(if: $yes) last: __typename @skip(if: $no) } "
        return text + " ".join(self._fragments)

    def _set(self, type_: Any, depth: int) -> str:
        fields = [name for name, field in type_.fields.items() if self._selectable(field, depth)]
        chosen = [self._field(type_, name, depth) for name in self._chance.sample(fields, min(len(fields), 6))]
        chosen.append(self._chance.choice(["__typename", "madeUp: __typename"]))
        if self._chance.random() < 0.2:
            chosen.insert(0, f"... on {type_.name} {{ {self._chance.choice(chosen)} }}")
        if self._chance.random() < 0.2:
            self._named += 1
            self._fragments.append(f"fragment f{self._named} on {type_.name} {{ {self._chance.choice(chosen)} }}")
            chosen.append(f"...f{self._named}")
        if self._chance.random() < 0.1:
            chosen.append(f"... @include(if: $yes) {{ {self._chance.choice(chosen)} }}")
        return "{ " + " ".join(chosen) + " }"

    def _selectable(self, field: Any, depth: int) -> bool:
        inner = get_named_type(field.type)
        composite = isinstance(inner, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType)
        needs = any(isinstance(arg.type, GraphQLNonNull) for arg in field.args.values())
        return not needs and not (composite and (depth == 0 or isinstance(inner, GraphQLInterfaceType)))

    def _field(self, type_: Any, name: str, depth: int) -> str:
        inner = get_named_type(type_.fields[name].type)
        directive = self._chance.choice([" @skip(if: $no)", " @include(if: $no)"] + [""] * 20)
        below = self._set(inner, depth - 1) if isinstance(inner, GraphQLObjectType) else ""
        if isinstance(inner, GraphQLUnionType):
            some = [*self._chance.sample(inner.types, 2), SCHEMA.type_map["ConflictProblem"]]
            kinds = " ".join(f"... on {kind.name} {self._set(kind, depth - 1)}" for kind in dict.fromkeys(some))
            below = f"{{ __typename {kinds} }}"
        return f"{name}{directive} {below}"


class Views:
    """Makes views of the contracts, mostly as they should be and now and then odd."""

    def __init__(self, chance: random.Random, odd: float) -> None:
        self._chance = chance
        self._odd = odd

    def of(self, kind: Any) -> Any:
        """A value of the annotation `kind`."""
        if self._chance.random() < self._odd:
            return self._chance.choice(ODD)
        return self._well(msgspec.inspect.type_info(kind) if not isinstance(kind, msgspec.inspect.Type) else kind)

    def _well(self, info: Any) -> Any:
        chance = self._chance
        match info:
            case msgspec.inspect.StructType():
                return info.cls(**{field.name: self.of(field.type) for field in info.fields})
            case msgspec.inspect.DataclassType():
                return info.cls(**{field.name: self.of(field.type) for field in info.fields})
            case msgspec.inspect.ListType():
                return [self.of(info.item_type) for _ in range(chance.randrange(3))]
            case msgspec.inspect.TupleType():
                return tuple(self.of(item) for item in info.item_types)
            case msgspec.inspect.DictType():
                return {f"k{n}": self.of(info.value_type) for n in range(chance.randrange(3))}
            case msgspec.inspect.UnionType():
                return self.of(chance.choice(info.types))
            case msgspec.inspect.LiteralType():
                return chance.choice(info.values)
            case msgspec.inspect.EnumType():
                return chance.choice(list(info.cls))
            case msgspec.inspect.DateTimeType():
                return datetime(2013, 7, chance.randrange(1, 28), tzinfo=UTC)
            case msgspec.inspect.DateType():
                return datetime(2013, 7, 1, tzinfo=UTC).date()
            case msgspec.inspect.FloatType():
                return chance.choice([0.5, -1.0, nan])
            case msgspec.inspect.IntType():
                return chance.randrange(-5, 2**31)
            case msgspec.inspect.BoolType():
                return chance.random() < 0.5
            case msgspec.inspect.StrType():
                return chance.choice(["", "a", "ü \n", "conflict"])
            case msgspec.inspect.BytesType():
                return b"{}"
            case _:
                return None


class Nobody:
    """The context: whoever is asked is away, so that fields which ask fail alike in both executors."""

    def __getattr__(self, name: str) -> Any:
        raise Unavailable(f"{name} is away")


def read_off(type_: GraphQLObjectType) -> Any:
    """An annotation of what the type is read off; None if that isn't a view."""
    views = read_views(type_.is_type_of)
    if type_.name.endswith("Connection"):
        item = get_named_type(type_.fields["nodes"].type)
        view = read_off(item) if isinstance(item, GraphQLObjectType) else None
        return Page[view] if view is not None else None  # type: ignore[valid-type]  # made at run time
    if not views or not issubclass(views[0], msgspec.Struct) or views[0] is Outcome:
        return None
    return views[0]


TYPES = {
    name: (type_, read_off(type_))
    for name, type_ in SCHEMA.type_map.items()
    if isinstance(type_, GraphQLObjectType) and not name.startswith("__") and read_off(type_) is not None
}


async def answered(document: DocumentNode, value: Any, plans: Plans | None) -> tuple[bytes, Any]:
    """Data as it is sent, with keys in order, and errors."""
    result: Any = execute(
        PROBE,
        document,
        root_value=value,
        context_value=Nobody(),
        variable_values={"yes": True, "no": False},
        executor_class=CompilingExecutor,
        plans=plans,
    )
    if not isinstance(result, ExecutionResult):
        result = await result
    await asyncio.sleep(0)  # lets go on what graphql-core leaves to the background when a null removes its place
    data = msgspec.json.encode(result.data, enc_hook=repr)
    return data, [
        (error.message, error.path, error.locations, repr(error.original_error)) for error in result.errors or []
    ]


WAYS: dict[str, Callable[[Any], Any]] = {
    "one": lambda type_: type_,
    "sure": GraphQLNonNull,
    "many": lambda type_: GraphQLList(GraphQLNonNull(type_)),
    "gaps": lambda type_: GraphQLNonNull(GraphQLList(type_)),
}
ROOT = {
    f"{way}{name}": GraphQLField(wrap(type_), resolve=lambda value, _: value)
    for name, (type_, _) in TYPES.items()
    for way, wrap in WAYS.items()
}
PROBE = GraphQLSchema(query=GraphQLObjectType("Root", ROOT), directives=SCHEMA.directives, assume_valid=True)


@pytest.mark.parametrize("name", sorted(TYPES))
async def test_both_executors_answer_alike(name: str) -> None:
    type_, view = TYPES[name]
    chance = random.Random(name)  # the same cases in each run
    for way in WAYS:
        for _ in range(DOCUMENTS):
            document = parse(Documents(chance).on(type_, f"{way}{name}"))
            assert validate(PROBE, document) == []
            fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
            plans = Plans(PROBE, fragments)
            for odd in (0.0, 0.02, 0.1):
                views = Views(chance, odd)
                value = [views.of(view) for _ in range(2)] if way in ("many", "gaps") else views.of(view)
                expected = await answered(document, value, None)
                assert await answered(document, value, plans) == expected, print_ast(document)
    gc.collect()
