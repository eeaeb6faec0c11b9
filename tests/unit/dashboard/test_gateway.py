"""What the dashboard asks fits the gateway's schema, and what it answers becomes views or typed errors."""

from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

from dashboard.gateway import operations as ask
from dashboard.gateway.answers import decode, decode_errors
from dashboard.gateway.client import GatewayClient
from services.contracts.errors import Forbidden, Internal, Invalid, NotFound, Unauthenticated, Unavailable

ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted((ROOT / "dashboard" / "gateway" / "documents").glob("*.graphql"))


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema((ROOT / "services" / "gateway" / "schema.graphql").read_text())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_an_operation_fits_the_gateways_schema(document: Path, schema: GraphQLSchema) -> None:
    assert validate(schema, parse(document.read_text())) == []


def test_an_answer_becomes_its_view() -> None:
    viewer = decode(
        ask.VIEWER, b'{"data": {"viewer": {"user": "anna", "role": "admin", "authenticated": true, "x": 1}}}'
    )
    assert (viewer.user, viewer.authenticated) == ("anna", True)


@pytest.mark.parametrize(
    ("extensions", "kind"),
    [
        ({"code": "UNAUTHENTICATED"}, Unauthenticated),
        ({"code": "FORBIDDEN"}, Forbidden),
        ({"code": "NOT_FOUND"}, NotFound),
        ({"code": "UNAVAILABLE"}, Unavailable),
        ({"code": "BAD_USER_INPUT", "kind": "invalid", "field": "filter"}, Invalid),
        ({"code": "SOMETHING_NEWER"}, Internal),
    ],
)
def test_an_error_keeps_its_kind(extensions: dict[str, str], kind: type[Exception]) -> None:
    body = msgspec.json.encode({"data": None, "errors": [{"message": "no", "extensions": extensions}]})
    with pytest.raises(kind):
        decode(ask.VIEWER, body)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]"])
def test_what_is_no_answer_counts_as_unavailable(body: bytes) -> None:
    with pytest.raises(Unavailable):
        decode(ask.VIEWER, body)


def test_an_answer_to_another_question_is_a_bug() -> None:
    with pytest.raises(Internal):
        decode(ask.VIEWER, b'{"data": {"models": []}}')


def test_a_subscriptions_error_keeps_its_field() -> None:
    error = decode_errors(b'[{"message": "too old", "extensions": {"code": "BAD_USER_INPUT", "field": "after"}}]')
    assert error.field == "after"


async def test_a_list_that_is_wanted_whole_is_asked_for_page_by_page() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        variables = msgspec.json.decode(request.content)["variables"]
        asked.append((variables["model"], variables["after"]))
        node = {"environment": "production", "model": f"m{len(asked)}"}
        page_info = {"hasNextPage": len(asked) < 3, "endCursor": f"c{len(asked)}"}
        return httpx.Response(200, json={"data": {"deployedModels": {"nodes": [node], "pageInfo": page_info}}})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        found = await GatewayClient(http, "http://gateway/graphql").ask(ask.DEPLOYMENTS, "", model="flights")
    assert [one.model for one in found] == ["m1", "m2", "m3"]
    assert asked == [("flights", None), ("flights", "c1"), ("flights", "c2")]


async def test_a_connection_that_was_lost_a_moment_ago_is_a_gateway_that_cant_be_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def lost(*_: Any) -> httpx.Response:
        raise AttributeError("'NoneType' object has no attribute 'getpeername'")

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", lost)
    async with GatewayClient.open("http://127.0.0.1:9") as gateway:
        with pytest.raises(Unavailable, match="can't be reached"):
            await gateway.ask(ask.VIEWER, "")
        assert await gateway.not_ready() == ""
