"""A chart in a page."""

from __future__ import annotations

from dash import dcc, html

from dashboard.components.basics import wild
from dashboard.figures.base import CONFIG, Figure
from dashboard.site import Component


def graph(figure: Figure, label: str, height: int) -> Component:
    """One that isn't live; `label` is read out instead of the drawing."""
    drawn = dcc.Graph(figure=figure, config=CONFIG, style={"height": height}, responsive=True)
    return html.Div(drawn, role="img", className="chart", **wild({"aria-label": label}))
