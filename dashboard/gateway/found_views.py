"""What a search by typed words finds: only what a line of the palette shows."""

from __future__ import annotations

from typing import Generic, TypeVar

from dashboard.gateway.views import View

Node = TypeVar("Node")


class Nodes(View, Generic[Node], frozen=True, kw_only=True):
    nodes: list[Node] = []


class FoundProject(View, frozen=True, kw_only=True):
    project_id: str
    name: str


class FoundVersion(View, frozen=True, kw_only=True):
    version: str


class FoundModel(View, frozen=True, kw_only=True):
    name: str
    latest_version: FoundVersion | None = None


class FoundRun(View, frozen=True, kw_only=True):
    run_id: str
    name: str
    user: str
    experiment_name: str = ""


class FoundDataset(View, frozen=True, kw_only=True):
    name: str


class FoundInsight(View, frozen=True, kw_only=True):
    insight_id: str
    title: str


class FoundMonitored(View, frozen=True, kw_only=True):
    model: str
    version: str


class Found(View, frozen=True, kw_only=True):
    projects: Nodes[FoundProject] | None = None
    models: Nodes[FoundModel] | None = None
    runs: Nodes[FoundRun] | None = None
    datasets: Nodes[FoundDataset] | None = None
    insights: Nodes[FoundInsight] | None = None
    monitored_versions: Nodes[FoundMonitored] | None = None
