"""`/runs/compare?ids=…`: chosen runs side by side: differences, curves, parallel coordinates, a scatter of any two.

The state of the page is its address: `ids` (comma-separated), `only` (`all` shows equal values as well), `mark` (the
run that is highlighted everywhere), `brush` (ranges of parallel coordinates), `curve` and `over` (what it goes along),
`x` and `y`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html, no_update

from dashboard import brushes, formats
from dashboard.brushes import Brush
from dashboard.components.basics import badge, card, clipped, icon, link, moment, page_head, status, wild
from dashboard.components.charts import graph, named_graph
from dashboard.components.comparison import Group, differing, side_by_side
from dashboard.components.controls import choice, segments, wish_id, wishes
from dashboard.components.learning import over_of
from dashboard.components.levels import metric_levels
from dashboard.components.models import chosen_metrics, lower_is_better, metric_text
from dashboard.components.states import empty
from dashboard.figures.compare import Axis, axis, overlaid, parallel, scattered
from dashboard.figures.learning import OVER, along
from dashboard.gateway import operations as ask
from dashboard.gateway.views import RunDetail
from dashboard.links import parse, query
from dashboard.pages.page import Page
from dashboard.run_search import asked
from dashboard.site import Component, Site, Visit, visitor_token
from services.contracts.errors import Invalid, LifecycleError, NotFound

MOST_RUNS = 20
_MOST_AXES = 10
_POINTS = 500
_OFFERED = 20  # runs to add


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
        aside=html.Div(
            [
                _adding(ids),
                *wishes("ids", "brush"),
                segments("only", "Which rows", {"": "Only differences", "all": "Everything"}, _only(visit.state)),
            ],
            className="buttons",
        ),
    )
    if len(runs) < 2:
        hint = ["Add runs by their names above, or tick them ", link("in the grid", site.links.runs()), "."]
        return html.Div([head, html.Div(empty("Nothing to compare yet", hint, icon_name="list"), className="banner")])
    everything = _only(visit.state) == "all"
    heads = [_head(site, visit, ids, run) for run in runs]
    brushed, axes = brushes.read(visit.state.get("brush", "")), every_axis(runs)
    kept = brushes.within(brushed, axes)
    faint = faint_ones(runs, kept, visit.state.get("mark", ""))
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
                side_by_side(
                    "Run",
                    heads,
                    groups,
                    everything=everything,
                    state=visit.state,
                    address=site.links.compare(),
                    faint=faint,
                ),
                hint="The best value of each metric is bold; what differs from the first run is marked.",
            ),
            await _curves(site, visit, runs, faint),
            html.Div(
                [_parallel(site, visit, runs, (brushed, kept), faint), _scatter(visit, runs, faint)],
                className="halves cards",
            ),
        ]
    )


def every_axis(runs: Sequence[RunDetail]) -> dict[str, Axis]:
    """Every quantity of the runs as an axis, by name."""
    columns = [quantities(run) for run in runs]
    names = {name for column in columns for name in column}
    return {name: axis(name.split(".", 1)[1], [column.get(name) for column in columns]) for name in names}


def faint_ones(runs: Sequence[RunDetail], kept: Collection[int], mark: str) -> set[int]:
    """The numbers of the runs in the back: outside of what is brushed, or not the one that is highlighted."""
    marked = next((i for i, run in enumerate(runs) if run.run_id == mark), None)
    return {i for i in range(len(runs)) if i not in kept or (marked is not None and i != marked)}


def _adding(ids: Sequence[str]) -> Component:
    """Finds runs by words, as the grid does; the chosen one joins the others."""
    full = len(ids) >= MOST_RUNS
    return dmc.Select(
        id="compare-add",
        data=[],
        searchable=True,
        disabled=full,
        placeholder=f"At most {MOST_RUNS} runs" if full else "Add a run…",
        nothingFoundMessage="Type a name, a user or a filter",
        filter={"function": "everyOption"},
        leftSection=icon("plus"),
        w=210,
        size="sm",
        **wild({"aria-label": "Add a run"}),
    )


def _only(state: Mapping[str, str]) -> str:
    return "all" if state.get("only") == "all" else ""


def _name(run: RunDetail) -> str:
    return run.name or run.run_id


def _head(site: Site, visit: Visit, ids: Sequence[str], run: RunDetail) -> Component:
    """A run's name with ways to highlight it everywhere and to take it out of the comparison."""
    marked = visit.state.get("mark") == run.run_id
    around = site.links.compare() + query({**visit.state, "mark": "" if marked else run.run_id})
    said = f"{'Stop highlighting' if marked else 'Highlight'} {clipped(_name(run), 60)}"
    rest = ",".join(one for one in ids if one != run.run_id)
    without = site.links.compare() + query({**visit.state, "ids": rest})
    return html.Div(
        [
            link(clipped(_name(run), 28), site.links.run(run.run_id), className="link strong"),
            dcc.Link(icon("eye", said), href=around, className="take-out mark" + (" marked" if marked else "")),
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


async def _curves(site: Site, visit: Visit, runs: Sequence[RunDetail], faint: Collection[int]) -> Component:
    shared = {metric.key: metric for run in runs for metric in run.metrics}
    keys = [metric.key for metric in chosen_metrics(list(shared.values()), len(shared))]
    if not keys:
        return None
    chosen = visit.state.get("curve", "")
    chosen = chosen if chosen in shared else keys[0]
    histories = await asyncio.gather(
        *(visit.ask(ask.METRIC_HISTORY, id=run.run_id, metric=chosen, maxPoints=_POINTS) for run in runs)
    )
    known = [i for i, history in enumerate(histories) if history and len(history.metric_history) > 1]
    names = {i: f"{_name(runs[i])} ({runs[i].run_id[:6]})" for i in known}
    points = {names[i]: one.points for i, one in enumerate(histories) if one and i in names}
    over = over_of(visit.state)
    drawn = along(points, over, {names[i]: runs[i].start_time for i in known})
    back = {place for place, i in enumerate(known) if i in faint}
    levels = await metric_levels(visit, [run.experiment_id for run in runs], [chosen] if known else [])
    body = (
        graph(overlaid(chosen, drawn, levels, back), f"{chosen} by {OVER[over].lower()}, one line a run", 340)
        if known
        else empty(
            "No curve of this metric", "It was logged once in each run. Pick another one.", icon_name="chart-line"
        )
    )
    aside = html.Div(
        [choice("curve", "Metric of the curves", keys, chosen), segments("over", "Along", OVER, over)],
        className="buttons",
    )
    return card("Curves", body, aside=aside)


def _names(runs: Sequence[RunDetail]) -> list[str]:
    names = [_name(run) for run in runs]
    return [
        f"{name} ({run.run_id[:6]})" if names.count(name) > 1 else name for name, run in zip(names, runs, strict=True)
    ]


def axes_shown(runs: Sequence[RunDetail]) -> list[str]:
    """What parallel coordinates show of what differs: parameters first, the main metrics last."""
    names = differing([quantities(run) for run in runs])
    params = [name for name in names if name.startswith("params.")]
    metrics = [f"metrics.{m.key}" for m in chosen_metrics([m for run in runs for m in run.metrics], 200)]
    metrics = [name for name in dict.fromkeys(metrics) if name in names]
    return [*params[: _MOST_AXES - min(3, len(metrics))], *metrics[:3]][:_MOST_AXES]


def _parallel(
    site: Site,
    visit: Visit,
    runs: Sequence[RunDetail],
    brushed: tuple[Sequence[Brush], Collection[int]],
    faint: Collection[int],
) -> Component:
    shown, every = axes_shown(runs), every_axis(runs)
    if len(shown) < 2:
        body = empty("Too little differs", "Parallel coordinates need two quantities that differ.", icon_name="list")
    else:
        figure = parallel(_names(runs), [every[name] for name in shown], faint, visit.state.get("brush", ""))
        label = "Parameters and metrics of each run as parallel coordinates"
        body = html.Div(
            [_brushed(site, visit, runs, *brushed), named_graph("compare-parallel", figure, label, 380)],
        )
    return card(
        "Parallel coordinates", body, hint="What differs, the main metrics last. Drag along an axis to keep a range."
    )


def _brushed(
    site: Site, visit: Visit, runs: Sequence[RunDetail], ranges: Sequence[Brush], kept: Collection[int]
) -> Component:
    """The ranges that are kept, each with its way out, and how to go on with the runs within."""
    if not ranges:
        return None
    ways = []
    for one in ranges:
        rest = brushes.written([other for other in ranges if other != one])
        text = f"{one.name.split('.', 1)[-1]}: {one.low}" + (f" … {one.high}" if one.high != one.low else "")
        without = dcc.Link(
            icon("x", f"Any {clipped(one.name, 60)} again"),
            href=site.links.compare() + query({**visit.state, "brush": rest}),
            className="chip-out",
        )
        ways.append(html.Span([badge(text, "accent"), without], className="nowrap"))
    ids = [run.run_id for i, run in enumerate(runs) if i in kept]
    only = link(f"Compare only these {len(ids)}", site.links.compare(ids), className="button small")
    few = html.Span(formats.plural(len(ids), "run") + " within", className="sub")
    return html.Div([*ways, only if 2 <= len(ids) < len(runs) else few], className="badges brushes", role="status")


def _scatter(visit: Visit, runs: Sequence[RunDetail], faint: Collection[int]) -> Component:
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
        faint,
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


def register(app: Dash, site: Site) -> None:
    @app.callback(
        Output("compare-add", "data"),
        Input("compare-add", "searchValue"),
        State("compare-add", "data"),
        State("url", "search"),
    )
    async def offered(words: str | None, offers: list[dict[str, str]], search: str) -> Any:
        """The newest runs that fit what is typed, without those that are compared already.

        The text of a line is there because the line was chosen: without the line, the choice would be taken back.
        """
        if any(words == offer["label"] for offer in offers):
            return no_update
        there = set(wanted_ids(parse(search)))
        try:
            found = await site.gateway.ask(
                ask.RUNS, visitor_token(), first=_OFFERED + len(there), **asked((words or "")[:500])
            )
        except Invalid:
            return []  # half of a filter: somebody still types
        except LifecycleError:
            return no_update
        fresh = [run for run in found.nodes if run.run_id not in there][:_OFFERED]
        return [
            {"value": run.run_id, "label": f"{clipped(run.name or run.run_id, 60)} · {clipped(run.user, 24)}"}
            for run in fresh
        ]

    @app.callback(
        Output(wish_id("ids"), "data"),
        Input("compare-add", "value"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def added(run_id: str | None, search: str) -> Any:
        ids = wanted_ids(parse(search))
        if not run_id or run_id in ids or len(ids) >= MOST_RUNS:
            return no_update
        return {"ids": ",".join([*ids, run_id])}

    @app.callback(
        Output(wish_id("brush"), "data"),
        Input("compare-parallel", "selectedData"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def dragged(selected: Any, search: str) -> Any:
        state = parse(search)
        if not selected or not selected.get("range"):
            return no_update
        found = await asyncio.gather(*(site.gateway.ask(ask.RUN, visitor_token(), id=one) for one in wanted_ids(state)))
        runs = [run for run in found if run is not None]
        fresh = brushes.drawn(selected, axes_shown(runs), every_axis(runs))
        if not fresh:
            return no_update
        names = {one.name for one in fresh}
        former = [one for one in brushes.read(state.get("brush", "")) if one.name not in names]
        return {"brush": brushes.written([*former, *fresh])}
