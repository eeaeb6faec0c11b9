"""Who asks, and what each role may do: one table, checked inside the service that owns the thing."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from services.contracts.base import Done, Event, Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.errors import Forbidden
from services.contracts.paging import Page, Paging


class Role(StrEnum):
    """Each role may do all that the one before it may."""

    VIEWER = "viewer"
    CONTRIBUTOR = "contributor"
    REVIEWER = "reviewer"
    ADMIN = "admin"


_RANK = {role: rank for rank, role in enumerate(Role)}


class Principal(Message, frozen=True, kw_only=True):
    """Whoever is behind a request. `via`: `open` (no credentials asked for), `token`, or `service` (one of ours)."""

    user: str
    role: Role
    via: Literal["open", "token", "service"]
    token_id: str | None = None


class Action(StrEnum):
    """What can be asked of the product, as coarse as roles can tell apart."""

    READ = "read"
    RECORD_RUNS = "record_runs"
    MANAGE_MODELS = "manage_models"
    SEND_PREDICTIONS = "send_predictions"
    SET_REFERENCE = "set_reference"
    HANDLE_ALERTS = "handle_alerts"
    MANAGE_WEBHOOKS = "manage_webhooks"
    EDIT_PROJECT = "edit_project"
    WRITE_INSIGHT = "write_insight"
    REQUEST_REVIEW = "request_review"
    DECIDE_REVIEW = "decide_review"
    DEPLOY = "deploy"
    OVERRIDE_GATE = "override_gate"
    MANAGE_TOKENS = "manage_tokens"
    DELETE_FOR_EVER = "delete_for_ever"
    OPERATE = "operate"


LEAST_ROLE: dict[Action, Role] = {
    Action.READ: Role.VIEWER,
    Action.RECORD_RUNS: Role.CONTRIBUTOR,
    Action.MANAGE_MODELS: Role.CONTRIBUTOR,
    Action.SEND_PREDICTIONS: Role.CONTRIBUTOR,
    Action.SET_REFERENCE: Role.CONTRIBUTOR,
    Action.HANDLE_ALERTS: Role.CONTRIBUTOR,
    Action.MANAGE_WEBHOOKS: Role.ADMIN,
    Action.EDIT_PROJECT: Role.CONTRIBUTOR,
    Action.WRITE_INSIGHT: Role.CONTRIBUTOR,
    Action.REQUEST_REVIEW: Role.CONTRIBUTOR,
    Action.DECIDE_REVIEW: Role.REVIEWER,
    Action.DEPLOY: Role.REVIEWER,
    Action.OVERRIDE_GATE: Role.ADMIN,
    Action.MANAGE_TOKENS: Role.ADMIN,
    Action.DELETE_FOR_EVER: Role.ADMIN,
    Action.OPERATE: Role.ADMIN,
}


def may(principal: Principal, action: Action) -> bool:
    return _RANK[principal.role] >= _RANK[LEAST_ROLE[action]]


def require(principal: Principal, action: Action) -> None:
    """Raises `Forbidden`, naming the role that is needed, unless `principal` may do `action`."""
    if not may(principal, action):
        least = LEAST_ROLE[action]
        raise Forbidden(
            f"{principal.user} has the role {principal.role.value}, and {action.value.replace('_', ' ')} "
            f"needs at least {least.value}",
            fix=f"Ask an administrator for a token with the role {least.value}.",
        )


class TokenView(Message, frozen=True, kw_only=True):
    """An API token without its secret."""

    id: str
    user: str
    role: Role
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    note: str = ""


class TokenSecret(Message, frozen=True, kw_only=True):
    """The only time the token itself is shown."""

    token: str
    view: TokenView


class CreateToken(Request[TokenSecret], frozen=True, kw_only=True):
    """A repeat with the same idempotency key makes no other token, and is refused: the secret is told once only."""

    service = "registry"
    name = "token.create"

    user: str
    role: Role
    expires_in_seconds: int | None = None
    note: str = ""
    idempotency_key: str | None = None


class RevokeToken(Request[Done], frozen=True, kw_only=True):
    service = "registry"
    name = "token.revoke"

    id: str
    idempotency_key: str | None = None


class ListTokens(Request[list[TokenView]], frozen=True, kw_only=True):
    service = "registry"
    name = "token.list"


class ListTokensByPage(Request[Page[TokenView]], frozen=True, kw_only=True):
    """Newest first, revoked ones too."""

    service = "registry"
    name = "token.page"

    paging: Paging = Paging()
    where: Condition | None = None
    order: list[Ordering] = []


class FindToken(Request[TokenView | None], frozen=True, kw_only=True):
    """Asked by other services to resolve a caller; `digest` is the keyed hash, never the token."""

    service = "registry"
    name = "token.find"

    digest: str


class TokenCreated(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "token"
    name = "created"
    key = ("token_id",)

    token_id: str
    user: str
    role: Role
    expires_at: datetime | None = None


class TokenRevoked(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "token"
    name = "revoked"
    key = ("token_id",)

    token_id: str
    user: str
