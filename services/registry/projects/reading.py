"""What every kind of evidence is read with: the facts beside an event, and how things are called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from services.contracts.base import Event
from services.contracts.projects import Proof
from services.contracts.registry import RunView
from services.registry.projects.rules import Found


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule may look up besides its event: the runs that the events of a batch name, by id."""

    runs: Mapping[str, RunView] = {}


class Rule(msgspec.Struct, frozen=True):
    event: type[Event]
    read: Callable[[Any, Facts], Iterable[Found]]


def version_about(model_name: str, version: str) -> str:
    return f"version:{model_name}/{version}"


def versions_of(model_name: str) -> str:
    """What all versions of a model are called after begins so."""
    return f"version:{model_name}/"


def version_proof(model_name: str, version: str) -> Proof:
    return Proof(kind="version", id=f"{model_name}/{version}")
