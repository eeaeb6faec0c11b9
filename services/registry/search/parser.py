"""Reads MLflow's filter grammar (comparisons joined by AND), and beyond it OR and parentheses.

filter     := and_filter (OR and_filter)*
and_filter := factor (AND factor)*
factor     := '(' filter ')' | comparison
comparison := name operator value | name [NOT] IN '(' string (',' string)* ')' | name IS [NOT] NULL
order      := name [ASC | DESC]
"""

from __future__ import annotations

import ast
from dataclasses import replace

from services.contracts.errors import Invalid
from services.registry.search import words
from services.registry.search.entities import Entity
from services.registry.search.lexer import Kind, Token, tokens
from services.registry.search.syntax import EVERYTHING, UNLIKE, And, Comparison, Node, Operator, Or, Order

MAX_DEPTH = 50
"""Parentheses within parentheses; deeper ones are refused before they exhaust the stack."""


def parse_filter(text: str, entity: Entity, *, unlike: bool = False) -> Node:
    """The filter that `text` states about `entity`; an empty text lets everything pass. `unlike`: it may say NOT LIKE.

    Raises Invalid, saying what isn't understood, unknown or not comparable that way.
    """
    if not text:
        return EVERYTHING
    return _Parser(text, entity, unlike=unlike).whole_filter()


def parse_order(text: str, entity: Entity) -> Order:
    """One order clause, such as ``metrics.`val loss` DESC``. Raises Invalid."""
    return _Parser(text, entity).whole_order()


class _Parser:
    def __init__(self, text: str, entity: Entity, *, unlike: bool = False) -> None:
        self._text = text
        self._entity = entity
        self._unlike = unlike
        self._tokens = list(tokens(text))
        self._next = 0
        self._depth = 0

    def whole_filter(self) -> Node:
        node = self._filter()
        if self._peek().kind is not Kind.END:
            raise self._unexpected("AND, OR or the end" if self._entity.alternatives else "AND or the end")
        return node

    def whole_order(self) -> Order:
        try:
            name = self._take(Kind.NAME)
            ascending = True
            if self._peek().is_word("ASC", "DESC"):
                ascending = self._advance().is_word("ASC")
            if self._peek().kind is not Kind.END:
                raise self._unexpected("ASC, DESC or the end")
        except Invalid as error:
            message = self._entity.words.direction if len(self._tokens) == 3 else words.Words().direction
            raise Invalid(message.format(text=self._text), field="order_by") from error
        return Order(self._entity.order_field(name.text), ascending)

    # ------------------------------------------------------------ grammar

    def _filter(self) -> Node:
        parts = [self._and_filter()]
        while self._entity.alternatives and self._peek().is_word("OR"):
            self._advance()
            parts.append(self._and_filter())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _and_filter(self) -> Node:
        parts = [self._factor()]
        while self._peek().is_word("AND"):
            self._advance()
            parts.append(self._factor())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _factor(self) -> Node:
        if self._peek().kind is not Kind.OPEN or not self._entity.alternatives:
            return self._comparison()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Invalid(f"the filter nests more than {MAX_DEPTH} parentheses", field="filter")
        self._advance()
        node = self._filter()
        self._take(Kind.CLOSE)
        self._depth -= 1
        return node

    def _comparison(self) -> Comparison:
        if self._peek().is_word("NOT", "AND", "OR"):
            raise self._unexpected("a key")
        name = self._take(Kind.NAME).text
        operator = self._operator(name)
        if operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
            return self._entity.checked(Comparison(self._entity.filter_field(name), operator, None))
        if self._peek().kind is Kind.OPEN:
            return self._entity.checked(Comparison(self._entity.filter_field(name), operator, self._list()))
        if operator in (Operator.IN, Operator.NOT_IN):
            raise self._unexpected("a list of quoted strings in parentheses")
        token = self._advance()
        if token.kind not in (Kind.STRING, Kind.NUMBER, Kind.NAME) or token.is_word("TRUE", "FALSE", "NULL"):
            raise self._unexpected("a value", token)
        field = self._entity.filter_field(name)
        plain = next((like for like, unlike in UNLIKE.items() if unlike is operator), operator)
        checked = self._entity.checked(Comparison(field, plain, self._entity.value(field, token)))
        return replace(checked, operator=operator)

    def _operator(self, name: str) -> Operator:
        token = self._advance()
        if token.kind is Kind.OPERATOR:
            try:
                return Operator(token.text)
            except ValueError:
                raise self._entity.incomparable(self._entity.filter_field(name), token.text) from None
        if token.is_word("LIKE", "ILIKE", "IN"):
            return Operator(token.text.upper())
        if token.is_word("NOT") and self._peek().is_word("IN"):
            self._advance()
            return Operator.NOT_IN
        if token.is_word("NOT") and self._peek().is_word("LIKE", "ILIKE"):
            operator = f"NOT {self._advance().text.upper()}"
            if self._unlike:
                return Operator(operator)
            raise self._entity.incomparable(self._entity.filter_field(name), operator)
        if token.is_word("IS"):
            if self._peek().is_word("NULL"):
                self._advance()
                return Operator.IS_NULL
            if self._peek().is_word("NOT"):
                self._advance()
                if self._peek().is_word("NULL"):
                    self._advance()
                    return Operator.IS_NOT_NULL
        raise self._unexpected("a comparison operator", token)

    def _list(self) -> tuple[str, ...]:
        self._take(Kind.OPEN)
        values: list[str] = []
        while self._peek().kind is not Kind.CLOSE:
            token = self._advance()
            if token.kind is Kind.NUMBER:
                raise Invalid(words.MIXED_LIST.format(found=token.text), field="filter")
            if token.kind is Kind.COMMA:
                raise Invalid(words.ILL_FORMED_LIST, field="filter")
            if token.kind not in (Kind.STRING, Kind.NAME) or token.text[0] not in "'\"":
                raise self._unexpected("a quoted string", token)
            values.append(_literal(token))
            if self._peek().kind is Kind.COMMA:
                self._advance()
            elif self._peek().kind is not Kind.CLOSE:
                raise self._unexpected("a comma or )")
        self._take(Kind.CLOSE)
        if not values:
            raise Invalid(words.EMPTY_LIST, field="filter")
        return tuple(values)

    # ------------------------------------------------------------ tokens

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _advance(self) -> Token:
        token = self._tokens[self._next]
        if token.kind is not Kind.END:
            self._next += 1
        return token

    def _take(self, kind: Kind) -> Token:
        if self._peek().kind is not kind:
            raise self._unexpected({Kind.NAME: "a key", Kind.CLOSE: ")", Kind.OPEN: "("}.get(kind, kind.value))
        return self._advance()

    def _unexpected(self, wanted: str, token: Token | None = None) -> Invalid:
        token = token or self._peek()
        found = "the end" if token.kind is Kind.END else f"'{token.text}'"
        message = self._entity.words.clause.format(
            found=found, position=token.position + 1, text=self._text, wanted=wanted
        )
        fix = "Write comparisons such as metrics.auc > 0.9 AND params.depth = '3'."
        return Invalid(message, field="filter", fix=fix)


def _literal(token: Token) -> str:
    try:
        value = ast.literal_eval(token.text)
    except (ValueError, SyntaxError):
        raise Invalid(words.ILL_FORMED_LIST, field="filter") from None
    return str(value)
