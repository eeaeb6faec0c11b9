"""Whatever a person can do has a mutation, and each mutation may be repeated with its idempotency key."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType, GraphQLSchema, build_schema, get_named_type

from services.contracts import dead_letters
from services.contracts.base import Request
from services.contracts.catalogue import REQUESTS
from services.contracts.registry import SetAlias
from services.gateway import schema as gateway_schema
from services.gateway.resolvers.mutation import Mutation

QUESTIONS = ("Get", "List", "Find", "Walk", "Plan", "Preview", "Verify", "CompareVersions", "CompareProfiles")
"""Beginnings of the names of requests that change nothing."""
BY_PROGRAMS = {
    "RecordProfile": "the profiler sends what it has counted, many megabytes of it; a person uploads the file itself",
    "RecordRowDigests": "the profiler sends the digests of rows; a person uploads the file itself",
}
"""Commands without a mutation, and why."""
REPEATED_SAFELY = {
    "purgeDeleted": "what is gone is gone: a repeat goes on with the rest",
    "collectContent": "what is gone is gone: a repeat goes on with the rest",
}
"""Mutations without an idempotency key, and why they need none."""

DEAD_LETTERS: list[type[Request[Any]]] = [
    dead_letters.DecideRegistryDeadLetter,
    dead_letters.DecideMonitorDeadLetter,
]
COMMANDS: list[type[Request[Any]]] = [
    request for request in [*REQUESTS, *DEAD_LETTERS] if not request.__name__.startswith(QUESTIONS)
]
TAKEN: dict[str, type[Request[Any]]] = {
    field.name: field.base_resolver.wrapped_func.takes[1]
    if hasattr(field.base_resolver.wrapped_func, "takes")
    else SetAlias
    for field in Mutation.__strawberry_definition__.fields  # type: ignore[attr-defined]  # put there by strawberry
}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(Path(gateway_schema.__file__).with_suffix(".graphql").read_text())


def test_every_command_has_a_mutation_or_a_reason_to_have_none() -> None:
    wanted = {command.__name__ for command in COMMANDS}
    assert wanted - {request.__name__ for request in TAKEN.values()} == set(BY_PROGRAMS)


def test_every_mutation_takes_one_input_with_a_key_and_answers_with_errors(schema: GraphQLSchema) -> None:
    mutations = schema.mutation_type
    assert mutations is not None
    keyless = set()
    for name, field in mutations.fields.items():
        assert list(field.args) == ["input"], name
        payload = get_named_type(field.type)
        assert isinstance(payload, GraphQLObjectType)
        assert str(payload.fields["errors"].type) == "[UserError!]!", name
        assert str(payload.fields["problems"].type) == "[ChangeProblem!]!", name
        given = get_named_type(field.args["input"].type)
        assert isinstance(given, GraphQLInputObjectType)
        if "idempotencyKey" not in given.fields:
            keyless.add(name)
    assert keyless == set(REPEATED_SAFELY)


def test_every_command_with_a_key_is_carried_out_once() -> None:
    keyed = {command.__name__ for command in COMMANDS if "idempotency_key" in command.__struct_fields__}
    handled = {request for request, method, owner in _handlers() if _is_done_once(method, owner)}
    assert keyed - handled == set()


def _handlers() -> Iterator[tuple[str, Any, type]]:
    """Methods that take a request: the request's name, the method, and whose it is."""
    for path in sorted(Path("services").glob("*/**/*.py")):
        if path.parts[1] not in ("registry", "monitor", "runtime") or not re.search(
            r"\b(?:done_)?once\(", path.read_text()
        ):
            continue
        module = import_module(".".join(path.with_suffix("").parts))
        for owner in vars(module).values():
            if inspect.isclass(owner) and owner.__module__ == module.__name__:
                for method in vars(owner).values():
                    if inspect.iscoroutinefunction(method):
                        told = method.__annotations__.get("request", "")
                        for request in re.findall(r"\w+", str(told)):
                            yield from ((name, method, owner) for name in _meant(request))


def _meant(request: str) -> tuple[str, ...]:
    """The dead letters' request has a class for each service."""
    services = ("Registry", "Monitor")
    return tuple(f"Decide{s}DeadLetter" for s in services) if request == "DecideDeadLetter" else (request,)


def _is_done_once(method: Any, owner: type, depth: int = 3) -> bool:
    """Whether a method, or one of its class that it calls, hands its change to `once` or `done_once`."""
    source = inspect.getsource(method)
    if re.search(r"\b(?:done_)?once\(", source):
        return True
    called = (vars(owner).get(name) for name in re.findall(r"self\.(_\w+)\(", source))
    return depth > 0 and any(inspect.iscoroutinefunction(m) and _is_done_once(m, owner, depth - 1) for m in called)
