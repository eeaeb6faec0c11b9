"""Owners and boards are read so that nobody can take a thing over unnoticed in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from services.contracts.projects import Pattern, Thing
from services.registry.projects.owners import Owners
from services.registry.projects.ownership import Claim
from services.registry.projects.rules import DEFAULT_ID
from services.runtime.context import Context, service_context

MODEL = Thing(kind="model", id="late-1")


class TakenMeanwhile:
    """A store in which another project claims the model while the boards are read for the first time."""

    def __init__(self) -> None:
        self._claims: list[Claim] = []
        self.read: list[set[str]] = []

    async def assigned(self, things: Sequence[Thing]) -> Mapping[Thing, str]:
        return {}

    async def claims(self) -> list[Claim]:
        return list(self._claims)

    async def get_many(self, ids: Sequence[str]) -> dict[str, Any]:
        self.read.append(set(ids))
        self._claims = [Claim(project="new", created=1, patterns=[Pattern(kind="model", glob="late-*")])]
        return {key: f"board of {key}" for key in ids}


class Named:
    async def names(self, context: Context, things: Sequence[Thing]) -> Mapping[Thing, str]:
        return {thing: thing.id for thing in things}


async def test_a_board_is_read_again_for_whoever_took_the_thing_over_meanwhile() -> None:
    store = TakenMeanwhile()
    owners = Owners(cast(Any, store), cast(Any, Named()))

    found, boards = await owners.boards(service_context("test"), [MODEL, MODEL])

    assert found == {MODEL: "new"}
    assert list(boards) == ["new"]
    assert store.read == [{DEFAULT_ID}, {"new"}]
