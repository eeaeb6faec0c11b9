"""The services that keep something of their own."""

from __future__ import annotations

from enum import Enum

import strawberry
from strawberry import enum_value


@strawberry.enum(description="A service of the product.")
class Service(Enum):
    REGISTRY = enum_value("registry", description="Projects, experiments, runs, models and what belongs to them.")
    MONITOR = enum_value("monitor", description="What is watched: references, windows, alerts, silences.")
