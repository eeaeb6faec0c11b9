"""Alerts as people handle them: how bad, what for, since when, and whose they are."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from dashboard import formats
from dashboard.components.basics import badge, clipped, link, moment, stacking
from dashboard.components.states import empty
from dashboard.gateway.alert_views import AlertRow
from dashboard.links import Links
from dashboard.site import Component

SEVERITIES = {
    "CRITICAL": ("critical", "bad", "alert-triangle"),
    "WARNING": ("warning", "warn", "alert-triangle"),
    "INFO": ("info", "accent", "bell"),
}
STATES = {
    "OPEN": ("open", "warn", "bell"),
    "ACKNOWLEDGED": ("acknowledged", "accent", "eye"),
    "RESOLVED": ("resolved", "good", "circle-check"),
}
METRICS = {
    "FEATURE_DRIFT": "Drift of a feature",
    "PREDICTION_DRIFT": "Drift of the prediction",
    "MULTIVARIATE_DRIFT": "How features hang together",
    "PERFORMANCE": "Performance",
    "ESTIMATED_PERFORMANCE": "Estimated performance",
    "MISSING": "Missing values",
    "UNSEEN": "Unseen categories",
    "OUT_OF_RANGE": "Out of range",
    "TYPE_ERRORS": "Wrong types",
    "VOLUME": "Volume",
    "FRESHNESS": "Freshness",
}
_RANK = {"CRITICAL": 0, "WARNING": 1, "INFO": 2}


def severity_badge(severity: str) -> Component:
    return badge(*SEVERITIES.get(severity, (severity.lower(),)))


def state_badge(state: str) -> Component:
    return badge(*STATES.get(state, (state.lower(),)))


def by_weight(alerts: Sequence[AlertRow]) -> list[AlertRow]:
    """What nobody looks after first, then the worst, then the newest."""
    return sorted(alerts, key=lambda one: (one.state != "OPEN", _RANK.get(one.severity, 3), -one.opened_at.timestamp()))


def alert_table(alerts: Sequence[AlertRow], links: Links) -> Component:
    if not alerts:
        return empty("No alerts", "Nothing that these filters ask for.", icon_name="circle-check")
    head = html.Thead(
        html.Tr(
            [
                html.Th("Alert", scope="col"),
                html.Th("Severity", scope="col"),
                html.Th("State", scope="col"),
                html.Th("Opened", scope="col", className="end"),
            ]
        )
    )
    return stacking(
        html.Table([head, html.Tbody([_row(one, links) for one in alerts])], className="table"), "Alerts", 600
    )


def _again(times: int) -> str:
    return f"came back {formats.plural(times, 'time')}"


def _row(one: AlertRow, links: Links) -> Component:
    cause = clipped(one.causes[0].text, 160) if one.causes else ""
    who = f"{clipped(one.model, 60)} v{clipped(one.version, 12)}"
    return html.Tr(
        [
            html.Td(
                [
                    link(clipped(one.title, 120), links.alert(one.alert_id), className="link strong"),
                    html.Div([who, f" · {cause}" if cause else ""], className="sub"),
                ]
            ),
            html.Td(severity_badge(one.severity)),
            html.Td(
                [
                    state_badge(one.state),
                    html.Div(f"by {clipped(one.acknowledged_by, 30)}", className="sub")
                    if one.acknowledged_by and one.state == "ACKNOWLEDGED"
                    else None,
                ]
            ),
            html.Td(
                [
                    moment(one.opened_at),
                    html.Div(_again(one.reopened), className="sub") if one.reopened else None,
                ],
                className="end",
            ),
        ]
    )
