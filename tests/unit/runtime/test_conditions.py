"""Conditions on lists as MongoDB's queries: negation reaches the comparisons, and what isn't there fails them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from services.contracts.conditions import MOST_CONDITIONS, Condition, Ordering
from services.contracts.errors import Invalid
from services.runtime.conditions import Field, Fields, keys, query

FIELDS: Fields = {
    "name": Field("_id"),
    "size": Field("size", "number", orders=False),
    "made": Field("created", "milliseconds"),
    "seen": Field("time", "time"),
    "sealed": Field("sealed", "flag"),
    "profiled": Field("profiled", "presence"),
    "authors": Field("authors", "texts"),
    "tags": Field("tags", "tags"),
}
SECOND = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
NAME = Condition(field="name", text="a")


def no(condition: Condition) -> Condition:
    return Condition(all=[condition], negated=True)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (NAME, {"_id": {"$eq": "a"}}),
        (Condition(field="name", operator="ne", text="a"), {"_id": {"$nin": ["a", None]}}),
        (Condition(field="name", operator="in", texts=["a", "b"]), {"_id": {"$in": ["a", "b"]}}),
        (Condition(field="name", text="a", negated=True), {"_id": {"$nin": ["a", None]}}),
        (Condition(field="size", operator="gt", number=2), {"size": {"$gt": 2}}),
        (Condition(field="size", operator="gt", number=2, negated=True), {"size": {"$lte": 2}}),
        (Condition(field="made", operator="ge", time=SECOND), {"created": {"$gte": 1000}}),
        (Condition(field="seen", operator="lt", time=SECOND), {"time": {"$lt": SECOND}}),
        (Condition(field="sealed", flag=True), {"sealed": {"$eq": True}}),
        (Condition(field="profiled", flag=True), {"profiled": {"$ne": None}}),
        (Condition(field="profiled", flag=True, negated=True), {"profiled": None}),
        (Condition(field="authors", text="a"), {"authors": {"$elemMatch": {"$eq": "a"}}}),
        (Condition(field="authors", text="a", negated=True), {"authors": {"$nin": ["a", None]}}),
        (Condition(field="tags", key="k", text="v"), {"tags": {"$elemMatch": {"k": "k", "v": {"$eq": "v"}}}}),
        (Condition(any=[NAME, NAME]), {"$and": [{"$or": [{"_id": {"$eq": "a"}}, {"_id": {"$eq": "a"}}]}]}),
        (no(Condition(all=[NAME])), {"$or": [{"$or": [{"_id": {"$nin": ["a", None]}}]}]}),
        (no(no(NAME)), {"$and": [{"$and": [{"_id": {"$eq": "a"}}]}]}),
    ],
)  # fmt: skip
def test_a_condition_becomes_a_query(condition: Condition, expected: object) -> None:
    if condition == no(no(NAME)):
        expected = {"$or": [{"$and": [{"_id": {"$eq": "a"}}]}]}
    assert query(condition, FIELDS) == expected


def test_patterns_are_texts_but_for_percent_and_underscore() -> None:
    found = query(Condition(field="name", operator="ilike", text="a.%"), FIELDS)
    assert found["_id"]["$regex"] == re.compile(r"\Aa\..*\Z", re.DOTALL | re.IGNORECASE)
    negated = query(Condition(field="name", operator="like", text="a_", negated=True), FIELDS)
    assert negated["_id"] == {"$not": re.compile(r"\Aa.\Z", re.DOTALL), "$ne": None}


def test_nothing_asked_is_everything() -> None:
    assert query(None, FIELDS) == {}
    assert keys([], FIELDS, [("_id", 1)]) == [("_id", 1)]


@pytest.mark.parametrize(
    "condition",
    [
        Condition(),
        Condition(field="colour", text="red"),
        Condition(field="name", number=1),
        Condition(field="name", operator="in"),
        Condition(field="size", text="1"),
        Condition(field="size", operator="like", number=1),
        Condition(field="made", operator="ge", time=SECOND.replace(tzinfo=None)),
        Condition(any=[NAME] * (MOST_CONDITIONS + 1)),
    ],
    ids=["empty", "unknown", "number for text", "empty list", "text for number", "like", "no zone", "too many"],
)  # fmt: skip
def test_what_does_not_fit_is_refused(condition: Condition) -> None:
    with pytest.raises(Invalid):
        query(condition, FIELDS)


def test_an_order_is_followed_by_the_lists_own() -> None:
    order = [Ordering(by="made", descending=True)]
    assert keys(order, FIELDS, [("name", 1), ("created", 1), ("_id", 1)]) == [("created", -1), ("name", 1), ("_id", 1)]
    for by in ("size", "tags", "authors", "profiled", "colour"):
        with pytest.raises(Invalid):
            keys([Ordering(by=by)], FIELDS, [("_id", 1)])
