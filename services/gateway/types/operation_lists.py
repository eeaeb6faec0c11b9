"""Filters and orders of what operators look after: tokens, dead letters, silences, webhooks."""

from __future__ import annotations

from enum import Enum

import strawberry
from strawberry import enum_value

from services.gateway.types.alerts import Severity, WebhookState
from services.gateway.types.filters import NumberFilter, TextFilter, TimeFilter
from services.gateway.types.operations import LifecycleWebhookState, Role


@strawberry.input(description="Which tokens: all that is said has to hold.")
class TokenFilter:
    and_: list[TokenFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[TokenFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: TokenFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    user: TextFilter | None = strawberry.field(default=None, description="Whose they are.")
    role: list[Role] | None = strawberry.field(default=None, description="What they may do: one of these.")
    note: TextFilter | None = strawberry.field(default=None, description="What they are for.")
    created_at: TimeFilter | None = strawberry.field(default=None, description="When they were made.")
    expires_at: TimeFilter | None = strawberry.field(default=None, description="When they stop being good.")
    revoked_at: TimeFilter | None = strawberry.field(default=None, description="When they were revoked.")
    revoked: bool | None = strawberry.field(default=None, description="Whether they were revoked.")


@strawberry.enum(description="What tokens are ordered by.")
class TokenOrderBy(Enum):
    USER = enum_value("user", description="Whose they are.")
    CREATED_AT = enum_value("created_at", description="When they were made.")


@strawberry.input(description="The order of tokens.")
class TokenOrder:
    by: TokenOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.input(description="Which dead letters: all that is said has to hold.")
class DeadLetterFilter:
    and_: list[DeadLetterFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[DeadLetterFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: DeadLetterFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    consumer: TextFilter | None = strawberry.field(default=None, description="Who can't handle them.")
    subject: TextFilter | None = strawberry.field(default=None, description="What they were sent as.")
    code: TextFilter | None = strawberry.field(default=None, description="The stable words for what is wrong.")
    error: TextFilter | None = strawberry.field(default=None, description="What is wrong, in words.")
    time: TimeFilter | None = strawberry.field(default=None, description="When they were put aside.")
    decided: bool | None = strawberry.field(default=None, description="Whether somebody has decided about them.")


@strawberry.enum(description="What dead letters are ordered by.")
class DeadLetterOrderBy(Enum):
    TIME = enum_value("time", description="When they were put aside.")
    CONSUMER = enum_value("consumer", description="Who can't handle them.")
    CODE = enum_value("code", description="The stable words for what is wrong.")


@strawberry.input(description="The order of dead letters.")
class DeadLetterOrder:
    by: DeadLetterOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.input(description="Which silences: all that is said has to hold.")
class SilenceFilter:
    and_: list[SilenceFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[SilenceFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: SilenceFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    model: TextFilter | None = strawberry.field(default=None, description="The models that they name.")
    version: TextFilter | None = strawberry.field(default=None, description="The versions that they name.")
    rule: TextFilter | None = strawberry.field(default=None, description="The rules that they name.")
    reason: TextFilter | None = strawberry.field(default=None, description="Why they were set.")
    by: TextFilter | None = strawberry.field(default=None, description="Who set them.")
    start: TimeFilter | None = strawberry.field(default=None, description="When they begin.")
    end: TimeFilter | None = strawberry.field(default=None, description="When they end.")
    ended_by: TextFilter | None = strawberry.field(default=None, description="Who ended them before their time.")


@strawberry.enum(description="What silences are ordered by.")
class SilenceOrderBy(Enum):
    START = enum_value("start", description="When they begin.")
    END = enum_value("end", description="When they end.")
    BY = enum_value("by", description="Who set them.")


@strawberry.input(description="The order of silences.")
class SilenceOrder:
    by: SilenceOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.input(description="Which addresses that alerts are sent to: all that is said has to hold.")
class WebhookFilter:
    and_: list[WebhookFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[WebhookFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: WebhookFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    url: TextFilter | None = strawberry.field(default=None, description="Their addresses.")
    model_name: TextFilter | None = strawberry.field(
        name="model", default=None, description="The models that they are limited to."
    )
    severities: list[Severity] | None = strawberry.field(
        default=None, description="Those limited to severities of which one is among these."
    )
    enabled: bool | None = strawberry.field(default=None, description="Whether they are on.")
    state: list[WebhookState] | None = strawberry.field(default=None, description="How deliveries go: one of these.")
    waiting: NumberFilter | None = strawberry.field(default=None, description="How much isn't accepted yet.")
    created_by: TextFilter | None = strawberry.field(default=None, description="Who set them up.")
    created_at: TimeFilter | None = strawberry.field(default=None, description="When they were set up.")
    delivered_at: TimeFilter | None = strawberry.field(default=None, description="When they last accepted something.")


@strawberry.input(description="Which addresses that events of the lifecycle are sent to: all that is said has to hold.")
class LifecycleWebhookFilter:
    and_: list[LifecycleWebhookFilter] | None = strawberry.field(
        name="and", default=None, description="All of these hold."
    )
    or_: list[LifecycleWebhookFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: LifecycleWebhookFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    url: TextFilter | None = strawberry.field(default=None, description="Their addresses.")
    model_name: TextFilter | None = strawberry.field(
        name="model", default=None, description="The models that they are limited to."
    )
    events: TextFilter | None = strawberry.field(default=None, description="Any of the types that they are limited to.")
    enabled: bool | None = strawberry.field(default=None, description="Whether they are on.")
    state: list[LifecycleWebhookState] | None = strawberry.field(
        default=None, description="How deliveries go: one of these."
    )
    waiting: NumberFilter | None = strawberry.field(default=None, description="How much isn't accepted yet.")
    created_by: TextFilter | None = strawberry.field(default=None, description="Who set them up.")
    created_at: TimeFilter | None = strawberry.field(default=None, description="When they were set up.")
    delivered_at: TimeFilter | None = strawberry.field(default=None, description="When they last accepted something.")


@strawberry.enum(description="What webhooks are ordered by.")
class WebhookOrderBy(Enum):
    URL = enum_value("url", description="Their addresses.")
    CREATED_AT = enum_value("created_at", description="When they were set up.")
    DELIVERED_AT = enum_value("delivered_at", description="When they last accepted something.")
    WAITING = enum_value("waiting", description="How much isn't accepted yet.")


@strawberry.input(description="The order of webhooks.")
class WebhookOrder:
    by: WebhookOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")
