"""Splits a filter or order string into tokens that know where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from services.contracts.errors import Invalid


class Kind(StrEnum):
    NAME = "name"
    STRING = "string"
    NUMBER = "number"
    OPERATOR = "operator"
    OPEN = "("
    CLOSE = ")"
    COMMA = ","
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """`text` as written, quotes included; `position` counts characters from 0."""

    kind: Kind
    text: str
    position: int

    def is_word(self, *words: str) -> bool:
        return self.kind is Kind.NAME and self.text.upper() in words


_QUOTED_NAME = r'`[^`]*`|"[^"]*"'
_TOKENS = re.compile(
    rf"""
      (?P<space>\s+)
    | (?P<number>[+-]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    | (?P<string>'(?:''|\\'|[^'])*')
    | (?P<name>(?:{_QUOTED_NAME}|[^\W\d]\w*)(?:\.(?:{_QUOTED_NAME}|'[^']*'|\w+))*)
    | (?P<operator><=|>=|!=|<>|==|=|<|>)
    | (?P<open>\()
    | (?P<close>\))
    | (?P<comma>,)
    """,
    re.VERBOSE,
)
_KINDS = {
    "number": Kind.NUMBER,
    "string": Kind.STRING,
    "name": Kind.NAME,
    "operator": Kind.OPERATOR,
    "open": Kind.OPEN,
    "close": Kind.CLOSE,
    "comma": Kind.COMMA,
}


def tokens(text: str) -> Iterator[Token]:
    """The tokens of `text`, closed by one of kind END. Raises Invalid, naming the place, at what is none."""
    position = 0
    while position < len(text):
        found = _TOKENS.match(text, position)
        if found is None:
            raise Invalid(
                f"Invalid clause(s) in filter string: {text[position : position + 40]!r} "
                f"at character {position + 1} of {text!r}",
                field="filter",
                fix="Quote strings with single quotes and keys with special characters with backticks.",
            )
        group = found.lastgroup or ""
        if group != "space":
            yield Token(_KINDS[group], found.group(), position)
        position = found.end()
    yield Token(Kind.END, "", position)


def unquoted(text: str) -> str:
    """Without the backticks or double or single quotes around it, if there are any."""
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "`\"'":
        return text[1:-1]
    return text


def is_quoted(text: str, quotes: str) -> bool:
    return len(text) >= 2 and text[0] == text[-1] and text[0] in quotes
