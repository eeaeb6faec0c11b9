"""What is recorded of how a run was made, what isn't, and what came of making it again."""

from __future__ import annotations

from dash import html

from dashboard.components.basics import badge, clipped, icon, link, moment
from dashboard.gateway.data_views import Attempt, Reproducibility
from dashboard.links import Links
from dashboard.site import Component

_OUTCOMES = {
    "REPRODUCED": ("reproduced", "good", "circle-check"),
    "DIFFERS": ("differs", "warn", "alert-triangle"),
    "FAILED": ("failed", "bad", "circle-x"),
}


def ingredients(found: Reproducibility, links: Links) -> Component:
    rows = [
        html.Li(
            [
                html.Span(
                    icon("circle-check" if one.present else "circle-x", "recorded" if one.present else "missing"),
                    className=f"evidence-mark {'good' if one.present else 'warn'}",
                ),
                html.Span(
                    [
                        html.Span(clipped(one.title, 60), className="strong" if not one.present else ""),
                        html.Span(f" {clipped(one.found if one.present else one.fix, 160)}", className="sub"),
                    ]
                ),
            ]
        )
        for one in sorted(found.ingredients, key=lambda one: one.present)
    ]
    attempts = [_attempt(one, links) for one in found.attempts[:5]]
    return html.Div(
        [
            html.Ul(rows, className="evidence"),
            html.H3("Made again", className="chart-title spaced") if attempts else None,
            html.Ul(attempts, className="plain-list") if attempts else None,
        ]
    )


def _attempt(one: Attempt, links: Links) -> Component:
    return html.Li(
        [
            badge(*_OUTCOMES.get(one.outcome, (one.outcome.lower(),))),
            html.Span([f" by {clipped(one.by, 40)}, ", moment(one.at), " "], className="sub"),
            link("the new run", links.run(one.rerun_id)) if one.rerun_id else None,
            html.Div(clipped(one.note, 200), className="sub") if one.note else None,
        ]
    )
