"""What a list is asked for: conditions on its items' fields, joined at will, and an order."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal

from services.contracts.base import Message

MOST_CONDITIONS = 50
"""Comparisons of one filter."""

Operator = Literal["eq", "ne", "gt", "ge", "lt", "le", "like", "ilike", "in"]


class Condition(Message, frozen=True, kw_only=True):
    """A comparison of `field` with what is given of `text`, `texts`, `number`, `time` and `flag`; or, without a field,
    that each of `all` and, if there are any, one of `any` hold.

    `negated`: it doesn't hold. A comparison, also a negated one, is only about items that have what is compared.
    `key` names a tag or a metric. In `like` and `ilike`, `%` stands for any text and `_` for a character.
    """

    all: list[Condition] = []
    any: list[Condition] = []
    negated: bool = False
    field: str = ""
    key: str = ""
    operator: Operator = "eq"
    text: str | None = None
    texts: list[str] = []
    number: float | None = None
    time: datetime | None = None
    flag: bool | None = None


class Ordering(Message, frozen=True, kw_only=True):
    """What is equal in it is in the list's own order. `key` names a metric, where that is what `by` says."""

    by: str
    key: str = ""
    descending: bool = False


def like_pattern(text: str) -> str:
    """A regular expression for an SQL LIKE pattern: `%` is any text, `_` any one character."""
    body = "".join({"%": ".*", "_": "."}.get(character) or re.escape(character) for character in text)
    return rf"\A{body}\Z"
