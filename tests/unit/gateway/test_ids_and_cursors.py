"""Opaque texts: what goes in comes out, and nothing else is taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.errors import Invalid
from services.gateway.ids import global_id, parsed
from services.gateway.subscriptions.cursors import Cursor

KEYS = st.lists(st.text(), min_size=1, max_size=3)


@given(KEYS)
def test_a_global_id_holds_any_key(key: list[str]) -> None:
    assert parsed(global_id("Model", *key)) == ("Model", tuple(key))


@given(KEYS, KEYS)
def test_different_objects_have_different_ids(one: list[str], other: list[str]) -> None:
    assert (global_id("Model", *one) == global_id("Model", *other)) == (one == other)


@given(st.integers(min_value=0, max_value=2**63), st.text())
def test_a_cursor_holds_any_place(sequence: int, event_id: str) -> None:
    assert Cursor.parse(str(Cursor(sequence, event_id))) == Cursor(sequence, event_id)


@pytest.mark.parametrize("text", ["", "a", "Mw", "äöü", "=" * 8, "ZXZlbnRzOg", "ZXZlbnRzOi01", "x" * 10_000])
def test_cursors_of_others_are_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        Cursor.parse(text)
    assert refused.value.fix


@pytest.mark.parametrize("text", ["", "a", "Mw", "äöü", "=" * 8, "x" * 10_000])
def test_ids_of_others_are_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parsed(text)
    assert refused.value.fix
