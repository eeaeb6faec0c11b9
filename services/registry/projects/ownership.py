"""Which project a thing belongs to: by assignment, else by the most specific pattern, else the default project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

import msgspec

from services.contracts.projects import Pattern, Thing
from services.registry.projects.rules import DEFAULT_ID


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What a project that isn't archived says it owns. `created` decides between equally specific patterns."""

    project: str
    created: int
    patterns: list[Pattern]


def owner(thing: Thing, name: str, assigned: Mapping[Thing, str], claims: Iterable[Claim]) -> str:
    """The id of the project that owns `thing`, called `name` (an experiment's id isn't its name)."""
    project = assigned.get(thing)
    if project is not None:
        return project
    best = min(
        (
            (-specific(pattern.glob), claim.created, claim.project)
            for claim in claims
            for pattern in claim.patterns
            if pattern.kind == thing.kind and fnmatchcase(name, pattern.glob)
        ),
        default=None,
    )
    return DEFAULT_ID if best is None else best[2]


def matching(patterns: Iterable[Pattern], names: Mapping[Thing, str]) -> list[Thing]:
    """The things that any of the patterns names, in the order of `names`."""
    wanted = list(patterns)
    return [
        thing
        for thing, name in names.items()
        if any(pattern.kind == thing.kind and fnmatchcase(name, pattern.glob) for pattern in wanted)
    ]


def specific(glob: str) -> int:
    """How many characters of a pattern stand for themselves."""
    return sum(character not in "*?[]" for character in glob)
