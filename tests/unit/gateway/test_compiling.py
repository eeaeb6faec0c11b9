"""Which parts of an answer are compiled, and which are left to graphql-core."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import msgspec
import pytest
from graphql import FragmentDefinitionNode, GraphQLObjectType, OperationDefinitionNode, parse
from graphql.execution.collect_fields import FieldDetails

from services.contracts.paging import Edge, Page
from services.gateway.compiling import Odd, Plans
from services.gateway.schema import build_schema
from services.gateway.types.scalars import DATE_TIME
from tests.integration.gateway.doubles import NOON, model

SCHEMA = build_schema()._schema


def compiled(text: str) -> Any:
    """What completes the only root field of a query; None if graphql-core has to."""
    document = parse(text)
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    node: Any = operation.selection_set.selections[0]
    assert isinstance(SCHEMA.query_type, GraphQLObjectType)
    return Plans(SCHEMA, fragments).of(SCHEMA.query_type.fields[node.name.value].type, [FieldDetails(node, None)])


def test_a_moment_is_written_as_its_scalar_writes_it() -> None:
    complete = compiled("{ models { nodes { createdAt } } }")
    serialize: Any = DATE_TIME.serialize
    for moment in (NOON, NOON.replace(microsecond=1_500), NOON.astimezone(timezone(timedelta(hours=2)))):
        page = Page(edges=[Edge(cursor="c", node=model(created_at=moment))], has_next=False, has_previous=False)
        written = serialize(moment)
        assert msgspec.json.decode(msgspec.json.encode(complete(page))) == {"nodes": [{"createdAt": written}]}


def test_what_many_are_told_of_at_once_is_completed_once() -> None:
    plans = Plans(SCHEMA, {})
    made: list[int] = []

    def complete(value: list[int]) -> list[int]:
        made.append(len(value))
        return [*value]

    first, second = [1], [1]
    assert plans.shared(complete, first) is plans.shared(complete, first)
    assert plans.shared(complete, second) == [1]
    assert made == [1, 1]


def test_a_page_of_models_is_one_compiled_part() -> None:
    complete = compiled(
        """{ models { totalCount pageInfo { endCursor } edges { cursor node { ...m } } nodes { kind: __typename } } }
           fragment m on Model { name tags { key value } latestVersion { version metrics { key value } } }"""
    )
    page = Page(edges=[Edge(cursor="c", node=model())], has_next=False, has_previous=False)
    assert complete(page) == {
        "totalCount": None,
        "pageInfo": {"endCursor": "c"},
        "edges": [
            {
                "cursor": "c",
                "node": {
                    "name": "delays",
                    "tags": [{"key": "team", "value": "ops"}],
                    "latestVersion": {"version": "1", "metrics": [{"key": "auc", "value": 0.71}]},
                },
            }
        ],
        "nodes": [{"kind": "Model"}],
    }


@pytest.mark.parametrize(
    "text",
    [
        "{ models { nodes { versions { totalCount } } } }",
        "{ models { nodes { name @include(if: true) } } }",
        "{ models { nodes { latestVersion { run { name } } } } }",
        '{ node(id: "x") { id } }',
    ],
    ids=["a resolver that asks", "a directive", "a relative", "an interface"],
)
def test_what_is_not_plain_is_left_to_graphql_core(text: str) -> None:
    assert compiled(text) is None


@pytest.mark.parametrize("odd", [{"name": None}, {"name": 3}, {"tags": None}, {"latest": "version"}])
def test_a_value_of_the_wrong_type_is_left_to_graphql_core(odd: dict[str, Any]) -> None:
    complete = compiled("{ models { nodes { name tags { key } latestVersion { version } } } }")
    page = Page(edges=[Edge(cursor="c", node=model(**odd))], has_next=False, has_previous=False)
    with pytest.raises((Odd, AttributeError)):
        complete(page)
