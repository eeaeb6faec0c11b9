"""Cursors hold plain values and moments, and nothing else gets from them to the database."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import msgspec
import pytest

from services.contracts.errors import Invalid
from services.runtime.paging import cursor_of, values_of

NOON = datetime(2026, 11, 22, 12, 0, 0, 123_000, tzinfo=UTC)


def test_a_cursor_gives_back_what_it_was_made_of() -> None:
    values = ["a", 3, 0.5, None, True, NOON]
    assert values_of(cursor_of(values), len(values)) == values


@pytest.mark.parametrize(
    "told",
    [
        [{"$gt": ""}],
        [{"at": "2026-11-22T12:00:00Z", "$ne": 1}],
        [{"at": "noon"}],
        [{"at": 3}],
        [["a"]],
        ["a", "b"],
        {"at": "2026-11-22T12:00:00Z"},
        "a",
        None,
    ],
)
def test_a_cursor_that_was_tampered_with_is_refused(told: object) -> None:
    cursor = base64.urlsafe_b64encode(msgspec.json.encode(told)).decode()
    with pytest.raises(Invalid, match="cursor"):
        values_of(cursor, 1)


@pytest.mark.parametrize("cursor", ["", "x", "%%%", "é", "W10", "AAAA" * 1000])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid, match="cursor"):
        values_of(cursor, 1)
