"""Lineage: what came from what, from the source of the data to the alert in production and back to a new run."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.contracts.base import Message, Request

NodeKind = Literal[
    "source", "dataset", "run", "logged_model", "version", "evaluation", "review", "card", "deployment", "window",
    "alert", "retraining",
]  # fmt: skip
"""How each is named: a dataset version `name@digest`; a model's version, its review and its card `model/3`; a
deployment `environment/model/3`; a window `model/3/start`; the others by their ids."""
EdgeKind = Literal[
    "provides",  # source → dataset
    "derived",  # dataset → dataset
    "split",  # dataset → dataset
    "used",  # dataset → run
    "made",  # run → dataset
    "child",  # run → run
    "logged",  # run → logged model
    "registered",  # run or logged model → version
    "evaluated",  # version → evaluation
    "reviewed",  # version → review
    "described",  # version → card
    "deployed",  # version → deployment
    "watched",  # version → window
    "raised",  # window or version → alert
    "asked",  # alert → retraining
    "answered",  # retraining → run
    "rerun",  # run → run
    "renamed",  # version → the same version, under the model's new name
]
Direction = Literal["up", "down", "both"]
"""`up`: to what it came from; `down`: to what came of it."""

MAX_DEPTH = 50
MAX_NODES = 5000


class NodeRef(Message, frozen=True, kw_only=True):
    kind: NodeKind
    id: str


class NodeView(Message, frozen=True, kw_only=True):
    """`depth` counts steps from the start. `label` is for people, `state` a word such as FINISHED or approved.

    `more`: neighbours that aren't shown, because of depth, cap or kinds (None: not counted).
    """

    kind: NodeKind
    id: str
    label: str
    depth: int
    at: datetime | None = None
    state: str = ""
    more: int | None = None


class EdgeView(Message, frozen=True, kw_only=True):
    """`left` came first; `right` came of it."""

    left: NodeRef
    right: NodeRef
    kind: EdgeKind
    at: datetime
    note: str = ""


class LineageView(Message, frozen=True, kw_only=True):
    """Nodes nearest first; an edge only if both its ends are there. `truncated`: the cap of nodes was reached."""

    start: NodeRef
    nodes: list[NodeView]
    edges: list[EdgeView]
    truncated: bool = False


class WalkLineage(Request[LineageView], frozen=True, kw_only=True):
    """Each node once, at its least distance; cycles end there. `kinds`: only these are shown (None: all), and ways
    lead through the others if `through`."""

    service = "registry"
    name = "lineage.walk"

    start: NodeRef
    direction: Direction = "both"
    depth: int = 10
    kinds: list[NodeKind] | None = None
    through: bool = True
    most: int = 500
