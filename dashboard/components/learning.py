"""A run's learning curves: what they go along, which metrics are drawn, and the ways to the others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from dash import html

from dashboard.components.basics import card, clipped
from dashboard.components.charts import named_graph
from dashboard.components.controls import more_of, part_of, search_field, segments
from dashboard.components.levels import metric_levels
from dashboard.components.models import chosen_metrics
from dashboard.components.states import empty
from dashboard.figures.learning import OVER, along, curves, grouped
from dashboard.gateway import operations as ask
from dashboard.gateway.views import Metric, RunDetail
from dashboard.links import query
from dashboard.site import Component, Site, Visit

STATE = ("over", "metric", "after-curves")
"""The parts of the address that say what of a run's figures is shown."""
_CHARTS = 12
_LINES = 8  # of one chart
_POINTS = 500
_MANY = 8  # metrics, from which on they are searched


def over_of(state: Mapping[str, str]) -> str:
    return state["over"] if state.get("over") in OVER else ""


def wanted_metrics(run: RunDetail, state: Mapping[str, str]) -> list[Metric]:
    """Those whose names hold all words that are looked for, what says most first."""
    words = state.get("metric", "").lower().split()
    found = [metric for metric in run.metrics if all(word in metric.key.lower() for word in words)]
    return chosen_metrics(found, len(found))


async def learning_curves(site: Site, visit: Visit, run: RunDetail) -> Component:
    """A page of charts, one a figure with its splits together; nothing where no metric was logged more than once."""
    over = over_of(visit.state)
    groups = grouped([metric.key for metric in wanted_metrics(run, visit.state)])
    page = part_of(list(groups.items()), visit.state, "after-curves", _CHARTS)
    names = [name for _, names in page.nodes for name in names[:_LINES]]
    histories = await asyncio.gather(
        *(visit.ask(ask.METRIC_HISTORY, id=run.run_id, metric=name, maxPoints=_POINTS) for name in names)
    )
    known = {
        name: history.points
        for name, history in zip(names, histories, strict=True)
        if history and len(history.metric_history) > 1
    }
    if not known and not any(visit.state.get(part) for part in STATE) and not page.page_info.has_next_page:
        return None
    levels = await metric_levels(visit, [run.experiment_id], known.keys())
    shown = {figure: [name for name in names[:_LINES] if name in known] for figure, names in page.nodes}
    shown = {figure: names for figure, names in shown.items() if names}
    charts = []
    for place, (figure, of_it) in enumerate(shown.items()):
        drawn = along({name: known[name] for name in of_it}, over, dict.fromkeys(of_it, run.start_time))
        lines = curves(drawn, [one for one in levels if _of_any(one[0], of_it)], f"{over}/{figure}")
        said = f"{', '.join(clipped(name, 60) for name in of_it)} by {OVER[over].lower()}"
        chart = named_graph(f"run-curve-{place}", lines, said, 300 if len(shown) == 1 else 230)
        charts.append(html.Div([html.H3(clipped(figure, 60), className="curve-name"), chart]))
    once = len(page.nodes) - len(shown)
    body = html.Div(charts, className="curves" if len(charts) > 1 else "") if charts else _nothing(visit.state)
    there = site.links.run(run.run_id)
    return card(
        "Learning curves",
        html.Div(
            [
                html.Div(_controls(run, visit.state, over), className="toolbar"),
                body,
                more_of("curves", page, lambda **kept: there + query(kept), visit.state, "after-curves"),
            ]
        ),
        hint=f"{once} of these were logged only once: their values stand below." if once and charts else "",
    )


def _controls(run: RunDetail, state: Mapping[str, str], over: str) -> list[Component]:
    words = state.get("metric", "")
    find = [search_field("metric", "Find metrics", words, "Metrics by name: val loss")]
    return [*(find if words or len(run.metrics) > _MANY else []), segments("over", "Along", OVER, over)]


def _nothing(state: Mapping[str, str]) -> Component:
    if state.get("metric"):
        return empty(
            "No curves of these", "No metric that was logged more than once has all these words.", icon_name="search"
        )
    return empty("No curves here", "These metrics were logged once: their values stand below.", icon_name="chart-line")


def _of_any(level: str, metrics: Sequence[str]) -> bool:
    """Whether a level, called as in `experts (roc_auc)`, is one of these metrics'."""
    return any(level.endswith(f"({metric})") for metric in metrics)
