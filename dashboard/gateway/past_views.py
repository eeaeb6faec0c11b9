"""Models and versions as they were, and experiments, as the gateway answers them."""

from __future__ import annotations

from datetime import datetime

from dashboard.gateway.production_views import Card, Deployment, GateResult
from dashboard.gateway.project_views import Review
from dashboard.gateway.views import Alias, KeyValue, RunSummary, View


class PastVersionRow(View, frozen=True, kw_only=True):
    version: str
    status: str
    user: str
    created_at: datetime
    aliases: list[str] = []
    description: str = ""
    tags: list[KeyValue] = []
    run: RunSummary | None = None


class PastVersions(View, frozen=True, kw_only=True):
    nodes: list[PastVersionRow] = []


class DeployedIn(View, frozen=True, kw_only=True):
    nodes: list[Deployment] = []


class Deployed(View, frozen=True, kw_only=True):
    """Where versions of a model ran by then."""

    deployed_in: DeployedIn | None = None

    @property
    def deployments(self) -> list[Deployment]:
        return self.deployed_in.nodes if self.deployed_in else []


class PastModel(Deployed, frozen=True, kw_only=True):
    """`current_name`: what it is called now; None if it is still called so."""

    name: str
    current_name: str | None = None
    description: str = ""
    created_at: datetime
    updated_at: datetime
    version_count: int = 0
    aliases: list[Alias] = []
    tags: list[KeyValue] = []
    versions: PastVersions


class PastVersion(PastVersionRow, frozen=True, kw_only=True):
    current_name: str | None = None
    review: Review | None = None
    gate_result: GateResult | None = None
    model_card: Card | None = None


class PastVersionData(View, frozen=True, kw_only=True):
    """`model`: where its versions ran by then."""

    model_version: PastVersion | None = None
    model: Deployed | None = None


class Experiment(View, frozen=True, kw_only=True):
    experiment_id: str
    name: str
    description: str = ""
    lifecycle_stage: str
    created_at: datetime
    updated_at: datetime
    run_count: int = 0


class SavedView(View, frozen=True, kw_only=True):
    """`state`: a query string of the page, without its question mark."""

    view_id: str
    title: str
    state: str
    revision: int = 1
