"""What runs where, since when, and who allowed it."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from enum import Enum

import strawberry
from strawberry import enum_value

from services.contracts import deployments as contracts
from services.contracts.registry import VersionView
from services.gateway.operation import Info
from services.gateway.types.about import AboutVersion, LazyVersion
from services.gateway.types.fields import viewed
from services.gateway.types.limits import KEY, Size
from services.gateway.types.node import reads


@strawberry.enum(description="What keeps a version from an environment.")
class MissingRule(Enum):
    REVIEW_NOT_APPROVED = enum_value("REVIEW_NOT_APPROVED", description="Its content isn't approved.")
    GATES_NOT_PASSED = enum_value("GATES_NOT_PASSED", description="Its content hasn't passed the gates.")


@strawberry.enum(description="How a version came into an environment.")
class DeployedBy(Enum):
    DEPLOYED = enum_value("deployed", description="It was deployed.")
    ROLLED_BACK = enum_value("rolled_back", description="Somebody went back to it.")


@strawberry.type(description="A place where models run.")
class Environment:
    is_type_of = reads(contracts.EnvironmentView)

    name: str = strawberry.field(description="Its name, such as `production`.")
    description: str = strawberry.field(description="What it is.")
    needs_approval: bool = strawberry.field(description="Whether a version needs an approval to go there.")
    needs_gates: bool = strawberry.field(description="Whether it must pass the gates.")
    alias: str = strawberry.field(
        description="The alias that follows what runs here, in each model; empty if none does."
    )
    revision: int = strawberry.field(description="Counts its changes: the one to name as `expected` when setting it.")


@strawberry.type(description="One version's time in an environment.")
class Stay:
    is_type_of = reads(contracts.StayView)

    version: str = strawberry.field(description="The version's number.")
    digest: str = strawberry.field(description="Of its content.")
    how: DeployedBy = strawberry.field(description="How it came there.")
    start: datetime = strawberry.field(description="Since when.")
    end: datetime | None = strawberry.field(description="Until when; null if it is there.")
    by: str = strawberry.field(description="Who did it.")
    approved_by: list[str] = strawberry.field(description="Who had approved its content.")
    note: str = strawberry.field(description="What they said.")
    overridden: list[MissingRule] = strawberry.field(description="The rules that weren't met.")
    override_reason: str = strawberry.field(description="Why it went out nevertheless.")


def _running(
    parent: strawberry.Parent[contracts.DeploymentView], info: Info
) -> VersionView | Awaitable[VersionView | None] | None:
    if parent.current is None:
        return None
    return info.context.relatives.versions.get((parent.model_name, parent.current.version))


@strawberry.type(description="A model in an environment.")
class Deployment:
    is_type_of = reads(contracts.DeploymentView)

    environment: str = strawberry.field(description="The environment.")
    model_name: str = strawberry.field(name="model", description="The model's name.")
    current: Stay | None = strawberry.field(description="What runs now; null if nothing does.")
    model_version: LazyVersion | None = viewed(
        resolver=_running, size=Size(asks=True), description="The version that runs now; null if nothing does."
    )
    history: list[Stay] = strawberry.field(metadata={KEY: Size(otherwise=10)}, description="What ran, newest first.")
    revision: int = strawberry.field(description="Counts its changes: the one to name as `expected` when deploying.")
    alias: str = strawberry.field(description="The alias that follows what runs; empty if none does.")


@strawberry.type(description="What ran somewhere for a time.")
class Ran:
    is_type_of = reads(contracts.RanView)

    environment: str = strawberry.field(description="The environment.")
    model_name: str = strawberry.field(name="model", description="The model's name.")
    stay: Stay = strawberry.field(description="Which version, and when.")


@strawberry.type(description="Whether a version may go to an environment now.")
class Standing(AboutVersion):
    is_type_of = reads(contracts.StandingView)

    environment: str = strawberry.field(description="The environment.")
    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    digest: str = strawberry.field(description="Of its content.")
    approved: bool = strawberry.field(description="Whether this content is approved.")
    gates_passed: bool = strawberry.field(description="Whether this content has passed the gates.")
    missing: list[MissingRule] = strawberry.field(description="What keeps it from there; empty if nothing does.")
    runs_here: bool = strawberry.field(description="Whether it runs there now.")
