"""Registered models as a table: champion, versions, newest figures, a line of recent performance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash import html

from dashboard import formats
from dashboard.attention import newest_telling
from dashboard.components.basics import aliases, clipped, icon, link, moment, scrolling
from dashboard.components.sparkline import sparkline
from dashboard.components.states import empty
from dashboard.gateway.views import Connection, Metric, ModelRow
from dashboard.links import Links
from dashboard.performing import CHAMPION, Performing
from dashboard.site import Component

_MOST_METRICS = 1
# What a reader looks for first; the rest in the order the run logged it.
_PREFERRED = ("roc_auc", "auc", "accuracy", "f1", "rmse", "mae", "r2", "log_loss", "loss")

REGISTER_CODE = 'mlflow.register_model(f"runs:/{run_id}/model", "my-model")'


def model_table(
    page: Connection[ModelRow],
    watched: Mapping[str, Performing],
    links: Links,
    *,
    described: bool = False,
    more: Component = None,
) -> Component:
    """`watched`: by model, the version whose performance is shown; `described`: with descriptions and times.

    `more`: what leads to the others, if there are any.
    """
    if not page.nodes:
        return empty(
            "No models registered yet",
            "Register one from any MLflow client; it appears here at once.",
            icon_name="cube",
            code=REGISTER_CODE,
        )
    head = html.Thead(
        html.Tr(
            [
                html.Th("Model", scope="col"),
                html.Th("Champion", scope="col"),
                html.Th("Versions", scope="col", className="number"),
                html.Th("Newest version", scope="col"),
                html.Th("Live performance", scope="col"),
                html.Th("Updated", scope="col", className="end") if described else None,
            ]
        )
    )
    body = html.Tbody([_row(model, watched.get(model.name), links, described) for model in page.nodes])
    table = scrolling(html.Table([head, body], className="table"), "Registered models", 560)
    return html.Div([table, more])


def _row(model: ModelRow, watched: Performing | None, links: Links, described: bool) -> Component:
    champion = next((alias.version for alias in model.aliases if alias.name == CHAMPION), None)
    others = [f"{alias.name} v{alias.version}" for alias in model.aliases if alias.name != CHAMPION]
    latest = model.latest_version
    return html.Tr(
        [
            html.Td(
                [
                    link(clipped(model.name, 60), links.model(model.name), className="link strong"),
                    html.Div(clipped(model.description, 90), className="sub")
                    if described and model.description
                    else None,
                ]
            ),
            html.Td(
                html.Div(
                    [
                        html.Span(f"v{champion}", className="strong") if champion else html.Span("–", className="sub"),
                        *aliases(others[:1]),
                    ],
                    className="buttons",
                )
            ),
            html.Td(formats.count(model.version_count), className="number"),
            html.Td(headline_metrics(latest.metrics) if latest else html.Span("–", className="sub")),
            html.Td(_performance(watched, links) if watched else html.Span("not watched", className="sub")),
            html.Td(moment(model.updated_at), className="end") if described else None,
        ]
    )


def chosen_metrics(metrics: Sequence[Metric], most: int = _MOST_METRICS) -> list[Metric]:
    """The few figures to show of many: those on unseen data before those on training data."""

    def rank(metric: Metric) -> tuple[bool, bool, int]:
        key = metric.key.lower()
        place = next((i for i, word in enumerate(_PREFERRED) if word in key), len(_PREFERRED))
        return key.startswith("train"), "/" in key, place  # `roc_auc/carrier/UA` is one of many slices

    return sorted(metrics, key=rank)[:most]


_LOWER_IS_BETTER = ("loss", "error", "rmse", "mae", "mse", "brier")


def lower_is_better(key: str) -> bool:
    """Whether a metric of this name is usually an error."""
    return any(word in key.lower() for word in _LOWER_IS_BETTER)


def headline_metrics(metrics: Sequence[Metric]) -> Component:
    chosen = chosen_metrics(metrics)
    if not chosen:
        return html.Span("–", className="sub")
    return html.Div(
        [
            html.Span(
                [
                    html.Span(clipped(metric.key, 20), className="metric-name", title=clipped(metric.key)),
                    html.Span(metric_text(metric), className="metric-value"),
                ],
                className="metric",
            )
            for metric in chosen
        ],
        className="metrics",
    )


def metric_text(metric: Metric) -> str:
    return formats.figure(metric.value) if metric.value is not None else metric.text or formats.NOTHING


def _performance(watched: Performing, links: Links) -> Component:
    version = watched.monitored
    known = [value for _, value in watched.points]
    newest = newest_telling(watched.windows)
    drifted = {f.feature for f in newest.features if f.drifted} if newest else set()
    return link(
        [
            sparkline(known) if len(known) > 1 else html.Span("waiting for labels", className="sub"),
            html.Span(formats.score(known[-1]), className="strong", title=watched.measure.label) if known else None,
            html.Span(
                [icon("alert-triangle", "Drifted features:"), str(len(drifted))],
                className="drifts",
                title=f"{formats.plural(len(drifted), 'feature')} drifted in the newest window",
            )
            if drifted
            else None,
            icon("chevron-right"),
        ],
        links.monitored(version.model, version.version),
        className="live-cell",
        **{"title": f"Monitoring of {clipped(version.model, 60)} v{version.version}"},
    )
