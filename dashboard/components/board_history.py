"""What a board looked like in short, and how its project moved back."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from dashboard import formats
from dashboard.components.basics import clipped, icon, link, moment, wild
from dashboard.components.states import empty
from dashboard.gateway.project_views import Board
from dashboard.links import Links
from dashboard.site import Component

_SHOWN = 6  # moves


def history(board: Board, links: Links) -> Component:
    """The moves back, newest first."""
    titles = {stage.key: f"{stage.number}. {stage.title}" for stage in board.stages}
    if not board.moves:
        return empty(
            "No move back so far",
            "A retraining request, or a person, leads back to an earlier stage; it shows here with its reason.",
            icon_name="refresh",
        )
    earlier = len(board.moves) - _SHOWN
    more = html.P(f"and {earlier:,} earlier ones", className="table-more") if earlier > 0 else None
    listed = html.Ul(
        [
            html.Li(
                [
                    html.Span(
                        [
                            clipped(titles.get(move.stage, move.stage), 50),
                            " ",
                            icon("arrow-right", "back to"),
                            " ",
                            link(
                                clipped(titles.get(move.to, move.to), 50),
                                links.project(board.project_id, stage=move.to),
                            ),
                        ],
                        className="strong",
                    ),
                    html.P(clipped(move.reason, 400), className="answer"),
                    html.Div([clipped(formats.who(move.by), 40), ", ", moment(move.at)], className="sub"),
                ]
            )
            for move in board.moves[: -_SHOWN - 1 : -1]
        ],
        className="moves",
    )
    return html.Div([listed, more])


def progress(states: Sequence[str]) -> Component:
    """All stages of a project as a row of small marks, with the sum in words."""
    done = sum(state == "DONE" for state in states)
    bad = sum(state == "NEEDS_ATTENTION" for state in states)
    words = f"{done} of {len(states)} stages done" + (f", {bad} need attention" if bad else "")
    return html.Div(
        [
            html.Div(
                [html.Span(className=f"tick {state.lower()}") for state in states],
                className="ticks",
                role="img",
                **wild({"aria-label": words}),
            ),
            html.Div(words, className="sub"),
        ]
    )
