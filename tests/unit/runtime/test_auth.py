"""Who somebody is, from what they send."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from services.contracts.errors import Forbidden, Unauthenticated
from services.contracts.identity import LEAST_ROLE, Action, Principal, Role, TokenView, may, require
from services.runtime import auth
from services.runtime.auth import Authenticator, digest_of, new_token

SECRET = "s" * 32
NOW = datetime.now(UTC)


class Tokens:
    """A directory with one token, counting how often it is asked."""

    def __init__(self, view: TokenView | None) -> None:
        self.token = new_token()
        self.view = view
        self.asked = 0

    async def find(self, digest: str) -> TokenView | None:
        self.asked += 1
        return self.view if digest == digest_of(self.token, SECRET) else None


def of_anna(**changes: object) -> TokenView:
    values = {"id": "t1", "user": "anna", "role": Role.CONTRIBUTOR, "created_at": NOW, **changes}
    return TokenView(**values)  # type: ignore[arg-type]


def basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_a_token_holds_256_random_bits_and_its_hash_needs_the_key() -> None:
    token = new_token()
    assert len(base64.urlsafe_b64decode(token.removeprefix(auth.TOKEN_PREFIX) + "=")) == 32
    assert digest_of(token, SECRET) != digest_of(token, "other")
    assert token not in digest_of(token, SECRET)


async def test_bearer_token_and_basic_password_name_the_same_person() -> None:
    tokens = Tokens(of_anna())
    authenticator = Authenticator("token", SECRET, tokens.find)
    anna = Principal(user="anna", role=Role.CONTRIBUTOR, via="token", token_id="t1")
    assert await authenticator.resolve({"authorization": f"Bearer {tokens.token}"}) == anna
    assert await authenticator.resolve(basic("whoever", tokens.token)) == anna


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Bearer "}, {"authorization": "Basic !!!"}, {"authorization": "Bearer lct_wrong"}],
)
async def test_without_a_known_token_nobody_comes_in(headers: dict[str, str]) -> None:
    with pytest.raises(Unauthenticated) as caught:
        await Authenticator("token", SECRET, Tokens(of_anna()).find).resolve(headers)
    assert caught.value.fix


@pytest.mark.parametrize("change", [{"revoked_at": NOW}, {"expires_at": NOW - timedelta(seconds=1)}])
async def test_a_revoked_or_expired_token_is_refused(change: dict[str, datetime]) -> None:
    tokens = Tokens(of_anna(**change))
    with pytest.raises(Unauthenticated):
        await Authenticator("token", SECRET, tokens.find).resolve({"authorization": f"Bearer {tokens.token}"})


async def test_a_revocation_is_seen_when_the_cache_has_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(auth.time, "monotonic", lambda: clock[0])
    tokens = Tokens(of_anna())
    authenticator = Authenticator("token", SECRET, tokens.find)
    headers = {"authorization": f"Bearer {tokens.token}"}
    await authenticator.resolve(headers)
    await authenticator.resolve(headers)
    assert tokens.asked == 1
    tokens.view = of_anna(revoked_at=NOW)
    clock[0] += auth.CACHE_SECONDS
    with pytest.raises(Unauthenticated):
        await authenticator.resolve(headers)


@pytest.mark.parametrize(
    ("headers", "user"),
    [(basic("anna", ""), "anna"), ({"x-lifecycle-user": "ben"}, "ben"), ({}, "anonymous")],
)
async def test_an_open_stack_takes_people_by_the_name_they_give(headers: dict[str, str], user: str) -> None:
    principal = await Authenticator("open", "", Tokens(None).find).resolve(headers)
    assert (principal.user, principal.via) == (user, "open")


def test_every_action_has_a_role_and_roles_only_gain_rights() -> None:
    assert set(LEAST_ROLE) == set(Action)
    for action in Action:
        allowed = [may(Principal(user="u", role=role, via="token"), action) for role in Role]
        assert allowed == sorted(allowed)


def test_what_is_forbidden_names_the_role_it_needs() -> None:
    viewer = Principal(user="vera", role=Role.VIEWER, via="token")
    with pytest.raises(Forbidden, match="reviewer"):
        require(viewer, Action.DECIDE_REVIEW)
