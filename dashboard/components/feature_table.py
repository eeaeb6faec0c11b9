"""The heatmap of drift as a table: for those who don't see it, and the way to a feature by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from dash import html

from dashboard import formats
from dashboard.components.basics import clipped, link, moment, scrolling
from dashboard.figures.rows import PREDICTION, Row
from dashboard.site import Component


def feature_table(
    rows: Sequence[Row], features: Sequence[str], chosen: str, address: Callable[[str], str], now: datetime
) -> Component:
    """`features` as the heatmap draws them, from the bottom; `address` of the page with one of them in detail."""
    columns = ("Feature", "Windows with drift", "Newest PSI", "Largest PSI", "Limit of the newest")
    head = html.Thead(
        html.Tr([html.Th(text, scope="col", className="number" if place else "") for place, text in enumerate(columns)])
    )
    body = html.Tbody([_row(rows, name, name == chosen, address) for name in reversed(features)])
    table = html.Table([head, body], className="table compact")
    return html.Div(
        [
            html.P(["As of ", moment(now), ", for the time that is shown."], className="card-hint"),
            scrolling(table, "Drift of every feature", 560),
        ]
    )


def _row(rows: Sequence[Row], name: str, chosen: bool, address: Callable[[str], str]) -> Component:
    found = [row["f"][name] for row in rows if name in row["f"]]
    known = [one for one in found if one["psi"] is not None]
    newest = known[-1] if known else None
    drifted = sum(bool(one["mark"]) for one in found)
    label = "The model's own output" if name == PREDICTION else clipped(name, 60)
    figures = (
        f"{drifted:,} of {len(known):,}",
        formats.figure(newest["psi"], 3) if newest else formats.NOTHING,
        formats.figure(max(one["psi"] for one in known), 3) if known else formats.NOTHING,
        formats.figure(newest["limit"], 3) if newest else formats.NOTHING,
    )
    return html.Tr(
        [
            html.Th(
                [
                    link(label, address(name), className="link"),
                    html.Span(" in detail below", className="sub") if chosen else None,
                ],
                scope="row",
            ),
            *(html.Td(text, className="number") for text in figures),
        ]
    )
