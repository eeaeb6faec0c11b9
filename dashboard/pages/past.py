"""`/models/<name>/on/<day>` and `/models/<model>/<version>/on/<day>`: a model and a version as they were at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update

from dashboard import formats
from dashboard.components.basics import (
    aliases,
    badge,
    card,
    clipped,
    link,
    many_facts,
    moment,
    page_head,
    scrolling,
    stat,
    stats,
    status,
    wild,
)
from dashboard.components.charts import graph
from dashboard.components.controls import day_field, past_note
from dashboard.components.release import demoted
from dashboard.components.states import empty
from dashboard.components.verdicts import judged
from dashboard.days import day_in, end_of, spelled
from dashboard.figures.stays import stays, stays_height
from dashboard.gateway import operations as ask
from dashboard.gateway.past_views import PastModel, PastVersion, PastVersionRow
from dashboard.gateway.production_views import Deployment
from dashboard.gateway.project_views import Review
from dashboard.gateway.views import KeyValue
from dashboard.pages.page import Page
from dashboard.pages.reviews import review_badge
from dashboard.performing import CHAMPION
from dashboard.site import Component, Site, Visit
from services.contracts.errors import NotFound


def day_id(now: str) -> dict[str, str]:
    """Ties a day's field to the thing whose address is `now`."""
    return {"as-it-was": now}


def day_of(visit: Visit) -> date:
    day = day_in(visit.parts["day"])
    if day is None:
        raise NotFound(f"{clipped(visit.parts['day'], 40)} is no day: it is written like 2026-03-31.")
    return day


def asked_days(now: str, day: str, site: Site, what: str) -> Component:
    """The field that leads to other days; `day` is empty where the present is shown."""
    return day_field(day_id(now), f"{what} as it was on", day, site.now().date())


async def model_as_it_was(site: Site, visit: Visit) -> Component:
    name, day = visit.parts["name"], day_of(visit)
    found = await visit.ask(ask.MODEL_PAST, name=name, asOf=end_of(day))
    now = site.links.model(name)
    head = page_head(
        clipped(name, 120),
        crumbs=[link("Models", site.links.models()), link(clipped(name, 40), now)],
        aside=asked_days(now, day.isoformat(), site, "The model"),
    )
    if found is None:
        words = f"{clipped(name, 80)} wasn't registered by the end of {spelled(day)}."
        return html.Div([head, past_note("The model", day, now), html.Div(empty("Not there yet", words))])
    champion = next((alias.version for alias in found.aliases if alias.name == CHAMPION), None)
    runs_in = [one.environment for one in found.deployments or [] if one.current]
    return html.Div(
        [
            head,
            past_note("The model", day, site.links.model(found.current_name or name)),
            stats(
                [
                    stat("Champion", f"v{champion}" if champion else "none", "by then", icon_name="tag"),
                    stat("Versions", formats.count(found.version_count), "registered by then", icon_name="versions"),
                    stat(
                        "Ran in",
                        clipped(", ".join(runs_in), 40) or "no environment",
                        "at the end of the day",
                        icon_name="arrow-up-right",
                    ),
                ]
            ),
            html.P(clipped(found.description, 2000), className="lead") if found.description else None,
            _tags(found.tags),
            card("Versions", _versions(found, site, day)),
            card("What ran where", _ran(found.deployments, day, site.now())),
        ]
    )


def _versions(model: PastModel, site: Site, day: date) -> Component:
    if not model.versions.nodes:
        return empty("No versions yet", "None was registered by then.", icon_name="versions")

    def row(version: PastVersionRow) -> Component:
        there = f"{site.links.version(model.current_name or model.name, version.version)}/on/{day.isoformat()}"
        run = version.run
        return html.Tr(
            [
                html.Td(link(f"v{clipped(version.version, 12)}", there, className="link strong")),
                html.Td(dmc.Group(aliases(version.aliases), gap=4)),
                html.Td(link(clipped(run.name or run.run_id, 40), site.links.run(run.run_id)) if run else "–"),
                html.Td(status(version.status)),
                html.Td([moment(version.created_at), html.Div(clipped(version.user, 32), className="sub")]),
            ]
        )

    names = ("Version", "Aliases", "Source run", "Status", "Registered")
    head = html.Thead(html.Tr([html.Th(text, scope="col") for text in names]))
    body = html.Tbody([row(version) for version in model.versions.nodes])
    return scrolling(html.Table([head, body], className="table"), "Versions", 640)


def _ran(deployments: Sequence[Deployment] | None, day: date, now: datetime) -> Component:
    ran = [one for one in deployments or [] if one.history]
    if not ran:
        return empty("Nothing was deployed yet", "No version ran anywhere by then.", icon_name="timeline")
    last = min(now, datetime.combine(day, time.min, UTC) + timedelta(days=1))
    return graph(stays(ran, last), f"Which version ran in which environment, until {spelled(day)}", stays_height(ran))


def _tags(tags: Sequence[KeyValue]) -> Component:
    shown = [badge(f"{clipped(tag.key, 60)}: {clipped(tag.value, 120)}") for tag in tags if tag.key[:7] != "mlflow."]
    return html.Div(shown, className="badges") if shown else None


async def version_as_it_was(site: Site, visit: Visit) -> Component:
    model, number, day = visit.parts["model"], visit.parts["version"], day_of(visit)
    data = await visit.ask(ask.VERSION_PAST, model=model, version=number, asOf=end_of(day))
    found, now = data.model_version, site.links.version(model, number)
    head = page_head(
        [
            clipped(model, 80),
            html.Span(f"v{clipped(found.version if found else number, 20)}", className="version"),
            *(aliases(found.aliases) if found else []),
        ],
        crumbs=[link("Models", site.links.models()), link(clipped(model, 40), site.links.model(model))],
        hint=["registered by ", clipped(found.user, 40), " ", moment(found.created_at)] if found else None,
        aside=asked_days(now, day.isoformat(), site, "The version"),
    )
    if found is None:
        words = f"There was no version {clipped(number, 20)} of {clipped(model, 80)} by the end of {spelled(day)}."
        return html.Div([head, past_note("The version", day, now), html.Div(empty("Not there yet", words))])
    there = site.links.version(found.current_name or model, found.version)
    gates = found.gate_result
    return html.Div(
        [
            head,
            past_note("The version", day, there),
            _figures(found),
            html.Div(
                [
                    card(
                        "Gates",
                        judged(gates, past=True)
                        if gates
                        else empty("Not judged by then", "No evaluation had been held against the gates."),
                    ),
                    html.Div(
                        [card("Review", _review(found.review)), card("Note and tags", _noted(found))],
                        className="column",
                    ),
                ],
                className="halves cards loose",
            ),
            card("What ran where", _ran(data.model.deployments if data.model else None, day, site.now())),
            card("Model card", _card(found)),
        ]
    )


def _figures(found: PastVersion) -> Component:
    gates, run = found.gate_result, found.run
    return stats(
        [
            stat(
                "Gates",
                ("passed" if gates.passed else "failed") if gates else "not judged",
                ["judged ", moment(gates.at)] if gates else "",
                tone="warn" if gates and not gates.passed else "",
                icon_name="circle-check",
            ),
            stat(
                "Review",
                review_badge(found.review.state) if found.review else "not requested",
                f"round {found.review.round}" if found.review else "",
                icon_name="message",
            ),
            stat("Status", status(found.status), "", icon_name="versions"),
            stat(
                "Made by",
                clipped(run.name or run.run_id, 30) if run else "not known",
                clipped(run.user, 40) if run else "",
                icon_name="flask",
            ),
        ]
    )


def _review(review: Review | None) -> Component:
    if review is None:
        return empty("No review by then", "Nobody had asked for one.", icon_name="message")
    said = [
        html.Li(
            [
                html.Span([clipped(one.by, 40), f": {one.decision.lower().replace('_', ' ')}"], className="strong"),
                html.P(clipped(one.reason, 400), className="answer"),
                html.Div(moment(one.at), className="sub"),
            ]
        )
        for one in review.decisions
    ]
    return html.Div(
        [
            html.Div(review_badge(review.state), className="badges"),
            html.P(f"Because {clipped(review.lapsed_because, 400)}.", className="card-hint")
            if review.lapsed_because
            else None,
            html.Ul(said, className="moves") if said else html.P("Nobody had decided yet.", className="card-hint"),
        ]
    )


def _noted(found: PastVersion) -> Component:
    rows = [(tag.key, tag.value) for tag in found.tags if tag.key[:7] != "mlflow."]
    return html.Div(
        [
            html.P(clipped(found.description, 4000), className="answer")
            if found.description
            else html.P("No note by then.", className="card-hint"),
            many_facts(rows, "tags") if rows else None,
        ]
    )


def _card(found: PastVersion) -> Component:
    if found.model_card is None:
        return empty("No card was published by then", "Drafts are made of the present only.", icon_name="list")
    return html.Div(
        dcc.Markdown(demoted(clipped(found.model_card.markdown, 60_000)), link_target="_blank"),
        className="model-card",
        tabIndex="0",
        role="region",
        **wild({"aria-label": "Model card"}),
    )


def title(name: str, parts: Mapping[str, str]) -> str:
    return f"{clipped(name, 60)} on {clipped(parts['day'], 20)}"


MODEL_PAGE = Page(
    "models/<name>/on/<day>", lambda parts: title(parts["name"], parts), model_as_it_was, area="models", charts=True
)
PAGE = Page(
    "models/<model>/<version>/on/<day>",
    lambda parts: title(f"{parts['model']} v{parts['version']}", parts),
    version_as_it_was,
    area="models",
    charts=True,
)


def register(app: Dash) -> None:
    @app.callback(
        Output("url", "pathname", allow_duplicate=True),
        Output("url", "search", allow_duplicate=True),
        Input({"as-it-was": ALL}, "value"),
        State("url", "pathname"),
        prevent_initial_call=True,
    )
    def other_day(values: list[str | None], pathname: str) -> Any:
        """The chosen day stands in the address, so that Back works and a link shows the same."""
        moved = [key["as-it-was"] for key in ctx.triggered_prop_ids.values()]
        if len(moved) != 1 or len(values) != 1:
            return no_update, no_update
        wanted = f"{moved[0]}/on/{str(values[0])[:10]}" if values[0] else moved[0]
        return (no_update, no_update) if wanted == pathname else (wanted, "")
