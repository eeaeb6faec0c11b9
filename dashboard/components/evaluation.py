"""An evaluation as a reviewer reads it: figures, slices with the worst named, errors, curves, explanation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dash import html

from dashboard import formats
from dashboard.components.basics import badge, clipped, icon, link, moment, scrolling
from dashboard.components.charts import graph
from dashboard.components.controls import ROWS
from dashboard.components.models import chosen_metrics, lower_is_better, metric_text
from dashboard.components.states import empty
from dashboard.components.talk import Talk
from dashboard.figures import evaluation as figures
from dashboard.gateway import operations as ask
from dashboard.gateway.production_views import (
    Comparison,
    Disparity,
    Evaluation,
    EvaluationRow,
    FigureCompared,
    SliceScore,
)
from dashboard.site import Component, Site, Visit
from services.contracts.reviews import slice_key

_EXAMPLES = 3


async def newest(visit: Visit, model: str, version: str) -> Evaluation | None:
    """The newest on a sealed split, else the newest."""
    return await _chosen(visit, model, version, lambda row: row.split.sealed)


async def explained(visit: Visit, model: str, version: str) -> Evaluation | None:
    """The newest that explains the model, else as `newest`: not every evaluation repeats the explanation."""
    return await _chosen(visit, model, version, lambda row: bool(row.explained_by), lambda row: row.split.sealed)


async def _chosen(
    visit: Visit, model: str, version: str, *wanted: Callable[[EvaluationRow], bool]
) -> Evaluation | None:
    page = await visit.ask(ask.EVALUATIONS, first=20, model=model, version=version)
    fitting = (row for fits in wanted for row in page.nodes if fits(row))
    chosen = next(fitting, page.nodes[0] if page.nodes else None)
    return await visit.ask(ask.EVALUATION, id=chosen.id) if chosen else None


def nothing() -> Component:
    return empty(
        "Not evaluated yet",
        "Record an evaluation on a named split, with the gateway's recordEvaluation or from the training code.",
        icon_name="chart-line",
    )


def summary(one: Evaluation, site: Site) -> Component:
    """Which rows, by whom; the main figures; how stable they are."""
    split = one.split
    where = clipped(split.name, 60)
    place: Component = (
        link(where, site.links.dataset(split.dataset, split.digest)) if split.dataset and split.digest else where
    )
    stable = {entry.metric: entry for entry in one.stability}
    rows = []
    for metric in chosen_metrics(one.metrics, 40):
        over = stable.get(metric.key)
        rows.append(
            html.Tr(
                [
                    html.Th(clipped(metric.key, 50), scope="row"),
                    html.Td(metric_text(metric), className="number"),
                    html.Td(
                        f"{formats.figure(over.mean)} ± {formats.figure(over.deviation, 2)} over {over.count}"
                        if over
                        else html.Span(formats.NOTHING, className="sub"),
                        className="number",
                    ),
                ]
            )
        )
    head = html.Thead(
        html.Tr(
            [
                html.Th("Metric", scope="col"),
                html.Th("Value", scope="col", className="number"),
                html.Th("Seeds or folds", scope="col", className="number"),
            ]
        )
    )
    return html.Div(
        [
            html.Div(
                [
                    html.Span(["on ", place, f", {formats.plural(split.rows, 'row')}" if split.rows else ""]),
                    badge("sealed", "accent", "circle-check") if split.sealed else None,
                    badge(f"sealed split used {one.sealed_uses} times", "warn", "alert-triangle")
                    if one.sealed_uses > 1
                    else None,
                    html.Span([clipped(one.by, 40), ", ", moment(one.at)], className="sub"),
                ],
                className="badges",
            ),
            scrolling(
                html.Table([head, html.Tbody(rows)], className="table compact"), "Figures of the evaluation", 340
            ),
            html.P(clipped(one.note, 1000), className="answer") if one.note else None,
        ]
    )


def main_metric(one: Evaluation) -> str:
    chosen = chosen_metrics(one.metrics, 1)
    return chosen[0].key if chosen else ""


def slices(one: Evaluation, talk: Talk | None = None) -> Component:
    """With a `talk` about them also as a table, where each can be talked about."""
    metric = main_metric(one)
    if not one.slices or not metric:
        return empty("No slices", "Give the evaluation slices to see which group does worst.", icon_name="list")
    overall = next((m.value for m in one.metrics if m.key == metric), None)
    lower = metric in one.lower_is_better or lower_is_better(metric)
    figure = figures.slices(one.slices, metric, lower_is_better=lower, overall=overall)
    height = int(figure["layout"]["height"])
    chart = graph(figure, f"{metric} of each slice, the worst on top", height)
    table = _slice_table(one.slices, metric, talk, lower=lower) if talk else None
    return html.Div([_disparities(one.disparities, talk), chart, table])


def _slice_table(scores: Sequence[SliceScore], metric: str, talk: Talk, *, lower: bool) -> Component:
    """The worst ones, and those about which something was said."""
    known = [(next((m.value for m in one.metrics if m.key == metric), None), one) for one in scores]
    ranked = sorted(known, key=lambda pair: (pair[0] is None, (pair[0] or 0.0) * (-1 if lower else 1)))
    said = talk.parts("SLICE")
    chosen = [pair for at, pair in enumerate(ranked) if at < ROWS or slice_key(pair[1].feature, pair[1].value) in said]
    head = html.Thead(
        html.Tr(
            [
                html.Th("Slice", scope="col"),
                talk.head(),
                html.Th(clipped(metric, 40), scope="col", className="number"),
                html.Th("Rows", scope="col", className="number"),
            ]
        )
    )
    rows = [
        html.Tr(
            [
                html.Th(f"{clipped(one.feature, 40)} {clipped(one.value, 40)}", scope="row"),
                talk.cell("SLICE", slice_key(one.feature, one.value)),
                html.Td(formats.figure(value), className="number"),
                html.Td(f"{one.rows:,}", className="number"),
            ]
        )
        for value, one in chosen
    ]
    others = len(scores) - len(chosen)
    more = html.P(f"{formats.plural(others, 'slice')} that did better", className="table-more") if others else None
    table = scrolling(html.Table([head, html.Tbody(rows)], className="table compact"), "Slices of the candidate", 300)
    return html.Details(
        [html.Summary("As a table, to comment on a slice"), table, more], open=bool(said), className="details"
    )


def _disparities(found: Sequence[Disparity], talk: Talk | None) -> Component:
    if not found:
        return None
    lines = [
        html.Li(
            [
                badge("fairness", "alias") if one.kind == "FAIRNESS" else None,
                " ",
                html.Span(f"{clipped(one.feature, 30)} {clipped(one.worst, 30)}", className="strong"),
                f" is worst: {clipped(one.metric, 30)} {formats.figure(one.worst_value, 3)} in "
                f"{formats.plural(one.worst_rows, 'row')}, against {formats.figure(one.best_value, 3)} "
                f"for {clipped(one.best, 30)}. ",
                talk.button("SLICE", slice_key(one.feature, one.worst)) if talk else None,
            ]
        )
        for one in found[:3]
    ]
    return html.Ul(lines, className="plain-list")


def explanation(one: Evaluation) -> Component:
    found = one.explanation
    if found is None or not (found.importances or found.examples):
        return empty("Not explained yet", "Give the evaluation importances and examples.", icon_name="eye")
    source = f"Method: {clipped(found.method, 60)}, on {clipped(one.split.name, 60)}"
    parts: list[Component] = [html.P(source, className="card-hint")]
    if found.importances:
        figure = figures.importance(found.importances)
        parts.append(graph(figure, "Importance of each feature", int(figure["layout"]["height"])))
    for example in found.examples[:_EXAMPLES]:
        label = f", was {clipped(example.label, 30)}" if example.label else ""
        title = f"{clipped(example.row, 80)}: {clipped(example.prediction, 30)}{label}"
        body: list[Component] = [html.P(clipped(example.note, 400), className="answer")] if example.note else []
        if example.contributions:
            figure = figures.contributions(example)
            body.append(graph(figure, f"What made the prediction for {example.row}", int(figure["layout"]["height"])))
        parts.append(html.Details([html.Summary(title), html.Div(body)], className="details"))
    return html.Div(parts)


def pictures(one: Evaluation) -> Component:
    """Curves and the confusion matrix, where they were recorded."""
    parts = []
    if one.curves:
        parts.append(graph(figures.curve(one.curves), "Curves of the evaluation", 300))
    if one.confusion:
        parts.append(graph(figures.confusion(one.confusion), "Confusion matrix", 300))
    return html.Div(parts, className="halves") if parts else None


def compared(found: Comparison, talk: Talk | None = None) -> Component:
    """Candidate beside champion on what both were evaluated on, with the chance that it is luck."""
    if not found.metrics:
        return None
    note = (
        None
        if found.same_split
        else html.P(
            [icon("alert-triangle"), "They were evaluated on different splits: figures can't be compared strictly."],
            className="note",
        )
    )
    head = html.Thead(
        html.Tr(
            [html.Th("Metric", scope="col"), *([talk.head()] if talk else [])]
            + [
                html.Th(text, scope="col", className="number")
                for text in ("Candidate", "Champion", "Difference", "By chance")
            ]
        )
    )
    table = html.Table([head, html.Tbody([_figure(one, talk) for one in found.metrics])], className="table compact")
    return html.Div([note, scrolling(table, "Candidate beside champion", 480), _worse_slices(found, talk)])


def _figure(one: FigureCompared, talk: Talk | None) -> Component:
    difference: Component = formats.NOTHING
    if one.difference is not None:
        sign = "+" if one.difference > 0 else "−" if one.difference < 0 else "±"
        word = {True: " better", False: " worse", None: ""}[one.better]
        look = {True: "better", False: "worse", None: ""}[one.better]
        difference = html.Span(f"{sign}{formats.figure(abs(one.difference))}{word}", className=look)
    return html.Tr(
        [
            html.Th(clipped(one.name, 50), scope="row"),
            *([talk.cell("METRIC", one.name, there=one.candidate is not None)] if talk else []),
            html.Td(formats.figure(one.candidate), className="number"),
            html.Td(formats.figure(one.champion), className="number"),
            html.Td(difference, className="number"),
            html.Td(
                html.Span(f"p = {formats.figure(one.p_value, 2)}", title=clipped(one.test, 80))
                if one.p_value is not None
                else html.Span("not tested", className="sub"),
                className="number",
            ),
        ]
    )


def _worse_slices(found: Comparison, talk: Talk | None) -> Component:
    worse = [one for one in found.slices if one.better is False]
    if not worse:
        return None
    lines = [
        html.Li(
            [
                html.Span(f"{clipped(one.feature, 30)} {clipped(one.value, 30)}", className="strong"),
                f": {clipped(one.metric, 30)} {formats.figure(one.candidate, 3)} against "
                f"{formats.figure(one.champion, 3)} ",
                talk.button("SLICE", slice_key(one.feature, one.value)) if talk else None,
            ]
        )
        for one in worse[:8]
    ]
    more = html.P(f"and {len(worse) - 8} more", className="sub") if len(worse) > 8 else None
    return html.Div(
        [
            html.H3("Slices where the candidate is worse", className="chart-title spaced"),
            html.Ul(lines, className="plain-list"),
            more,
        ]
    )
