"""Environments: what a version must meet to run there, and the alias that follows it."""

from __future__ import annotations

import re

import msgspec

from services.contracts.deployments import EnvironmentSet, EnvironmentView
from services.contracts.errors import Invalid
from services.registry.deployments.rules import Policy, check_name, short_text, unchanged
from services.registry.values import Aggregate

_ALIAS = re.compile(r"(?!v\d+$)[A-Za-z][A-Za-z0-9_-]{0,99}")
RESERVED_ALIASES = ("latest",)

DEFAULTS = (
    ("production", "What users depend on.", True, True, "champion"),
    ("staging", "Tried before it goes to production.", False, False, "challenger"),
)
"""Environments that are there from the start: name, description, approval, gates, alias."""


class Environment(Aggregate, frozen=True, kw_only=True):
    """`id` is its name. `alias` follows what runs here, in each model."""

    description: str
    needs_approval: bool
    needs_gates: bool
    alias: str = ""

    @property
    def policy(self) -> Policy:
        return Policy(approval=self.needs_approval, gates=self.needs_gates)


def environment_set(
    former: Environment | None,
    *,
    name: str,
    description: str,
    needs_approval: bool,
    needs_gates: bool,
    alias: str,
    expected: int | None,
    who: str,
) -> tuple[Environment, EnvironmentSet] | None:
    """None if nothing would change. Raises Invalid, TooLarge, or Conflict if it isn't as `expected`."""
    check_name(name)
    revision = 0 if former is None else former.v
    unchanged(expected, revision, "the environment")
    if alias and (alias in RESERVED_ALIASES or not _ALIAS.fullmatch(alias)):
        raise Invalid(
            "an alias has letters, digits, - and _, a letter first; `latest` and `v1` mean versions already",
            field="alias",
        )
    event = EnvironmentSet(
        environment=name,
        description=short_text("description", description, empty=True),
        needs_approval=needs_approval,
        needs_gates=needs_gates,
        alias=alias,
        by=who,
    )
    after = Environment(
        id=name,
        v=revision + 1,
        r=1 if former is None else former.r,
        description=event.description,
        needs_approval=needs_approval,
        needs_gates=needs_gates,
        alias=alias,
    )
    if former is not None and msgspec.structs.replace(after, v=former.v) == former:
        return None
    return after, event


def environment_view(environment: Environment) -> EnvironmentView:
    return EnvironmentView(
        name=environment.id,
        description=environment.description,
        needs_approval=environment.needs_approval,
        needs_gates=environment.needs_gates,
        alias=environment.alias,
        revision=environment.v,
    )
