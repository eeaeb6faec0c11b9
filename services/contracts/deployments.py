"""Deployments: which version runs in which environment, since when, and who allowed it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.contracts.base import Event, Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.paging import Page, Paging
from services.contracts.written import Written

MissingRule = Literal["REVIEW_NOT_APPROVED", "GATES_NOT_PASSED"]


class VersionDeployed(Event, frozen=True, kw_only=True):
    """A real deployer acts on this. `overridden` names the rules that weren't met, `override_reason` why it went out
    nevertheless. `alias` is the one that follows what runs here, empty if none does."""

    service = "registry"
    aggregate = "deployment"
    name = "deployed"
    key = ("environment", "model_name")

    environment: str
    model_name: str
    version: str
    former_version: str | None = None
    digest: str
    note: str = ""
    overridden: list[MissingRule] = []
    override_reason: str = ""
    alias: str = ""
    approved_by: list[str] = []
    by: str


class VersionRolledBack(Event, frozen=True, kw_only=True):
    """`version`, which ran here before, runs again instead of `from_version`."""

    service = "registry"
    aggregate = "deployment"
    name = "rolled_back"
    key = ("environment", "model_name")

    environment: str
    model_name: str
    version: str
    from_version: str
    digest: str
    reason: str
    alias: str = ""
    by: str


class VersionRetired(Event, frozen=True, kw_only=True):
    """Nothing of this model runs in the environment any more."""

    service = "registry"
    aggregate = "deployment"
    name = "retired"
    key = ("environment", "model_name")

    environment: str
    model_name: str
    version: str
    reason: str
    alias: str = ""
    by: str


class DeploymentRenamed(Event, frozen=True, kw_only=True):
    """The model has another name; what runs here (`version`, empty if nothing does) came along from `former_name`."""

    service = "registry"
    aggregate = "deployment"
    name = "renamed"
    key = ("environment", "model_name")

    environment: str
    model_name: str
    former_name: str
    version: str
    alias: str = ""


class EnvironmentSet(Event, frozen=True, kw_only=True):
    """What an environment asks for from now on; what runs there stays."""

    service = "registry"
    aggregate = "environment"
    name = "set"
    key = ("environment",)

    environment: str
    description: str
    needs_approval: bool
    needs_gates: bool
    alias: str
    by: str


class EnvironmentView(Message, frozen=True, kw_only=True):
    """`alias` follows the version that runs here, in each model; empty if none does."""

    name: str
    description: str
    needs_approval: bool
    needs_gates: bool
    alias: str
    revision: int


class StayView(Message, frozen=True, kw_only=True):
    """One version's time in an environment. `how`: deployed or rolled back to. `overridden` shows for ever."""

    version: str
    digest: str
    how: Literal["deployed", "rolled_back"]
    start: datetime
    end: datetime | None
    by: str
    note: str
    overridden: list[MissingRule] = []
    override_reason: str = ""
    approved_by: list[str] = []


class DeploymentView(Message, frozen=True, kw_only=True):
    """`current` runs now (None: nothing does); `history` is newest first. `alias` follows what runs."""

    environment: str
    model_name: str
    current: StayView | None
    history: list[StayView]
    revision: int
    alias: str = ""


class RanView(Message, frozen=True, kw_only=True):
    environment: str
    model_name: str
    stay: StayView


class StandingView(Message, frozen=True, kw_only=True):
    """Whether a version may go to an environment now, and what is missing if not. `runs_here`: it does already."""

    environment: str
    model_name: str
    version: str
    digest: str
    approved: bool
    gates_passed: bool
    missing: list[MissingRule]
    runs_here: bool


class DeployVersion(Request[Written], frozen=True, kw_only=True):
    """Refused unless an approval and the gates hold for the version's content. An administrator may override that with
    a reason. `expected`: the deployment's revision that was seen, 0 if nothing ever ran there."""

    service = "registry"
    name = "deployment.deploy"

    environment: str
    model_name: str
    version: str
    note: str = ""
    override_reason: str | None = None
    expected: int | None = None
    idempotency_key: str | None = None


class RollBack(Request[Written], frozen=True, kw_only=True):
    """To the version that ran before, or to the given one that ran here earlier."""

    service = "registry"
    name = "deployment.roll_back"

    environment: str
    model_name: str
    reason: str
    to_version: str | None = None
    expected: int | None = None
    idempotency_key: str | None = None


class RetireVersion(Request[Written], frozen=True, kw_only=True):
    service = "registry"
    name = "deployment.retire"

    environment: str
    model_name: str
    reason: str
    idempotency_key: str | None = None


class ListDeployments(Request[list[DeploymentView]], frozen=True, kw_only=True):
    """By environment and model. With `as_of`, what ran and had run by then, and only where anything had."""

    service = "registry"
    name = "deployment.list"

    environment: str | None = None
    model_name: str | None = None
    as_of: datetime | None = None


class ListDeploymentsByPage(Request[Page[DeploymentView]], frozen=True, kw_only=True):
    """By environment and model, each with its newest stays. With `as_of`, what ran and had run by then, and only where
    anything had; no filter and no order then."""

    service = "registry"
    name = "deployment.page"

    paging: Paging = Paging()
    environment: str | None = None
    model_name: str | None = None
    as_of: datetime | None = None
    where: Condition | None = None
    order: list[Ordering] = []


class GetStandings(Request[list[StandingView]], frozen=True, kw_only=True):
    """Of a version, one entry for each environment."""

    service = "registry"
    name = "deployment.standings"

    model_name: str
    version: str


class ListRan(Request[list[RanView]], frozen=True, kw_only=True):
    """What ran where between `start` and `end` (both included); newest first, at most 1,000."""

    service = "registry"
    name = "deployment.ran"

    start: datetime
    end: datetime | None = None
    environment: str | None = None
    model_name: str | None = None


class SetEnvironment(Request[Written], frozen=True, kw_only=True):
    """A new environment, or new conditions of one. `expected`: the revision that was seen, 0 for a new one."""

    service = "registry"
    name = "environment.set"

    environment: str
    description: str = ""
    needs_approval: bool = True
    needs_gates: bool = True
    alias: str = ""
    expected: int | None = None
    idempotency_key: str | None = None


class ListEnvironments(Request[list[EnvironmentView]], frozen=True, kw_only=True):
    """By name; `production` and `staging` are there from the start."""

    service = "registry"
    name = "environment.list"
