"""Documents, parsed, validated and checked against the limits once, then kept: the least recently used gives way."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    specified_rules,
    validate,
)

from services.contracts.errors import LifecycleError, TooLarge
from services.gateway.compiling import Plans
from services.gateway.errors import SYNTAX, VALIDATION, RequestFailed, as_request_error
from services.gateway.limits import Limits, check_counts, check_depth

MOST_ERRORS = 10


@dataclass(slots=True)
class Prepared:
    """A valid document. `costs` holds the cost of operations by the sizes in their variables, `plans` what is compiled,
    `uses` how often it was executed."""

    document: DocumentNode
    operations: dict[str, OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode]
    plans: Plans
    costs: dict[Hashable, int] = field(default_factory=dict)
    uses: int = 0

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to execute. Raises RequestFailed if the name doesn't choose one."""
        if name is None:
            if len(self.operations) == 1:
                return next(iter(self.operations.values()))
            raise RequestFailed(
                [GraphQLError("The document has several operations: give `operationName`.")], VALIDATION
            )
        if name not in self.operations:
            raise RequestFailed([GraphQLError(f"The document has no operation named {name!r}.")], VALIDATION)
        return self.operations[name]


class Documents:
    """The cache: at most `most` documents."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, most: int) -> None:
        self._schema = schema
        self._limits = limits
        self._most = most
        self._prepared: OrderedDict[str, Prepared] = OrderedDict()

    def __len__(self) -> int:
        return len(self._prepared)

    def prepare(self, text: str) -> Prepared:
        """Raises RequestFailed with what is wrong with the document."""
        prepared = self._prepared.get(text)
        if prepared is not None:
            self._prepared.move_to_end(text)
            return prepared
        try:
            prepared = self._checked(text)
        except LifecycleError as error:
            raise RequestFailed([as_request_error(error)], VALIDATION) from error
        self._prepared[text] = prepared
        if len(self._prepared) > self._most:
            self._prepared.popitem(last=False)
        return prepared

    def _checked(self, text: str) -> Prepared:
        document = self._parsed(text)
        check_counts(document, self._limits)
        errors = validate(self._schema, document, specified_rules, max_errors=MOST_ERRORS)
        if errors:
            raise RequestFailed(errors, VALIDATION)
        operations: dict[str, OperationDefinitionNode] = {}
        fragments: dict[str, FragmentDefinitionNode] = {}
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                operations[definition.name.value if definition.name else ""] = definition
            elif isinstance(definition, FragmentDefinitionNode):
                fragments[definition.name.value] = definition
        if not operations:
            raise RequestFailed([GraphQLError("The document has no operation.")], VALIDATION)
        check_depth(document, fragments, self._limits.depth)
        return Prepared(document, operations, fragments, Plans(self._schema, fragments))

    def _parsed(self, text: str) -> DocumentNode:
        if len(text) > self._limits.characters:
            raise TooLarge(
                f"the document has {len(text)} characters; the most is {self._limits.characters}",
                code="DOCUMENT_TOO_LONG",
                fix="Move values into variables, or ask in several requests.",
            )
        try:
            return parse(text, max_lexical_tokens=self._limits.tokens, max_comments=self._limits.tokens)
        except GraphQLError as error:
            raise RequestFailed([error], SYNTAX) from error
