"""Everything that the colleagues ask and change is in the gateway's schema."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

from deploy.demo.story import acts, board, datasets, loop, release
from deploy.demo.story.graphql import document

MODULES: tuple[ModuleType, ...] = (acts, board, datasets, loop, release)
_DONE = re.compile(r'\.do\(\s*"(\w+)"')


def _queries() -> Iterator[tuple[str, str]]:
    for module in MODULES:
        for name, value in vars(module).items():
            if isinstance(value, str) and value.startswith("query"):
                yield f"{module.__name__}.{name}", value


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """The gateway's, as it is committed."""
    return build_schema(Path("services/gateway/schema.graphql").read_text())


@pytest.mark.parametrize("query", [query for _, query in _queries()], ids=[name for name, _ in _queries()])
def test_every_question_is_one_that_the_gateway_answers(schema: GraphQLSchema, query: str) -> None:
    assert not validate(schema, parse(query))


def test_every_change_is_one_that_the_gateway_makes(schema: GraphQLSchema) -> None:
    used = {name for module in MODULES for name in _DONE.findall(Path(str(module.__file__)).read_text())}
    assert len(used) > 20
    wrong = {name: validate(schema, parse(document(name))) for name in used}
    assert not {name: errors for name, errors in wrong.items() if errors}
