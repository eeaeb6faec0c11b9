"""Lineage: what came from what."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from enum import Enum
from typing import Any

import strawberry
from strawberry import enum_value

from services.contracts import lineage as contracts
from services.gateway.operation import Info
from services.gateway.types.fields import viewed
from services.gateway.types.limits import KEY, Size
from services.gateway.types.links import linked
from services.gateway.types.node import Node, reads


@strawberry.enum(description="What stands in a lineage.")
class LineageNodeKind(Enum):
    SOURCE = enum_value("source", description="A data source.")
    DATASET = enum_value("dataset", description="A dataset version, `name@digest`.")
    RUN = enum_value("run", description="A run.")
    LOGGED_MODEL = enum_value("logged_model", description="A model as a run logged it.")
    VERSION = enum_value("version", description="A model version, `model/3`.")
    EVALUATION = enum_value("evaluation", description="An evaluation.")
    REVIEW = enum_value("review", description="A review, `model/3`.")
    CARD = enum_value("card", description="A model card, `model/3`.")
    DEPLOYMENT = enum_value("deployment", description="What runs somewhere, `environment/model/3`.")
    WINDOW = enum_value("window", description="A monitoring window, `model/3/start`.")
    ALERT = enum_value("alert", description="An alert.")
    RETRAINING = enum_value("retraining", description="A request for retraining.")


@strawberry.enum(description="How the right one came of the left one.")
class LineageEdgeKind(Enum):
    PROVIDES = enum_value("provides", description="A source provides a dataset.")
    DERIVED = enum_value("derived", description="A dataset was made from another.")
    SPLIT = enum_value("split", description="A dataset is a part of another.")
    USED = enum_value("used", description="A run used a dataset.")
    MADE = enum_value("made", description="A run made a dataset.")
    CHILD = enum_value("child", description="A run is a part of another.")
    LOGGED = enum_value("logged", description="A run logged a model.")
    REGISTERED = enum_value("registered", description="A run or logged model became a version.")
    EVALUATED = enum_value("evaluated", description="A version was evaluated.")
    REVIEWED = enum_value("reviewed", description="A version was reviewed.")
    DESCRIBED = enum_value("described", description="A version has a card.")
    DEPLOYED = enum_value("deployed", description="A version was deployed.")
    WATCHED = enum_value("watched", description="A version is watched.")
    RAISED = enum_value("raised", description="A window or version raised an alert.")
    ASKED = enum_value("asked", description="An alert asked for retraining.")
    ANSWERED = enum_value("answered", description="A run answers a request for retraining.")
    RERUN = enum_value("rerun", description="A run was made again.")
    RENAMED = enum_value("renamed", description="It is the same version, since its model has another name.")


@strawberry.enum(description="Where to walk.")
class LineageDirection(Enum):
    UP = enum_value("up", description="To what it came from.")
    DOWN = enum_value("down", description="To what came of it.")
    BOTH = enum_value("both", description="Both ways.")


def _object(parent: strawberry.Parent[contracts.NodeRef | contracts.NodeView], info: Info) -> Awaitable[Any]:
    return linked(info.context, parent.kind, parent.id)


@strawberry.type(description="Something in a lineage.")
class LineageRef:
    is_type_of = reads(contracts.NodeRef)

    kind: LineageNodeKind = strawberry.field(description="What it is.")
    id: str = strawberry.field(description="Which one.")


@strawberry.type(description="Something in a lineage, with its distance from the start.")
class LineageNode:
    is_type_of = reads(contracts.NodeView)

    kind: LineageNodeKind = strawberry.field(description="What it is.")
    id: str = strawberry.field(description="Which one.")
    node: Node | None = viewed(
        resolver=_object, size=Size(asks=True), description="The object itself; null if its kind has no global id."
    )
    label: str = strawberry.field(description="It in words.")
    depth: int = strawberry.field(description="Steps from the start.")
    at: datetime | None = strawberry.field(description="When it came to be.")
    state: str = strawberry.field(description="A word such as FINISHED or approved.")
    more: int | None = strawberry.field(description="Neighbours that aren't shown; null if they weren't counted.")


@strawberry.type(description="One step of a lineage.")
class LineageLink:
    is_type_of = reads(contracts.EdgeView)

    left: LineageRef = strawberry.field(description="What came first.")
    right: LineageRef = strawberry.field(description="What came of it.")
    kind: LineageEdgeKind = strawberry.field(description="How.")
    at: datetime = strawberry.field(description="When.")
    note: str = strawberry.field(description="What is to be said to it.")


@strawberry.type(description="What led to something, and what came of it.")
class Lineage:
    is_type_of = reads(contracts.LineageView)

    start: LineageRef = strawberry.field(description="Where the walk began.")
    nodes: list[LineageNode] = strawberry.field(
        metadata={KEY: Size(otherwise=200)}, description="What was met, nearest first, each once."
    )
    edges: list[LineageLink] = strawberry.field(
        metadata={KEY: Size(otherwise=300)}, description="How it belongs together."
    )
    truncated: bool = strawberry.field(description="Whether there was more than was asked for.")
