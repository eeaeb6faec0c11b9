"""What an error becomes on its way out."""

from __future__ import annotations

import pytest
from graphql import GraphQLError, GraphQLSyntaxError, Source
from structlog.testing import capture_logs

from services.contracts.errors import MANNERS, LifecycleError
from services.gateway.errors import VALIDATION, RequestFailed, as_request_error, formatted


@pytest.mark.parametrize("kind", [kind for kind in MANNERS if kind != "internal"])
def test_every_kind_of_expected_error_has_its_code_and_status(kind: str) -> None:
    error = MANNERS[kind].error("words", code="SPECIFIC", field="name", fix="do this")
    entry = formatted(as_request_error(error))
    assert entry["message"] == "words"
    assert entry["extensions"] == {
        "code": MANNERS[kind].graphql_code,
        "reason": "SPECIFIC",
        "kind": kind,
        "field": "name",
        "fix": "do this",
        "retryable": MANNERS[kind].error.retryable,
    }
    assert RequestFailed.because(error).status == MANNERS[kind].http_status


def test_a_bug_is_logged_and_shows_nothing() -> None:
    bug = GraphQLError("secret", original_error=GraphQLError("more", original_error=ValueError("password")))
    with capture_logs() as logs:
        entry = formatted(bug)
    assert entry["message"] == "an unexpected error happened; it has been logged"
    assert entry["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "secret" not in str(entry)
    assert "password" not in str(entry)
    assert isinstance(logs[0]["exc_info"], ValueError)


def test_an_error_without_a_cause_is_a_bug_unless_the_language_found_it() -> None:
    with capture_logs() as logs:
        assert formatted(GraphQLError("what"))["extensions"]["kind"] == "internal"
    assert logs
    assert formatted(GraphQLError("what"), VALIDATION)["extensions"]["code"] == VALIDATION
    syntax = GraphQLSyntaxError(Source("{"), 0, "Expected Name")
    assert formatted(syntax, VALIDATION)["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"


def test_an_expected_error_is_found_below_others() -> None:
    inner = MANNERS["not_found"].error("gone")
    entry = formatted(GraphQLError("outer", original_error=GraphQLError("middle", original_error=inner)))
    assert (entry["message"], entry["extensions"]["code"]) == ("gone", "NOT_FOUND")
    assert isinstance(inner, LifecycleError)
