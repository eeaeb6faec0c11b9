"""Segments in the time that is shown: performance and drift of the rows that have one value of a column."""

from __future__ import annotations

import asyncio

from dash import html

from dashboard.components.charts import graph
from dashboard.components.states import empty, failed
from dashboard.figures.performance import Measure
from dashboard.figures.segments import drift_by_segment, performance_by_segment, worst_first
from dashboard.gateway import operations as ask
from dashboard.site import Component, Visit
from services.contracts.errors import LifecycleError, Unauthenticated

_MOST_DRIFTS = 500  # the gateway's most


def no_segments() -> Component:
    return empty(
        "No segments to tell apart",
        "Name columns, such as a carrier, as segments when you set the reference: performance and drift then show for "
        "each of their values.",
        icon_name="list",
    )


async def segments_part(visit: Visit, start: str | None, end: str | None, measure: Measure) -> Component:
    """`start` and `end` bound the shown time, as ISO texts with their zone."""
    held = {"model": visit.parts["model"], "version": visit.parts["version"]}
    try:
        found, drifts = await asyncio.gather(
            visit.ask(ask.PERFORMANCE, **held, start=start, end=end),
            visit.ask(ask.SEGMENT_DRIFT, **held, start=start, end=end, first=_MOST_DRIFTS),
        )
    except Unauthenticated:
        raise
    except LifecycleError as error:
        return failed(error)
    known = worst_first(found.segments, measure) if found else []
    performance: Component = empty(
        f"No {measure.label} by segment yet", "It comes with the labels of this time.", icon_name="chart-line"
    )
    if found and known:
        figure = performance_by_segment(found.segments, found.performance, measure)
        label = f"{measure.label} by segment; the worst is {known[0].column} = {known[0].value}"
        performance = graph(figure, label[:300], figure["layout"]["height"])
    drift: Component = empty("No drift by segment yet", "It comes with predictions.", icon_name="activity")
    if drifts:
        figure = drift_by_segment(drifts)
        bad = sum(one.drifted for one in drifts)
        drift = graph(figure, f"Drift of features by segment; {bad} count as drift", figure["layout"]["height"])
    return html.Div(
        [
            html.Div([html.H3(f"{measure.label} by segment", className="chart-title"), performance]),
            html.Div([html.H3("Drift by segment", className="chart-title"), drift]),
        ],
        className="halves",
    )
