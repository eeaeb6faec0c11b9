"""`/monitoring/<model>/<version>`: performance and drift of one version, moving as predictions and labels arrive.

The state of the page is its address: `range` (30, 90, all), `start` and `end` (a zoomed span), `merged` (windows a
column), `against` (what drift is compared with), `metric`, `feature`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update

from dashboard.components.basics import card, clipped, icon, link, page_head, wild
from dashboard.components.headline import headline_section
from dashboard.components.levels import model_levels
from dashboard.components.monitoring_controls import choice, compared_with, controls
from dashboard.components.sections import rendered
from dashboard.components.segments import segments_part
from dashboard.components.states import empty, failed, skeleton
from dashboard.figures.base import CONFIG, Figure, Span
from dashboard.figures.distribution import distribution
from dashboard.figures.drift import feature_order, feature_series, heatmap
from dashboard.figures.markers import Marker, marked
from dashboard.figures.performance import Measure, measures, performance
from dashboard.figures.rows import PREDICTION, Row, window_row
from dashboard.figures.service import latency, quality
from dashboard.figures.volume import volume
from dashboard.gateway import operations as ask
from dashboard.gateway.views import Monitored
from dashboard.happened import happened
from dashboard.links import parse, query
from dashboard.live import names
from dashboard.pages.monitoring_state import (
    CONTROLS,
    MOST_WINDOWS,
    changed_state,
    gestures,
    merged_of,
    range_of,
    span_of,
    wish,
)
from dashboard.pages.page import Page, find
from dashboard.recent import windows_at_once
from dashboard.site import Component, Section, Site, Visit, visitor_token
from services.contracts.errors import LifecycleError, NotFound

MOST_FEATURES = 40  # rows of the heatmap; of more, those that are farthest away
NEWEST = 8  # windows that say which those are

SECTIONS: dict[str, Section] = {"monitor-headline": headline_section}


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything the charts need, for one state of the page."""

    monitored: Monitored
    features: list[str]  # those that are drawn: all, or of very many the farthest away
    rows: list[Row]
    span: Span
    measure: Measure
    feature: str
    markers: list[Marker]
    levels: list[tuple[str, float]]  # what the measure is measured by: its name, its value
    bounds: tuple[str | None, str | None]  # the first moment of the shown windows, and the first after them


def _measure(monitored: Monitored, state: Mapping[str, str]) -> Measure:
    known = measures(monitored.task)
    return next((measure for measure in known if measure.key == state.get("metric")), known[0])


async def load(site: Site, visit: Visit) -> Shown:
    model, version = visit.parts["model"], visit.parts["version"]
    span = span_of(visit.state)
    limits: dict[str, Any] = (
        {"start": _zoned(span.start), "end": _zoned(span.end)} if span.zoomed else {"last": span.last}
    )
    if span.against:
        limits["against"] = span.against
    found = await visit.ask(ask.MONITORED, model=model, version=version)
    if not found:
        raise NotFound(f"{clipped(model, 80)} v{clipped(version, 20)} is not being watched.")
    held = {"model": model, "version": version}
    if span.merged > 1:
        limits["resolutionSeconds"] = found[0].window_seconds * span.merged
    features = found[0].features
    if len(features) > MOST_FEATURES:
        features = await _farthest(visit, found[0])
        limits["features"] = features
    measure = _measure(found[0], visit.state)
    windows, marks, levels = await asyncio.gather(
        visit.ask(ask.WINDOWS, **held, **limits), happened(visit), model_levels(visit, model, measure.key)
    )
    rows = [window_row(window) for window in windows[-MOST_WINDOWS:]]
    order = feature_order(rows, features)
    wanted = visit.state.get("feature", "")
    most_drifted = order[-2] if len(order) > 1 else PREDICTION
    feature = wanted if wanted in order else most_drifted
    bounds = (windows[-len(rows)].start.isoformat(), windows[-1].end.isoformat()) if rows else (None, None)
    return Shown(found[0], features, rows, span, measure, feature, marks, levels, bounds)


async def _farthest(visit: Visit, monitored: Monitored) -> list[str]:
    """Of very many features those that are farthest away in the newest windows, and the one that is looked at."""
    last = windows_at_once(len(monitored.features), NEWEST)
    newest = await visit.ask(ask.WINDOWS, model=monitored.model, version=monitored.version, last=last)
    order = feature_order([window_row(window) for window in newest], monitored.features)
    chosen = order[-1 - MOST_FEATURES : -1]  # the last is the model's own output
    wanted = visit.state.get("feature", "")
    return chosen if wanted in chosen or wanted not in monitored.features else [wanted, *chosen[1:]]


def _zoned(text: str | None) -> str | None:
    return text and text + ("" if text.endswith("Z") else "Z")


def charts(shown: Shown) -> dict[str, Figure]:
    order = feature_order(shown.rows, shown.features)
    figures = {
        "performance": performance(shown.rows, shown.measure, shown.span, shown.levels),
        "heatmap": heatmap(shown.rows, order, shown.span),
        "series": feature_series(shown.rows, shown.feature, shown.span),
        "quality": quality(shown.rows, shown.span),
        "latency": latency(shown.rows, shown.span),
        "volume": volume(shown.rows, shown.span),
    }
    plain = ("heatmap",)  # its cells would hide them
    return {
        name: figure if name in plain else marked(figure, shown.markers, shown.rows) for name, figure in figures.items()
    }


async def distribution_part(site: Site, visit: Visit, shown: Shown) -> Component:
    """Reference against what came in during the shown time."""
    if not shown.rows or shown.feature == PREDICTION:
        hint = "Pick a feature to compare its distribution." if shown.rows else "Send predictions to see them here."
        return empty("No distribution to show", hint, icon_name="chart-line")
    start, end = shown.bounds
    model, version = visit.parts["model"], visit.parts["version"]
    try:
        view = await visit.ask(
            ask.DISTRIBUTION, model=model, version=version, feature=shown.feature, start=start, end=end
        )
    except LifecycleError as error:
        return failed(error)
    label = f"Distribution of {shown.feature}: reference and now"
    return _graph("distribution", distribution(view), label, live=False, height=280)


def _graph(name: str, figure: Figure, label: str, *, height: int | None = None, live: bool = True) -> Component:
    """A chart that takes pushed rows (`live`) by its pattern id; `label` is read out instead of the drawing."""
    named: dict[str, Any] = {"chart": name} if live else {"figure": name}
    return html.Div(
        dcc.Graph(
            id=named,
            figure=figure,
            config=CONFIG,
            style={"height": height or figure["layout"].get("height", 280)},
            responsive=True,
        ),
        role="img",
        **wild({"aria-label": label}),
        className="chart",
    )


async def render(site: Site, visit: Visit) -> Component:
    shown, parts = await asyncio.gather(load(site, visit), rendered(SECTIONS, site, visit))
    model, version = visit.parts["model"], visit.parts["version"]
    head = page_head(
        [clipped(model, 80), html.Span(f"v{clipped(version, 20)}", className="version")],
        crumbs=[link("Monitoring", site.links.monitoring()), link(clipped(model, 40), site.links.model(model))],
        hint=f"against {clipped(shown.monitored.reference, 80)}, {shown.monitored.reference_rows:,} rows",
        aside=controls(visit.state, shown.monitored.window_seconds),
    )
    return html.Div(
        [
            head,
            html.Div(
                [
                    link([icon("versions"), "Version"], site.links.version(model, version), className="button small"),
                    link(
                        [icon("bell"), "Alerts"], site.links.alerts(model=model, show="all"), className="button small"
                    ),
                    link(
                        [icon("settings"), "Rules"],
                        site.links.settings(show="rules", version=f"{model}/{version}"),
                        className="button small",
                    ),
                ],
                className="buttons under-head",
            ),
            html.Div(parts["monitor-headline"], id="monitor-headline"),
            html.Div(await _body(site, visit, shown), id="monitor-body"),
        ]
    )


def _left_out(shown: Shown) -> str:
    drawn, known = len(shown.features), len(shown.monitored.features)
    return f" The {drawn} farthest of {known:,} features; any other can be chosen below." if drawn < known else ""


async def _body(site: Site, visit: Visit, shown: Shown) -> Component:
    figures = charts(shown)
    measure_options = [{"value": m.key, "label": m.label} for m in measures(shown.monitored.task)]
    nothing = (
        html.Div(
            empty(
                "No predictions in this range",
                "They show up here the moment the monitor has counted them. Zoomed in? Reset the zoom.",
                icon_name="activity",
            ),
            className="banner",
        )
        if not shown.rows
        else None
    )
    features = [
        {"value": name, "label": clipped(name, 60)}
        for name in reversed(feature_order(shown.rows, shown.monitored.features))
    ]
    return html.Div(
        [
            nothing,
            card(
                "Performance over time",
                _graph("performance", figures["performance"], "Performance per window", height=320),
                hint="Per window, with its 95 % confidence band. Drag to zoom every chart, double-click to reset.",
                aside=choice("metric", "Performance figure", measure_options, shown.measure.key, 140),
            ),
            card(
                "Drift of every feature",
                _graph("heatmap", figures["heatmap"], "Drift (PSI) per feature and window"),
                hint="Brighter is further away; a dot marks drift beyond chance and of notable size. "
                f"Click a row for its detail.{_left_out(shown)}",
                aside=html.Div(
                    [html.Span("Compared with", className="sub"), compared_with(shown.monitored, visit.state)],
                    className="buttons labelled",
                ),
            ),
            card(
                "Feature in detail",
                html.Div(
                    [
                        html.Div(
                            [
                                html.H3("Distribution, and that of the reference", className="chart-title"),
                                html.Div(await distribution_part(site, visit, shown), id="distribution"),
                            ]
                        ),
                        html.Div(
                            [
                                html.H3("Distance by window", className="chart-title"),
                                _graph("series", figures["series"], "PSI and JS per window", height=280),
                            ]
                        ),
                    ],
                    className="halves",
                ),
                hint="Dotted: the limit for this many rows. Thin line: PSI 0.2, the classic orientation.",
                aside=choice("feature", "Feature", features, shown.feature, 200),
            ),
            card(
                "Segments",
                html.Div(skeleton(), id="segments"),
                hint="Of the time that is shown, all rows of it together. Dotted: all segments.",
            ),
            html.Div(
                [
                    card(
                        "Data quality",
                        _graph("quality", figures["quality"], "Shares of wrong values per window", height=240),
                        hint="Of each kind, the share in the feature that has most of it.",
                    ),
                    card(
                        "Latency",
                        _graph("latency", figures["latency"], "Latency of predictions per window", height=240),
                        hint="From request to answer, where model servers report it.",
                    ),
                ],
                className="halves cards",
            ),
            card(
                "Rows per window",
                _graph("volume", figures["volume"], "Rows per window, labelled and waiting", height=220),
                hint="Labels arrive later than predictions; until then rows count as waiting.",
            ),
        ]
    )


PAGE = Page(
    "monitoring/<model>/<version>",
    lambda parts: f"{clipped(parts['model'], 60)} v{clipped(parts['version'], 20)} · Monitoring",
    render,
    topics=lambda parts: [names.monitor(parts["model"], parts["version"])],
    area="monitoring",
    charts=True,
)


def register(app: Dash, site: Site) -> None:
    """Controls change the address; the address changes the charts. So Back works, and a link shows the same."""

    def navigate(*values: Any) -> Any:
        state = parse(values[-1])
        change: dict[str, str] = {}
        for name, prop, value in gestures(ctx.triggered):
            change |= wish(name, prop, value, state)
        if not change:
            return no_update
        after = query(changed_state(state, change))
        return no_update if parse(after) == state else after

    # Two callbacks: a newer call of the same one takes an older one's answer away, and charts that are being drawn
    # would so take away a click.
    moved_by = {
        "controls": [*(Input(name, "value") for name in CONTROLS), Input("zoom-reset", "n_clicks")],
        "charts": [Input({"chart": ALL}, "relayoutData"), Input({"chart": ALL}, "clickData")],
    }
    for inputs in moved_by.values():
        app.callback(
            Output("url", "search", allow_duplicate=True), *inputs, State("url", "search"), prevent_initial_call=True
        )(navigate)

    @app.callback(
        Output({"chart": ALL}, "figure"),
        Output("distribution", "children"),
        Output("range", "value"),
        Output("merged", "value"),
        Output("metric", "value"),
        Output("feature", "value"),
        Output("against", "value"),
        Output("zoom-reset", "className"),
        Input("url", "search"),
        Input("coarse-tick", "data"),
        State("url", "pathname"),
        State({"chart": ALL}, "id"),
        prevent_initial_call=True,
    )
    async def redraw(search: str, _: int, pathname: str, ids: list[dict[str, str]]) -> Any:
        found = find([PAGE], site.links.strip(pathname))
        if found is None:
            return no_update
        visit = site.visit(found[1], parse(search), visitor_token())
        shown = await load(site, visit)
        figures = charts(shown)
        return (
            [figures[one["chart"]] for one in ids],
            await distribution_part(site, visit, shown),
            range_of(visit.state),
            merged_of(visit.state),
            shown.measure.key,
            shown.feature,
            visit.state.get("against", ""),
            "button" + ("" if shown.span.zoomed else " hidden"),
        )

    @app.callback(
        Output("segments", "children"),
        Input("segments", "id"),
        Input("url", "search"),
        Input("coarse-tick", "data"),
        State("url", "pathname"),
    )
    async def segments(_: str, search: str, __: int, pathname: str) -> Any:
        """Asked for when the charts above stand: nobody waits for it."""
        found = find([PAGE], site.links.strip(pathname))
        if found is None:
            return no_update
        visit = site.visit(found[1], parse(search), visitor_token())
        shown = await load(site, visit)
        return await segments_part(visit, *shown.bounds, shown.measure)
