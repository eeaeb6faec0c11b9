"""`/monitoring/<model>/<version>`: performance and drift of one version, moving as predictions and labels arrive.

The state of the page is its address: `range` (30, 90, all), `start` and `end` (a zoomed span), `merged` (windows a
column), `metric`, `feature`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update

from dashboard.components.basics import card, clipped, icon, link, page_head, wild
from dashboard.components.headline import headline_section
from dashboard.components.sections import rendered
from dashboard.components.states import empty, failed
from dashboard.figures.base import CONFIG, Figure, Span
from dashboard.figures.distribution import distribution
from dashboard.figures.drift import feature_order, feature_series, heatmap
from dashboard.figures.performance import Measure, measures, performance
from dashboard.figures.rows import PREDICTION, Row, window_row
from dashboard.figures.volume import volume
from dashboard.gateway import operations as ask
from dashboard.gateway.views import Monitored
from dashboard.links import parse, query
from dashboard.live import names
from dashboard.pages.page import Page, find
from dashboard.site import Component, Section, Site, Visit, visitor_token
from services.contracts.errors import LifecycleError, NotFound

RANGES = {"30": "Last 30", "90": "Last 90", "all": "All"}
MERGED = {"": "Every window", "7": "7 windows merged", "30": "30 windows merged"}
DEFAULT_RANGE = "90"
MOST_WINDOWS = 400  # columns that a screen can tell apart; a longer span is asked for in coarser windows

_MOMENT = re.compile(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d")

CONTROLS = ("range", "merged", "metric", "feature")

SECTIONS: dict[str, Section] = {"monitor-headline": headline_section}


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything the charts need, for one state of the page."""

    monitored: Monitored
    rows: list[Row]
    span: Span
    measure: Measure
    feature: str


def span_of(state: Mapping[str, str]) -> Span:
    merged = int(_merged(state) or 1)
    start, end = state.get("start", ""), state.get("end", "")
    if _MOMENT.fullmatch(start) and _MOMENT.fullmatch(end) and start < end:
        return Span(start=start, end=end, merged=merged)
    chosen = _range(state)
    return Span(last=MOST_WINDOWS if chosen == "all" else int(chosen), merged=merged)


def _merged(state: Mapping[str, str]) -> str:
    chosen = state.get("merged", "")
    return chosen if chosen in MERGED else ""


def _range(state: Mapping[str, str]) -> str:
    chosen = state.get("range", DEFAULT_RANGE)
    return chosen if chosen in RANGES else DEFAULT_RANGE


def _measure(monitored: Monitored, state: Mapping[str, str]) -> Measure:
    known = measures(monitored.task)
    return next((measure for measure in known if measure.key == state.get("metric")), known[0])


async def load(site: Site, visit: Visit) -> Shown:
    model, version = visit.parts["model"], visit.parts["version"]
    span = span_of(visit.state)
    limits: dict[str, Any] = (
        {"start": _zoned(span.start), "end": _zoned(span.end)} if span.zoomed else {"last": span.last}
    )
    watched = visit.ask(ask.MONITORED, model=model, version=version)
    if span.merged > 1:
        found = await watched
        if found:
            limits["resolutionSeconds"] = found[0].window_seconds * span.merged
        windows = await visit.ask(ask.WINDOWS, model=model, version=version, **limits)
    else:
        found, windows = await asyncio.gather(watched, visit.ask(ask.WINDOWS, model=model, version=version, **limits))
    if not found:
        raise NotFound(f"{clipped(model, 80)} v{clipped(version, 20)} is not being watched.")
    rows = [window_row(window) for window in windows[-MOST_WINDOWS:]]
    order = feature_order(rows, found[0].features)
    wanted = visit.state.get("feature", "")
    most_drifted = order[-2] if len(order) > 1 else PREDICTION
    return Shown(found[0], rows, span, _measure(found[0], visit.state), wanted if wanted in order else most_drifted)


def _zoned(text: str | None) -> str | None:
    return text and text + ("" if text.endswith("Z") else "Z")


def charts(shown: Shown) -> dict[str, Figure]:
    order = feature_order(shown.rows, shown.monitored.features)
    return {
        "performance": performance(shown.rows, shown.measure, shown.span),
        "heatmap": heatmap(shown.rows, order, shown.span),
        "series": feature_series(shown.rows, shown.feature, shown.span),
        "volume": volume(shown.rows, shown.span),
    }


async def distribution_part(site: Site, visit: Visit, shown: Shown) -> Component:
    """Reference against what came in during the shown time."""
    if not shown.rows or shown.feature == PREDICTION:
        hint = "Pick a feature to compare its distribution." if shown.rows else "Send predictions to see them here."
        return empty("No distribution to show", hint, icon_name="chart-line")
    limits = {"start": _zoned(shown.span.start), "end": _zoned(shown.span.end)} if shown.span.zoomed else {}
    model, version = visit.parts["model"], visit.parts["version"]
    try:
        view = await visit.ask(ask.DISTRIBUTION, model=model, version=version, feature=shown.feature, **limits)
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
        aside=_controls(visit.state),
    )
    return html.Div(
        [
            head,
            html.Div(parts["monitor-headline"], id="monitor-headline"),
            html.Div(await _body(site, visit, shown), id="monitor-body"),
        ]
    )


def _controls(state: Mapping[str, str]) -> Component:
    return dmc.Group(
        [
            html.Button(
                [icon("zoom-reset"), "Reset zoom"],
                id="zoom-reset",
                className="button" + ("" if span_of(state).zoomed else " hidden"),
                type="button",
            ),
            html.Button(
                [icon("player-pause"), html.Span("Pause", id="pause-label")],
                id="pause",
                className="button",
                type="button",
            ),
            dmc.Select(
                id="merged",
                data=[{"value": value, "label": label} for value, label in MERGED.items()],
                value=_merged(state),
                allowDeselect=False,
                w=196,
                size="sm",
                **wild({"aria-label": "Windows in one column"}),
            ),
            dmc.SegmentedControl(
                id="range",
                data=[{"value": value, "label": label} for value, label in RANGES.items()],
                value=_range(state),
                size="sm",
                **wild({"aria-label": "Range of time"}),
            ),
        ],
        gap="xs",
    )


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
                aside=dmc.Select(
                    id="metric",
                    data=measure_options,
                    value=shown.measure.key,
                    allowDeselect=False,
                    w=140,
                    size="sm",
                    **wild({"aria-label": "Performance figure"}),
                ),
            ),
            card(
                "Drift of every feature",
                _graph("heatmap", figures["heatmap"], "Drift (PSI) per feature and window"),
                hint="Brighter is further from the reference; a dot marks drift beyond chance and of "
                "notable size. Click a row for its detail.",
            ),
            card(
                "Feature in detail",
                html.Div(
                    [
                        html.Div(
                            [
                                html.H3("Distribution", className="chart-title"),
                                html.Div(await distribution_part(site, visit, shown), id="distribution"),
                            ]
                        ),
                        html.Div(
                            [
                                html.H3("Distance from the reference", className="chart-title"),
                                _graph("series", figures["series"], "PSI and JS per window", height=280),
                            ]
                        ),
                    ],
                    className="halves",
                ),
                hint="Dotted: the limit for this many rows. Thin line: PSI 0.2, the classic orientation.",
                aside=dmc.Select(
                    id="feature",
                    data=features,
                    value=shown.feature,
                    allowDeselect=False,
                    searchable=True,
                    w=200,
                    size="sm",
                    nothingFoundMessage="No such feature",
                    **wild({"aria-label": "Feature"}),
                ),
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
)


def changed_state(state: Mapping[str, str], change: Mapping[str, str]) -> dict[str, str]:
    """The state after a control moved; defaults leave the address. A new range ends a zoom."""
    after = {**state, **change}
    if "range" in change:
        after.update(start="", end="")
    if after.get("range") == DEFAULT_RANGE:
        after["range"] = ""
    return {key: value for key, value in after.items() if value}


def zoomed_span(relayout: Mapping[str, Any] | None) -> dict[str, str] | None:
    """What a zoom gesture asks for: a span, an end of zooming (empty values), or None for any other gesture."""
    if not relayout:
        return None
    if relayout.get("xaxis.autorange") or relayout.get("autosize") is False:
        return {"start": "", "end": ""}
    ends = relayout.get("xaxis.range[0]"), relayout.get("xaxis.range[1]")
    if all(isinstance(end, str) for end in ends):
        start, end = (str(end).replace(" ", "T")[:19] for end in ends)
        return {"start": _whole(start), "end": _whole(end)}
    return None


def gestures(triggered: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, Any]]:
    """Name, property and value of what a person moved.

    A click can come in one call with charts that have just been drawn. Several controls at once are nobody's gesture:
    a redraw has set them.
    """
    parts = [(*one["prop_id"].rpartition("."), one["value"]) for one in triggered]
    moved = [(name, prop, value) for name, _, prop, value in parts]
    controls = [name for name, _, _ in moved if name in CONTROLS]
    return moved if len(controls) < 2 else [one for one in moved if one[0] not in CONTROLS]


def wish(name: str, prop: str, value: Any, state: Mapping[str, str]) -> dict[str, str]:
    """What one control's or chart's new property asks of the state; empty if it is as the state says, or nothing."""
    match name, prop:
        case "range", _ if value != _range(state):
            return {"range": value}
        case "merged", _ if (value or "") != _merged(state):
            return {"merged": value or ""}
        case (("metric" | "feature"), _) if value:
            return {name: value}
        case "zoom-reset", _ if value:
            return {"start": "", "end": ""}
        case _, "relayoutData":
            return zoomed_span(value) or {}
        case '{"chart":"heatmap"}', "clickData" if value:
            return {"feature": str(value["points"][0]["y"])}
    return {}


def _whole(moment: str) -> str:
    return moment if "T" in moment else f"{moment}T00:00:00"


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
            _range(visit.state),
            _merged(visit.state),
            shown.measure.key,
            shown.feature,
            "button" + ("" if shown.span.zoomed else " hidden"),
        )
