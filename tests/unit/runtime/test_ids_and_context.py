"""Ids sort by time, subjects hold any text, and the context survives the wire."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.contracts.base import subject_token
from services.contracts.identity import Principal, Role
from services.runtime import context as contexts
from services.runtime.context import Context
from services.runtime.ids import new_id


def test_ids_are_unique_and_each_sorts_after_the_one_before() -> None:
    ids = [new_id() for _ in range(20_000)]
    assert ids == sorted(set(ids))
    assert {len(one) for one in ids} == {32}
    assert {one[12] for one in ids} == {"7"}


@given(st.text())
def test_any_text_becomes_one_nats_token(text: str) -> None:
    token = subject_token(text)
    assert token
    assert not set(token) & set(" .*>\t\r\n\0")
    assert token.isascii()


@given(st.text(), st.text())
def test_different_texts_become_different_tokens(one: str, other: str) -> None:
    assert (subject_token(one) == subject_token(other)) == (one == other)


@given(st.text(min_size=1), st.sampled_from(Role), st.text(min_size=1), st.text())
def test_the_context_survives_the_wire(user: str, role: Role, correlation_id: str, remote: str) -> None:
    sent = Context(Principal(user=user, role=role, via="token", token_id="t"), correlation_id, None, remote, "key")
    headers = contexts.to_headers(sent)
    assert all(value.isascii() and value.isprintable() for value in headers.values())
    assert contexts.from_headers(headers) == sent


def test_a_log_line_says_in_whose_context_it_was_written() -> None:
    anna = Context(Principal(user="anna", role=Role.VIEWER, via="open"), "chain")
    with contexts.using(anna):
        assert contexts.told_in_logs(None, "info", {"event": "e"}) == {
            "event": "e",
            "correlation_id": "chain",
            "user": "anna",
        }
        assert contexts.told_in_logs(None, "info", {"user": "stated"})["user"] == "stated"
    assert contexts.told_in_logs(None, "info", {"event": "e"}) == {"event": "e"}
