"""`/monitoring/<model>/<version>`: performance and drift of one version, moving as predictions and labels arrive.

The state of the page is its address: `range` (30, 90, all), `start` and `end` (a zoomed span), `merged` (windows a
column), `against` (what drift is compared with), `metric`, `feature`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update, set_props

from dashboard import formats
from dashboard.components.basics import card, clipped, icon, link, page_head, wild
from dashboard.components.controls import wish_id, wishes
from dashboard.components.feature_detail import feature_parts
from dashboard.components.feature_table import feature_table
from dashboard.components.headline import headline_section
from dashboard.components.monitoring_controls import choice, compared_with, controls
from dashboard.components.sections import rendered
from dashboard.components.segments import no_segments, segments_part
from dashboard.components.states import empty, waiting
from dashboard.figures.base import CONFIG, Figure
from dashboard.figures.drift import feature_order
from dashboard.figures.performance import measures
from dashboard.links import parse
from dashboard.live import names
from dashboard.pages.monitoring_state import (
    CONTROLS,
    changed_state,
    gestures,
    merged_of,
    range_of,
    wish,
)
from dashboard.pages.monitoring_windows import Shown, charts, load, measure_of
from dashboard.pages.page import Page, find
from dashboard.site import Component, Section, Site, Visit, visitor_token

SECTIONS: dict[str, Section] = {"monitor-headline": headline_section}


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
            *wishes(*CONTROLS, "zoom-reset", "charts"),
            dcc.Store(id="detail-of", data=shown.detail),
            dcc.Store(id="segments-of", data=shown.segments),
            html.Div(_body(site, visit, shown), id="monitor-body"),
        ]
    )


def _left_out(shown: Shown) -> str:
    drawn, known = len(shown.features), len(shown.monitored.features)
    return f" The {drawn} farthest of {known:,} features; any other can be chosen below." if drawn < known else ""


def _note(shown: Shown, state: Mapping[str, str]) -> Component:
    """Says where columns are wider than was chosen."""
    if shown.span.merged == int(merged_of(state) or 1):
        return None
    seconds = shown.span.merged * shown.monitored.window_seconds
    words = f"So long a time has more windows than a screen can show: each column holds {formats.duration(seconds)}."
    return html.P([icon("clock"), html.Span(words)], className="note")


def _is_open(clicks: int | None) -> bool:
    """A disclosure after so many clicks."""
    return bool(clicks) and int(clicks or 0) % 2 == 1


def _as_table(site: Site, visit: Visit, shown: Shown) -> Component:
    model, version = visit.parts["model"], visit.parts["version"]

    def address(name: str) -> str:
        return site.links.monitored(model, version, **{**visit.state, "feature": name})

    order = feature_order(shown.rows, shown.features)
    return feature_table(shown.rows, order, shown.feature, address, site.now())


def _body(site: Site, visit: Visit, shown: Shown) -> Component:
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
            html.Div(_note(shown, visit.state), id="monitor-note", role="status"),
            card(
                "Performance over time",
                _graph("performance", figures["performance"], "Performance per window", height=320),
                hint="Per window, with its 95 % confidence band. Drag to zoom every chart, double-click to reset.",
                aside=choice("metric", "Performance figure", measure_options, shown.measure.key, 140),
            ),
            card(
                "Drift of every feature",
                html.Div(
                    [
                        _graph("heatmap", figures["heatmap"], "Drift (PSI) per feature and window"),
                        html.Details(
                            [
                                html.Summary("The same as a table", id="heatmap-opened"),
                                html.Div("One moment…", id="heatmap-table", className="sub"),
                            ],
                            className="details",
                        ),
                    ]
                ),
                hint="Brighter is further away; a white line marks drift beyond chance and of notable size. "
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
                                html.Div(
                                    [
                                        html.H3("Distribution, and that of the reference", className="chart-title"),
                                        html.Div(waiting(280), id="distribution"),
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
                        html.Div(id="feature-figures"),
                    ]
                ),
                hint="Dotted: the limit for this many rows. Thin line: PSI 0.2, the classic orientation.",
                aside=choice("feature", "Feature", features, shown.feature, 200),
            ),
            card(
                "Segments",
                html.Div(waiting(220), id="segments"),
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


def _values(shown: Shown, visit: Visit) -> list[str]:
    """What the controls say, in their order."""
    state = visit.state
    said = {"range": range_of(state), "merged": merged_of(state), "against": state.get("against", "")}
    said |= {"metric": shown.measure.key, "feature": shown.feature}
    return [said[name] for name in CONTROLS]


def register(app: Dash, site: Site) -> None:
    """Controls change the address; the address changes the charts. So Back works, and a link shows the same."""

    def navigate(who: str, search: str, detail: dict[str, Any], segments: dict[str, Any]) -> None:
        """Asks for the parts of the address that are to change; what a redraw has set isn't asked for."""
        state, change = parse(search), dict[str, str]()
        shown = {"feature": detail.get("feature"), "metric": segments.get("metric")}
        for name, prop, value in gestures(ctx.triggered):
            if name not in shown or shown[name] != value:
                change |= wish(name, prop, value, state)
        after = changed_state(state, change) if change else state
        every = dict.fromkeys([*state, *after])
        parts = {name: after.get(name, "") for name in every if after.get(name, "") != state.get(name, "")}
        if parts:
            set_props(wish_id(who), {"data": parts})

    # A callback each: a newer call of the same one takes an older one's answer away, so another control, or charts that
    # are being drawn, would take away what was moved before. None has an output: a click that comes with what a redraw
    # has set would count as that redraw's consequence, which Dash doesn't let begin it anew.
    moved_by: dict[str, list[Input]] = {
        **{name: [Input(name, "value")] for name in CONTROLS},
        "zoom-reset": [Input("zoom-reset", "n_clicks")],
        "charts": [Input({"chart": ALL}, "relayoutData"), Input({"chart": ALL}, "clickData")],
    }
    states = State("url", "search"), State("detail-of", "data"), State("segments-of", "data")
    for who, inputs in moved_by.items():
        app.callback(*inputs, *states, prevent_initial_call=True)(
            lambda *values, who=who: navigate(who, values[-3], values[-2] or {}, values[-1] or {})
        )

    def visited(pathname: str, search: str = "") -> Visit | None:
        found = find([PAGE], site.links.strip(pathname))
        return site.visit(found[1], parse(search), visitor_token()) if found else None

    @app.callback(
        Output({"chart": ALL}, "figure"),
        Output("detail-of", "data"),
        Output("segments-of", "data"),
        Output("heatmap-table", "children"),
        Output("monitor-note", "children"),
        *(Output(name, "value") for name in CONTROLS),
        Output("zoom-reset", "className"),
        Input("url", "search"),
        Input("coarse-tick", "data"),
        State("url", "pathname"),
        State({"chart": ALL}, "id"),
        State("detail-of", "data"),
        State("segments-of", "data"),
        State("heatmap-opened", "n_clicks"),
        *(State(name, "value") for name in CONTROLS),
        prevent_initial_call=True,
    )
    async def redraw(
        search: str,
        _: int,
        pathname: str,
        ids: list[dict[str, str]],
        detail: Any,
        segments: Any,
        opened: int | None,
        *values: Any,
    ) -> Any:
        visit = visited(pathname, search)
        if visit is None:
            return no_update
        shown = await load(site, visit)
        figures = charts(shown)
        moved = "coarse-tick.data" in ctx.triggered_prop_ids  # the same is asked again
        if not moved:
            set_props("redrawn", {"data": time.time()})
        return (
            [figures[one["chart"]] for one in ids],
            no_update if shown.detail == detail and not moved else shown.detail,
            no_update if shown.segments == segments and not moved else shown.segments,
            _as_table(site, visit, shown) if _is_open(opened) else no_update,
            _note(shown, visit.state),
            # What stands right already is left alone: it may be moved while this answer is on its way.
            *(
                no_update if value == known else value
                for value, known in zip(_values(shown, visit), values, strict=True)
            ),
            "button" + ("" if shown.span.zoomed else " hidden"),
        )

    @app.callback(
        Output("heatmap-table", "children", allow_duplicate=True),
        Input("heatmap-opened", "n_clicks"),
        State("url", "search"),
        State("url", "pathname"),
        prevent_initial_call=True,
    )
    async def table(opened: int | None, search: str, pathname: str) -> Any:
        """Made when somebody opens it: hundreds of cells would hold up everybody else."""
        visit = visited(pathname, search)
        if visit is None or not _is_open(opened):
            return no_update
        return _as_table(site, visit, await load(site, visit))

    # What stands below the charts is asked for when they stand, and only what they don't know yet.
    @app.callback(
        Output("distribution", "children"),
        Output("feature-figures", "children"),
        Input("detail-of", "data"),
        State("url", "pathname"),
    )
    async def in_detail(about: dict[str, Any], pathname: str) -> Any:
        visit = visited(pathname)
        return no_update if visit is None else await feature_parts(visit, about)

    @app.callback(Output("segments", "children"), Input("segments-of", "data"), State("url", "pathname"))
    async def segments(about: dict[str, Any], pathname: str) -> Any:
        visit = visited(pathname)
        if visit is None:
            return no_update
        if not about["known"]:
            return no_segments()
        return await segments_part(visit, about["start"], about["end"], measure_of(about["task"], about["metric"]))
