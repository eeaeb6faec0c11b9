"""Executes operations: prepares the document, refuses what costs too much, and answers with data and typed errors."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import (
    ExecutionResult,
    OperationDefinitionNode,
    OperationType,
    execute,
    get_variable_values,
    located_error,
    subscribe,
)
from strawberry.execution import optimized_is_awaitable

from services.contracts.errors import LifecycleError, TooLarge, Unavailable
from services.contracts.identity import Action, require
from services.gateway import metrics
from services.gateway.budget import Budget, Standing
from services.gateway.compiling import CompilingExecutor
from services.gateway.cost import Cost, size_of
from services.gateway.documents import Documents, Prepared
from services.gateway.errors import VALIDATION, VARIABLES, RequestFailed, as_request_error, formatted
from services.gateway.limits import Limits
from services.gateway.operation import Operation
from services.gateway.requests import GraphQLRequest

MOST_COSTS = 100
"""Sizes of one document whose cost is remembered."""
USES_BEFORE_COMPILING = 2
"""A document that comes once isn't worth the writing."""

Answer = dict[str, Any]
"""`data`, `errors` if there are any, and of a query or mutation `extensions` with what it cost."""


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What of a document is to be executed."""

    prepared: Prepared
    node: OperationDefinitionNode
    cost: int
    standing: Standing

    @property
    def kind(self) -> str:
        return self.node.operation.value


class Engine:
    """One schema with its limits. `operation_seconds` bounds a query or mutation."""

    def __init__(
        self,
        schema: strawberry.Schema,
        limits: Limits,
        budget: Budget,
        *,
        cached_documents: int,
        operation_seconds: float,
    ) -> None:
        self._schema = schema._schema
        self._limits = limits
        self._budget = budget
        self._seconds = operation_seconds
        self.documents = Documents(self._schema, limits, cached_documents)

    def kind(self, request: GraphQLRequest) -> OperationType:
        """Which kind of operation the request asks for. Raises RequestFailed if the document isn't valid."""
        try:
            return self.documents.prepare(request.query).operation(request.operation_name).operation
        except RequestFailed:
            metrics.operations.labels("unknown", "refused").inc()
            raise

    async def execute(self, request: GraphQLRequest, operation: Operation) -> Answer:
        """Executes a query or mutation. Raises RequestFailed if there can't be any data."""
        return await self._execute(self._chosen(request, operation), request, operation)

    async def _execute(self, chosen: _Chosen, request: GraphQLRequest, operation: Operation) -> Answer:
        started = time.perf_counter()
        prepared = chosen.prepared
        prepared.uses += 1
        try:
            async with asyncio.timeout(self._seconds):
                result = execute(
                    self._schema,
                    prepared.document,
                    context_value=operation,
                    variable_values=request.variables,
                    operation_name=request.operation_name,
                    executor_class=CompilingExecutor,
                    plans=prepared.plans if prepared.uses >= USES_BEFORE_COMPILING else None,
                    is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # says bool where a TypeGuard is meant
                )
                if not isinstance(result, ExecutionResult):
                    result = await result
        except TimeoutError:
            metrics.operations.labels(chosen.kind, "timeout").inc()
            raise RequestFailed.because(_too_slow(self._seconds)) from None
        finally:
            metrics.seconds.labels(chosen.kind).observe(time.perf_counter() - started)
        metrics.operations.labels(chosen.kind, _outcome(result)).inc()
        return {**_answer(result), "extensions": {"cost": self._cost(chosen)}}

    def _cost(self, chosen: _Chosen) -> dict[str, int]:
        """What the operation may have built, the most that one may build, and what the caller has left."""
        standing = chosen.standing
        return {
            "objects": chosen.cost,
            "most": self._limits.cost,
            "perMinute": standing.limit,
            "remaining": standing.remaining,
            "resetSeconds": standing.reset_seconds,
        }

    async def stream(self, request: GraphQLRequest, operation: Operation) -> AsyncGenerator[Answer, None]:
        """Executes any operation: many answers for a subscription, else one. Raises RequestFailed, also midway."""
        chosen = self._chosen(request, operation)
        if chosen.node.operation is not OperationType.SUBSCRIPTION:
            yield await self._execute(chosen, request, operation)
            return
        outcome = "ok"
        try:
            results = subscribe(
                self._schema,
                chosen.prepared.document,
                context_value=operation,
                variable_values=request.variables,
                operation_name=request.operation_name,
                executor_class=CompilingExecutor,
                plans=chosen.prepared.plans,
                shared=True,
            )
            if not hasattr(results, "__aiter__") and not isinstance(results, ExecutionResult):
                results = await results
            if isinstance(results, ExecutionResult):
                raise RequestFailed(results.errors or [], VALIDATION)
            async with aclosing(results):  # type: ignore[type-var]  # graphql-core answers with an async generator
                async for result in results:
                    yield _answer(result)
        except RequestFailed:
            outcome = "failed"
            raise
        except LifecycleError as error:
            outcome = "failed"
            raise RequestFailed.because(error) from error
        except Exception as error:
            outcome = "failed"
            raise RequestFailed([located_error(error, [chosen.node])], "") from error
        finally:
            metrics.operations.labels(chosen.kind, outcome).inc()

    def _chosen(self, request: GraphQLRequest, operation: Operation) -> _Chosen:
        kind = "unknown"
        try:
            prepared = self.documents.prepare(request.query)
            node = prepared.operation(request.operation_name)
            kind = node.operation.value
            require(operation.principal, Action.READ)
            cost = self._check_cost(prepared, node, request)
            principal = operation.principal
            standing = self._budget.spend(principal.token_id or principal.user, cost)
        except RequestFailed:
            metrics.operations.labels(kind, "refused").inc()
            raise
        except TooLarge as error:
            metrics.operations.labels(kind, "refused").inc()
            raise RequestFailed([as_request_error(error)], VALIDATION) from error
        except LifecycleError as error:
            metrics.operations.labels(kind, "refused").inc()
            raise RequestFailed.because(error) from error
        return _Chosen(prepared, node, cost, standing)

    def _check_cost(self, prepared: Prepared, node: OperationDefinitionNode, request: GraphQLRequest) -> int:
        """The operation's cost. Raises TooLarge if that is too much, RequestFailed if the variables don't fit."""
        variables: dict[str, Any] = {}
        if node.variable_definitions:
            values = get_variable_values(self._schema, node.variable_definitions, request.variables)
            if isinstance(values, list):
                raise RequestFailed(values, VARIABLES)
            variables = values.coerced
        key = (node.name.value if node.name else "", *((name, size_of(value)) for name, value in variables.items()))
        cost = prepared.costs.get(key)
        if cost is None:
            cost = Cost(self._schema, prepared.fragments, variables).of(node)
            if len(prepared.costs) >= MOST_COSTS:
                prepared.costs.clear()
            prepared.costs[key] = cost
        if cost > self._limits.cost:
            raise TooLarge(
                f"the operation may build {cost} objects; the most is {self._limits.cost}",
                code="TOO_COSTLY",
                fix="Ask for smaller pages (`first`), or for fewer lists within lists.",
            )
        return cost


def _answer(result: ExecutionResult) -> Answer:
    answer: Answer = {"data": result.data}
    if result.errors:
        answer["errors"] = [formatted(error) for error in result.errors]
    return answer


def _outcome(result: ExecutionResult) -> str:
    if not result.errors:
        return "ok"
    return "failed" if result.data is None else "partial"


def _too_slow(seconds: float) -> Unavailable:
    return Unavailable(
        f"the operation took longer than {seconds:g} s",
        code="TIMEOUT",
        fix="Ask for less at once; a change may or may not have been made: look before you repeat it.",
    )
