"""Runs like this one: has it been tried before, by whom, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from dashboard import formats
from dashboard.components.basics import badge, clipped, link, moment, scrolling
from dashboard.components.models import chosen_metrics, lower_is_better
from dashboard.components.states import empty
from dashboard.gateway.project_views import SimilarRun
from dashboard.links import Links
from dashboard.site import Component

_DIFFERENCES = 3


def similar_table(runs: Sequence[SimilarRun], links: Links) -> Component:
    if not runs:
        return empty("Nothing like it", "No other run did the same or nearly the same.", icon_name="circle-check")
    head = html.Thead(html.Tr([html.Th(text, scope="col") for text in ("Run", "What differs", "What came of it")]))
    return scrolling(
        html.Table([head, html.Tbody([_row(run, links) for run in runs])], className="table compact"),
        "Runs like this one",
        520,
    )


def _row(run: SimilarRun, links: Links) -> Component:
    differences = [
        html.Div(
            [
                html.Span(clipped(one.key, 30), className="sub"),
                f" {clipped(one.asked or formats.NOTHING, 24)} → {clipped(one.found or formats.NOTHING, 24)}",
            ]
        )
        for one in run.differences[:_DIFFERENCES]
    ]
    more = len(run.differences) - _DIFFERENCES
    return html.Tr(
        [
            html.Td(
                [
                    link(clipped(run.run_name or run.run_id, 40), links.run(run.run_id), className="link strong"),
                    html.Div([clipped(run.user, 30), ", ", moment(run.start_time)], className="sub"),
                ]
            ),
            html.Td(
                badge("the same in everything", "warn", "copy")
                if run.exact
                else [*differences, html.Div(f"and {more} more", className="sub") if more > 0 else None]
            ),
            html.Td([_effect(run)]),
        ]
    )


def _effect(run: SimilarRun) -> Component:
    chosen = chosen_metrics(run.effect, 2)
    if not chosen:
        return html.Span(run.status.lower(), className="sub")
    parts = []
    for metric in chosen:
        change = metric.value or 0.0
        better = change != 0 and (change < 0) == lower_is_better(metric.key)
        sign = "+" if change > 0 else "−" if change < 0 else "±"
        look = "better" if better else "worse" if change else "sub"
        parts.append(
            html.Div(
                [
                    html.Span(clipped(metric.key, 24), className="sub"),
                    " ",
                    html.Span(f"{sign}{formats.figure(abs(change))}", className=look),
                ]
            )
        )
    return html.Div(parts)
