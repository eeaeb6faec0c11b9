"""What is reached from a model version: evaluations, gates, standings, alerts, cards and windows."""

from __future__ import annotations

from datetime import datetime

import msgspec
import strawberry

from services.contracts.alerts import AlertView, ListAlerts
from services.contracts.cards import CardView, GetCard
from services.contracts.deployments import GetStandings, StandingView
from services.contracts.errors import NotFound
from services.contracts.evaluations import EvaluationSummary as EvaluationSummaryView
from services.contracts.evaluations import ListEvaluations
from services.contracts.gates import GateResultView, GetGateResults
from services.contracts.monitor import ListWindows, WindowView
from services.contracts.paging import Edge, Page
from services.contracts.registry import VersionView
from services.gateway.conditions import condition, ordering
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.types.arguments import (
    End,
    Features,
    LastWindows,
    MostColumns,
    Resolution,
    Start,
    checked_last,
    checked_resolution,
)
from services.gateway.types.list_filters import AlertFilter, EvaluationFilter
from services.gateway.types.list_orders import AlertOrder, EvaluationOrder
from services.gateway.types.paging import After, Before, First, Last, Sort, Where, paging
from services.gateway.types.past import alert_then, unfiltered
from services.gateway.types.running_lists import StandingFilter, StandingOrder
from services.gateway.whole import attributes, kept

OF_STANDINGS = attributes("environment", "approved", "gates_passed", "missing", "runs_here")


def _earlier(end: datetime | None, as_of: datetime | None) -> datetime | None:
    """The earlier of two moments, as far as they are said."""
    said = [moment for moment in (end, as_of) if moment is not None]
    return min(said) if said else None


async def windows_of(
    parent: strawberry.Parent[VersionView],
    info: Info,
    last: LastWindows = None,
    features: Features = None,
    start: Start = None,
    end: End = None,
    resolution_seconds: Resolution = None,
    most: MostColumns = None,
) -> list[WindowView] | None:
    """Its newest windows; None if it isn't watched."""
    request = ListWindows(
        model_name=parent.model_name,
        version=parent.version,
        start=start,
        end=_earlier(end, parent.as_of),
        resolution_seconds=checked_resolution(resolution_seconds),
        last=checked_last(last, most),
        most=most,
        features=features if "features" in Selected.of(info) else [],
    )
    try:
        return await info.context.ask(request)
    except NotFound:
        return None


async def evaluations_of(
    parent: strawberry.Parent[VersionView],
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Where[EvaluationFilter] = None,
    sort: Sort[EvaluationOrder] = None,
) -> Page[EvaluationSummaryView]:
    """Its evaluations and those of its run."""
    asked = paging(first, after, last, before, Selected.of(info))
    return await info.context.ask(
        ListEvaluations(
            where=condition(where),
            order=ordering(sort),
            paging=asked,
            model_name=parent.current_name or parent.model_name,
            version=parent.version,
            as_of=parent.as_of,
        )
    )


async def gate_result_of(parent: strawberry.Parent[VersionView], info: Info) -> GateResultView | None:
    """The newest result of its gates."""
    return await info.context.ask(
        GetGateResults(model_name=parent.current_name or parent.model_name, version=parent.version, as_of=parent.as_of)
    )


async def standings_of(
    parent: strawberry.Parent[VersionView],
    info: Info,
    where: Where[StandingFilter] = None,
    sort: Sort[StandingOrder] = None,
) -> list[StandingView] | None:
    """Whether it may go to each environment; None below the past."""
    if parent.as_of is not None:
        return None
    found = await info.context.ask(GetStandings(model_name=parent.model_name, version=parent.version))
    return kept(found, condition(where), ordering(sort), OF_STANDINGS)


async def alerts_of(
    parent: strawberry.Parent[VersionView],
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Where[AlertFilter] = None,
    sort: Sort[AlertOrder] = None,
) -> Page[AlertView]:
    """Its alerts, as they were below the past."""
    unfiltered(parent.as_of, where, sort)
    asked = paging(first, after, last, before, Selected.of(info))
    page = await info.context.ask(
        ListAlerts(
            end=parent.as_of,
            where=condition(where),
            order=ordering(sort),
            paging=asked,
            model_name=parent.model_name,
            version=parent.version,
        )
    )
    if parent.as_of is None:
        return page
    edges = [Edge(cursor=edge.cursor, node=alert_then(edge.node, parent.as_of)) for edge in page.edges]
    return msgspec.structs.replace(page, edges=edges)


async def card_of(parent: strawberry.Parent[VersionView], info: Info) -> CardView | None:
    """Its newest card, or a draft."""
    if parent.as_of is None:
        return await info.context.ask(
            GetCard(model_name=parent.current_name or parent.model_name, version=parent.version)
        )
    try:
        return await info.context.ask(
            GetCard(model_name=parent.current_name or parent.model_name, version=parent.version, as_of=parent.as_of)
        )
    except NotFound:
        return None
