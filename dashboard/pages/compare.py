"""`/runs/compare?ids=…`: chosen runs side by side: differences, curves, parallel coordinates, a scatter of any two.

The state of the page is its address: `ids` (comma-separated), `only` (`all` shows equal values as well), `curve`,
`x` and `y`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard import formats
from dashboard.components.basics import card, clipped, icon, link, moment, page_head, status
from dashboard.components.charts import graph
from dashboard.components.comparison import Group, differing, side_by_side
from dashboard.components.controls import choice, segments
from dashboard.components.levels import metric_levels
from dashboard.components.models import chosen_metrics, lower_is_better, metric_text
from dashboard.components.states import empty
from dashboard.figures.compare import axis, overlaid, parallel, scattered
from dashboard.gateway import operations as ask
from dashboard.gateway.views import RunDetail
from dashboard.links import query
from dashboard.pages.page import Page
from dashboard.site import Component, Site, Visit
from services.contracts.errors import NotFound

MOST_RUNS = 20
_MOST_AXES = 10
_POINTS = 500


def wanted_ids(state: Mapping[str, str]) -> list[str]:
    """Each once, in the order of the address; at most `MOST_RUNS`."""
    return list(dict.fromkeys(part for part in state.get("ids", "").split(",") if part))[:MOST_RUNS]


def quantities(run: RunDetail) -> dict[str, str]:
    """Every figure and parameter of a run by a name that says which of both it is."""
    return {
        **{f"metrics.{m.key}": str(m.value) if m.value is not None else m.text for m in run.metrics},
        **{f"params.{p.key}": p.value for p in run.params},
    }


def best_columns(runs: Sequence[RunDetail]) -> dict[str, int]:
    """For each metric that differs, which run is the best."""
    found: dict[str, list[tuple[float, int]]] = {}
    for number, run in enumerate(runs):
        for metric in run.metrics:
            if metric.value is not None:
                found.setdefault(metric.key, []).append((metric.value, number))
    return {
        key: (min(values) if lower_is_better(key) else max(values, key=lambda pair: pair[0]))[1]
        for key, values in found.items()
        if len({value for value, _ in values}) > 1
    }


async def render(site: Site, visit: Visit) -> Component:
    ids = wanted_ids(visit.state)
    found = await asyncio.gather(*(visit.ask(ask.RUN, id=run_id) for run_id in ids))
    runs = [run for run in found if run is not None]
    if ids and not runs:
        raise NotFound("None of these runs exists.")
    head = page_head(
        "Compare runs",
        crumbs=[link("Runs", site.links.runs())],
        hint=f"{formats.plural(len(runs), 'run')} side by side"
        + (f"; {len(ids) - len(runs)} no longer exist" if len(runs) < len(ids) else ""),
        aside=segments("only", "Which rows", {"": "Only differences", "all": "Everything"}, _only(visit.state)),
    )
    if len(runs) < 2:
        hint = ["Tick two or more runs ", link("in the grid", site.links.runs()), " and choose Compare."]
        return html.Div([head, html.Div(empty("Nothing to compare yet", hint, icon_name="list"), className="banner")])
    everything = _only(visit.state) == "all"
    heads = [_head(site, visit, ids, run) for run in runs]
    metrics = [{m.key: metric_text(m) for m in run.metrics} for run in runs]
    params = [{p.key: p.value for p in run.params} for run in runs]
    groups = [
        Group("Metrics", metrics, best_columns(runs)),
        Group("Parameters", params),
        Group("Origin", [_origin(run) for run in runs]),
    ]
    return html.Div(
        [
            head,
            card(
                "Side by side",
                side_by_side("Run", heads, groups, everything=everything),
                hint="The best value of each metric is bold; what differs from the first run is marked.",
            ),
            await _curves(site, visit, runs),
            html.Div([_parallel(runs), _scatter(visit, runs)], className="halves cards"),
        ]
    )


def _only(state: Mapping[str, str]) -> str:
    return "all" if state.get("only") == "all" else ""


def _name(run: RunDetail) -> str:
    return run.name or run.run_id


def _head(site: Site, visit: Visit, ids: Sequence[str], run: RunDetail) -> Component:
    """A run's name with a way to take it out of the comparison."""
    rest = ",".join(one for one in ids if one != run.run_id)
    without = site.links.compare() + query({**visit.state, "ids": rest})
    return html.Div(
        [
            link(clipped(_name(run), 28), site.links.run(run.run_id), className="link strong"),
            dcc.Link(icon("x", f"Take out {clipped(_name(run), 60)}"), href=without, className="take-out"),
            html.Div([status(run.status)], className="sub"),
            html.Div([html.Span(clipped(run.user, 24)), " · ", moment(run.start_time)], className="sub"),
        ],
        className="compared-head",
    )


def _origin(run: RunDetail) -> dict[str, str]:
    facts = {
        "experiment": run.experiment_name,
        "duration": formats.duration(run.duration_seconds),
        "source": run.source,
        "commit": run.git_commit and run.git_commit[:12],
        "data": ", ".join(sorted(f"{one.name} {one.digest[:12]}" for one in run.datasets)),
    }
    return {key: value for key, value in facts.items() if value}


async def _curves(site: Site, visit: Visit, runs: Sequence[RunDetail]) -> Component:
    shared = {metric.key: metric for run in runs for metric in run.metrics}
    keys = [metric.key for metric in chosen_metrics(list(shared.values()), len(shared))]
    if not keys:
        return None
    chosen = visit.state.get("curve", "")
    chosen = chosen if chosen in shared else keys[0]
    histories = await asyncio.gather(
        *(visit.ask(ask.METRIC_HISTORY, id=run.run_id, metric=chosen, maxPoints=_POINTS) for run in runs)
    )
    series = {
        f"{_name(run)} ({run.run_id[:6]})": [(point.step, point.value) for point in history.metric_history]
        for run, history in zip(runs, histories, strict=True)
        if history and len(history.metric_history) > 1
    }
    levels = await metric_levels(visit, [run.experiment_id for run in runs], [chosen] if series else [])
    body = (
        graph(overlaid(chosen, series, levels), f"{chosen} by step, one line a run", 340)
        if series
        else empty(
            "No curve of this metric", "It was logged once in each run. Pick another one.", icon_name="chart-line"
        )
    )
    return card("Curves", body, aside=choice("curve", "Metric of the curves", keys, chosen))


def _names(runs: Sequence[RunDetail]) -> list[str]:
    names = [_name(run) for run in runs]
    return [
        f"{name} ({run.run_id[:6]})" if names.count(name) > 1 else name for name, run in zip(names, runs, strict=True)
    ]


def _parallel(runs: Sequence[RunDetail]) -> Component:
    columns = [quantities(run) for run in runs]
    names = differing(columns)
    params = [name for name in names if name.startswith("params.")]
    metrics = [f"metrics.{m.key}" for m in chosen_metrics([m for run in runs for m in run.metrics], 200)]
    metrics = [name for name in dict.fromkeys(metrics) if name in names]
    shown = [*params[: _MOST_AXES - min(3, len(metrics))], *metrics[:3]][:_MOST_AXES]
    if len(shown) < 2:
        body = empty("Too little differs", "Parallel coordinates need two quantities that differ.", icon_name="list")
    else:
        axes = [axis(name.split(".", 1)[1], [column.get(name) for column in columns]) for name in shown]
        body = graph(parallel(_names(runs), axes), "Parameters and metrics of each run as parallel coordinates", 380)
    return card("Parallel coordinates", body, hint="What differs, parameters first, the main metrics last.")


def _scatter(visit: Visit, runs: Sequence[RunDetail]) -> Component:
    columns = [quantities(run) for run in runs]
    names = differing(columns) or sorted({key for column in columns for key in column})
    if not names:
        return None
    metric = next((name for name in names if name.startswith("metrics.")), names[-1])
    param = next((name for name in names if name.startswith("params.")), names[0])
    x, y = visit.state.get("x", ""), visit.state.get("y", "")
    x, y = (x if x in names else param), (y if y in names else metric)
    figure = scattered(
        _names(runs),
        (x.split(".", 1)[1], [column.get(x) for column in columns]),
        (y.split(".", 1)[1], [column.get(y) for column in columns]),
    )
    pickers = dmc.Group(
        [
            choice("x", "Across", names, x, width=190, shown=True),
            choice("y", "Up", names, y, width=190, shown=True),
        ],
        gap="xs",
        mb="xs",
    )
    return card("Any two quantities", html.Div([pickers, graph(figure, f"{y} against {x}", 318)]))


PAGE = Page("runs/compare", lambda parts: "Compare runs", render, area="runs", by_state=True, charts=True)
