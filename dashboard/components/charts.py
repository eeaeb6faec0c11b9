"""A chart in a page."""

from __future__ import annotations

from dash import dcc, html

from dashboard.components.basics import wild
from dashboard.figures.base import CONFIG, Figure
from dashboard.site import Component


def graph(figure: Figure, label: str, height: int) -> Component:
    """One that isn't live; `label` is read out instead of the drawing."""
    return _chart(dcc.Graph(figure=figure, config=CONFIG, style={"height": height}, responsive=True), label)


def named_graph(graph_id: str, figure: Figure, label: str, height: int) -> Component:
    """One that is known by its id: it gets new figures where it stands, and tells what is dragged over in it."""
    drawn = dcc.Graph(id=graph_id, figure=figure, config=CONFIG, style={"height": height}, responsive=True)
    return _chart(drawn, label)


def _chart(drawn: Component, label: str) -> Component:
    return html.Div(drawn, role="img", className="chart", **wild({"aria-label": label}))
