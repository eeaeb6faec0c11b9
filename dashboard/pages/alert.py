"""`/alerts/<id>`: one alert with its causes, its windows, the next step, and what people did about it."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from dashboard import formats
from dashboard.components.acting import act
from dashboard.components.alerts import METRICS, severity_badge, state_badge
from dashboard.components.basics import card, clipped, facts, icon, link, moment, page_head, scrolling, wild
from dashboard.components.charts import graph
from dashboard.components.controls import more_of, part_of
from dashboard.components.sections import rendered
from dashboard.components.states import empty
from dashboard.components.thread import Comment, say, thread
from dashboard.figures.alert import alert_windows
from dashboard.gateway import operations as ask
from dashboard.gateway.alert_views import Alert, AlertCause
from dashboard.gateway.production_views import Retraining
from dashboard.links import query
from dashboard.live import names
from dashboard.pages.page import Page
from dashboard.site import Component, Section, Site, Visit
from services.contracts.errors import LifecycleError, NotFound, Unauthenticated

_RESOLUTIONS = {"BY_ITSELF": "by itself", "BY_HAND": "by hand", "RULE_REMOVED": "because its rule is gone"}


async def load(visit: Visit) -> Alert:
    alert = await visit.ask(ask.ALERT, id=visit.parts["id"])
    if alert is None:
        raise NotFound(f"There is no alert {clipped(visit.parts['id'], 60)}.")
    return alert


async def head_section(site: Site, visit: Visit) -> Component:
    alert = await load(visit)
    held = {"alertId": alert.alert_id}
    about = {"model": alert.model, "version": alert.version, "rule": alert.rule}
    waiting = await asked_for(visit, alert)
    buttons = []
    if alert.state == "OPEN":
        buttons.append(act("alert.acknowledge", "I look after it…", held, icon_name="eye", look="primary"))
    if alert.state != "RESOLVED":
        buttons.append(act("alert.resolve", "Resolve…", held, icon_name="circle-check"))
        if waiting is None:
            wish = {**about, **held, "known": f"{alert.title} (alert {alert.alert_id})"}
            buttons.append(act("retraining.request", "Request retraining…", wish, icon_name="refresh"))
    buttons.append(act("silence.set", "Silence…", about, icon_name="bell"))
    return html.Div(
        [
            html.Div([severity_badge(alert.severity), state_badge(alert.state)], className="badges"),
            html.P([icon("arrow-right"), html.Span(clipped(alert.next_step, 600))], className="next-step")
            if alert.next_step
            else None,
            html.Div(buttons, className="buttons"),
            _waiting(waiting, site) if waiting else None,
        ]
    )


async def asked_for(visit: Visit, alert: Alert) -> Retraining | None:
    """The request for retraining the version that waits for its answer; None too while nobody can say."""
    about = {"model": alert.model, "version": alert.version}
    try:
        page = await visit.ask(ask.RETRAININGS, first=1, states=["OPEN", "RUNNING"], **about)
    except Unauthenticated:
        raise
    except LifecycleError:
        return None
    return next(iter(page.nodes), None)


def _waiting(one: Retraining, site: Site) -> Component:
    """That the version is to be retrained, and the way to take that back."""
    held = {"id": one.retraining_id, "expected": one.revision}
    under_way = ", a run is under way" if one.state == "RUNNING" else ""
    return html.Div(
        [
            icon("refresh"),
            html.Div(
                [
                    html.Div(
                        [
                            "Retraining asked for by ",
                            clipped(one.requested_by, 40),
                            " ",
                            moment(one.requested_at),
                            under_way,
                        ]
                    ),
                    html.Div(
                        [
                            link("Its state", site.links.version(one.model, one.version), className="button small"),
                            act("retraining.decline", "Take it back…", held, look="small"),
                        ],
                        className="buttons",
                    ),
                ]
            ),
        ],
        className="next-step",
    )


async def causes_section(site: Site, visit: Visit) -> Component:
    alert = await load(visit)
    leading = alert.causes[0] if alert.causes else None
    chart = (
        graph(
            alert_windows(alert.windows, leading.figure if leading else "", leading.limit if leading else None),
            "The leading cause's figure in each window of the alert",
            240,
        )
        if alert.windows
        else None
    )
    page = part_of(alert.causes, visit.state, "after-causes")
    here = site.links.alert(alert.alert_id)
    more = more_of("causes", page, lambda **kept: here + query(kept), visit.state, "after-causes")
    return html.Div([_causes(page.nodes, alert, site), more, chart])


def _causes(causes: Sequence[AlertCause], alert: Alert, site: Site) -> Component:
    if not causes:
        return empty("No causes recorded", "The rule fired without a named feature.", icon_name="search")
    head = html.Thead(
        html.Tr(
            [html.Th("What", scope="col"), html.Th("How", scope="col")]
            + [html.Th(text, scope="col", className="number") for text in ("Found", "Expected", "Limit")]
        )
    )

    def row(one: AlertCause) -> Component:
        place = _around(alert, site, one.subject)
        return html.Tr(
            [
                html.Td(link(clipped(one.subject, 40), place, className="link strong")),
                html.Td(clipped(one.text, 240)),
                *(
                    html.Td(formats.figure(value, 3), className="number")
                    for value in (one.value, one.expected, one.limit)
                ),
            ]
        )

    return scrolling(
        html.Table([head, html.Tbody([row(one) for one in causes])], className="table compact"), "Causes", 560
    )


def _time_of(alert: Alert) -> str:
    """From the first window that fired to the end of the newest."""
    known = [window for window in alert.windows if window.start >= alert.first_window]
    return formats.period(known[0].start, known[-1].end) if known else formats.absolute(alert.first_window)


def _around(alert: Alert, site: Site, feature: str) -> str:
    """The monitoring page zoomed to the alert's windows, with as much time before them."""
    known = alert.windows
    if not known:
        return site.links.monitored(alert.model, alert.version, feature=feature)
    length = known[-1].end - known[0].start
    start, end = (f"{one:%Y-%m-%dT%H:%M:%S}" for one in (known[0].start - length, known[-1].end + length / 4))
    return site.links.monitored(alert.model, alert.version, feature=feature, start=start, end=end)


async def story_section(site: Site, visit: Visit) -> Component:
    alert = await load(visit)
    comments = [Comment(one.id, one.by, one.text, one.at) for one in alert.comments]
    steps: list[tuple[str, Component]] = [("Opened", moment(alert.opened_at))]
    if alert.reopened:
        steps.append(("Came back", formats.plural(alert.reopened, "time")))
    if alert.acknowledged_at:
        note = f": {clipped(alert.acknowledge_note, 200)}" if alert.acknowledge_note else ""
        steps.append(
            ("Acknowledged", [clipped(alert.acknowledged_by or "", 40), ", ", moment(alert.acknowledged_at), note])
        )
    if alert.retraining_requested_at:
        steps.append(("Retraining asked for", moment(alert.retraining_requested_at)))
    if alert.resolved_at:
        how = _RESOLUTIONS.get(alert.resolution or "", "")
        why = f": {clipped(alert.resolve_reason, 300)}" if alert.resolve_reason else ""
        steps.append(("Resolved", [moment(alert.resolved_at), f" {how}{why}"]))
    return html.Div([facts(steps), html.H3("Comments", className="chart-title spaced"), _thread(comments, site, visit)])


def _thread(comments: Sequence[Comment], site: Site, visit: Visit) -> Component:
    return thread(comments, state=visit.state, address=site.links.alert(visit.parts["id"]))


SECTIONS: dict[str, Section] = {
    "alert-head": head_section,
    "alert-causes": causes_section,
    "alert-story": story_section,
}


async def render(site: Site, visit: Visit) -> Component:
    alert = await load(visit)
    parts = await rendered(SECTIONS, site, visit)

    # Live as long as it is the beginning of each list.
    story = wild({} if visit.state else {"id": "alert-story"})

    return html.Div(
        [
            page_head(
                clipped(alert.title, 160),
                crumbs=[
                    link("Alerts", site.links.alerts()),
                    link(
                        f"{clipped(alert.model, 40)} v{clipped(alert.version, 12)}",
                        site.links.version(alert.model, alert.version),
                    ),
                ],
                hint=["opened ", moment(alert.opened_at), f", rule {clipped(alert.rule, 60)}"],
            ),
            html.Div(parts["alert-head"], id="alert-head", className="alert-head"),
            html.Div(
                [
                    html.Div(
                        [
                            card(
                                "Causes",
                                parts["alert-causes"],
                                body_id="" if visit.state else "alert-causes",
                                hint="Of the newest window that fired, the largest first.",
                            ),
                            card(
                                "Where to look",
                                html.Div(
                                    [
                                        link(
                                            [icon("activity"), "Monitoring"],
                                            _around(alert, site, alert.causes[0].subject if alert.causes else ""),
                                            className="button",
                                        ),
                                        link(
                                            [icon("git-commit"), "Lineage"],
                                            site.links.lineage("alert", alert.alert_id),
                                            className="button",
                                        ),
                                        link(
                                            [icon("versions"), "Version"],
                                            site.links.version(alert.model, alert.version),
                                            className="button",
                                        ),
                                    ],
                                    className="buttons",
                                ),
                                hint=f"{METRICS.get(alert.metric, alert.metric)}, windows of {_time_of(alert)}.",
                            ),
                        ],
                        className="column",
                    ),
                    card(
                        "What happened",
                        html.Div(
                            [
                                html.Div(parts["alert-story"], **story),
                                say("alert.comment", {"alertId": alert.alert_id}),
                            ]
                        ),
                    ),
                ],
                className="split wide",
            ),
        ]
    )


PAGE = Page(
    "alerts/<id>",
    lambda parts: "Alert",
    render,
    topics=lambda parts: [names.alert(parts["id"])],
    area="alerts",
    by_state=True,
    charts=True,
)
