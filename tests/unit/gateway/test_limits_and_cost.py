"""How deep, how many, how costly: known before anything runs."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse

from services.contracts.errors import TooLarge
from services.gateway.cost import Cost
from services.gateway.documents import Documents
from services.gateway.errors import RequestFailed
from services.gateway.limits import Limits, check_counts, check_depth
from services.gateway.schema import build_schema

SCHEMA = build_schema()._schema


def cost(text: str, variables: dict[str, Any] | None = None) -> int:
    document = parse(text)
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    return Cost(SCHEMA, fragments, variables or {}).of(operation)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ __typename }", 0),
        ("{ viewer { user } }", 1),
        ("{ models(first: 3) { totalCount } }", 11),
        ("{ models(first: 3) { nodes { name } } }", 14),
        ("{ models(first: 3) { nodes { name } edges { node { name } } } }", 20),
        ("{ models(first: 3) { nodes { latestVersion { version } } } }", 17),
        ("{ models(first: 3) { nodes { tags { key } } } }", 44),
        ("{ models { nodes { name } } }", 61),
        ("{ models(first: 1000000) { nodes { name } } }", 111),
        ("{ models(first: 3) { nodes { versions(last: 2) { nodes { version } } } } }", 53),
        ('{ windows(model: "m", version: "1", last: 7) { rows } }', 7),
        ('{ windows(model: "m", version: "1", last: 7) { features { psi } } }', 147),
        ('{ nodes(ids: ["a", "b"]) { id } }', 12),
        ('{ run(id: "r") { metricHistory(metric: "a", maxPoints: 50) { value } } }', 61),
        ('{ node(id: "a") { ... on Model { tags { key } } } }', 11),
        ('{ run(id: "r") { artifact(path: "a") { preview { kind } } } }', 1_023),
        ("{ ...q ...q } fragment q on Query { viewer { user } }", 2),
    ],
)
def test_the_cost_is_the_number_of_objects_and_of_further_requests(text: str, expected: int) -> None:
    assert cost(text) == expected


def test_sizes_may_come_from_variables() -> None:
    query = "query($n: Int, $ids: [ID!]!) { models(first: $n) { nodes { name } } nodes(ids: $ids) { id } }"
    assert cost(query, {"n": 5, "ids": ["a", "b", "c"]}) == 16 + 13
    assert cost(query, {"ids": []}) == 61 + 10 + 100


def test_fragments_that_multiply_are_counted_without_being_unfolded() -> None:
    spreads = "".join(f"fragment f{i} on Query {{ ...f{i + 1} ...f{i + 1} }} " for i in range(60))
    text = "{ ...f0 } " + spreads + "fragment f60 on Query { viewer { user } }"
    assert cost(text) == 2**60
    document = parse(text)
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    check_depth(document, fragments, 2)
    with pytest.raises(TooLarge):
        check_depth(document, fragments, 1)


def test_fields_and_aliases_are_counted_wherever_they_stand() -> None:
    document = parse("{ a: viewer { b: user ... on Viewer { c: role } } ...f } fragment f on Query { d: __typename }")
    check_counts(document, Limits(aliases=4, fields=4))
    for limits, code in ((Limits(aliases=3), "TOO_MANY_ALIASES"), (Limits(fields=3), "TOO_MANY_FIELDS")):
        with pytest.raises(TooLarge) as refused:
            check_counts(document, limits)
        assert refused.value.code == code


def test_introspection_has_its_own_limit() -> None:
    documents = Documents(SCHEMA, Limits(depth=2), 10)
    documents.prepare("{ __schema { types { fields { type { ofType { ofType { name } } } } } } }")
    with pytest.raises(RequestFailed):
        documents.prepare("{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }")


def test_documents_are_prepared_once_and_the_oldest_gives_way() -> None:
    documents = Documents(SCHEMA, Limits(), 2)
    first = documents.prepare("{ viewer { user } }")
    documents.prepare("{ viewer { role } }")
    assert documents.prepare("{ viewer { user } }") is first
    documents.prepare("{ viewer { authenticated } }")
    assert len(documents) == 2
    assert documents.prepare("{ viewer { user } }") is first
    for refused in ("{ nothing }", "{", "fragment f on Query { viewer { user } }"):
        with pytest.raises(RequestFailed):
            documents.prepare(refused)
    assert len(documents) == 2


def test_the_operation_is_chosen_by_name() -> None:
    prepared = Documents(SCHEMA, Limits(), 2).prepare("query A { viewer { user } } mutation B { __typename }")
    assert prepared.operation("B").operation.value == "mutation"
    for name in (None, "C"):
        with pytest.raises(RequestFailed):
            prepared.operation(name)
