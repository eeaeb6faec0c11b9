"""What stands between a version and production, and what follows from it: standings, card, retraining."""

from __future__ import annotations

import asyncio
import re

from dash import dcc, html

from dashboard.components.acting import act
from dashboard.components.basics import badge, clipped, link, moment, scrolling, wild
from dashboard.components.states import empty
from dashboard.gateway import operations as ask
from dashboard.gateway.production_views import Deployment, Retraining, Standing
from dashboard.site import Component, Site, Visit

_RULES = {"REVIEW_NOT_APPROVED": "no approved review", "GATES_NOT_PASSED": "gates not passed"}
_RETRAININGS = 5  # of the model, the newest
_RETRAINING = {
    "OPEN": ("asked for", "warn", "refresh"),
    "RUNNING": ("under way", "accent", "loader"),
    "ANSWERED": ("answered", "good", "circle-check"),
    "DECLINED": ("declined", "", "circle-x"),
}


async def standings_section(site: Site, visit: Visit) -> Component:
    """Each environment: what it asks for, what runs there now, and the buttons."""
    model, version = visit.parts["model"], visit.parts["version"]
    standings, running = await asyncio.gather(
        visit.ask(ask.STANDINGS, model=model, version=version), visit.ask(ask.DEPLOYMENTS, model=model)
    )
    if not standings:
        hint = "Set one up in the settings; it says what a version needs to run there."
        return empty("No environments", hint, icon_name="arrow-up-right")
    now = {one.environment: one for one in running or []}
    head = html.Thead(
        html.Tr([html.Th(text, scope="col") for text in ("Environment", "Runs now", "This version")] + [html.Td()])
    )
    rows = [_standing(model, version, one, now.get(one.environment)) for one in standings]
    return scrolling(html.Table([head, html.Tbody(rows)], className="table"), "Environments", 640)


def _standing(model: str, version: str, one: Standing, deployment: Deployment | None) -> Component:
    held = {"model": model, "environment": one.environment}
    current = deployment.current if deployment else None
    revision = {"expected": deployment.revision} if deployment else {}
    if one.runs_here:
        look = badge("runs here", "good", "circle-check")
    elif one.missing:
        missing = ", ".join(_RULES.get(rule, rule.lower()) for rule in one.missing)
        look = html.Span([badge("not yet", "warn", "alert-triangle"), html.Span(f" {missing}", className="sub")])
    else:
        look = badge("may be deployed", "good", "circle-check")
    buttons = []
    if not one.runs_here:
        given = {**held, **revision, "version": version, "missing": list(one.missing)}
        given["former"] = current.version if current else ""
        buttons.append(act("deployment.deploy", "Deploy…", given, look="small" if one.missing else "small primary"))
    earlier = list(dict.fromkeys(stay.version for stay in (deployment.history if deployment else [])))
    former = [number for number in earlier if current is None or number != current.version]
    if current and former:
        given = {**held, **revision, "choices": former, "current": current.version}
        buttons.append(act("deployment.roll_back", "Roll back…", given, look="small"))
    if current and one.runs_here:
        buttons.append(act("deployment.retire", "Retire…", held, look="small"))
    return html.Tr(
        [
            html.Td(clipped(one.environment, 60), className="strong"),
            html.Td(
                [
                    f"v{clipped(current.version, 12)}",
                    html.Div(["since ", moment(current.start), f", {clipped(current.by, 30)}"], className="sub"),
                    html.Div(f"overridden: {clipped(current.override_reason, 120)}", className="sub")
                    if current.overridden
                    else None,
                ]
                if current
                else html.Span("nothing", className="sub")
            ),
            html.Td(look),
            html.Td(html.Div(buttons, className="buttons end"), className="end"),
        ]
    )


def demoted(markdown: str) -> str:
    """Markdown whose headings fit below those of the page, and whose pictures are only links."""
    lines = re.sub(r"!\[", "[", markdown).splitlines()
    return "\n".join(re.sub(r"^(#{1,4})(?=\s)", r"##\1", line) for line in lines)


async def card_section(site: Site, visit: Visit) -> Component:
    """The published card, or a draft; and its authors' words."""
    model, version = visit.parts["model"], visit.parts["version"]
    card, words = await asyncio.gather(
        visit.ask(ask.MODEL_CARD, model=model, version=version, draft=False), visit.ask(ask.CARD_WORDS, model=model)
    )
    if card is None:
        return empty("No card", "It can't be made right now.", icon_name="list")
    notes: list[Component] = [
        badge("draft", "", "circle-dashed")
        if not card.revision
        else badge(f"published, revision {card.revision}", "good", "circle-check")
        if card.current
        else badge("published, facts have changed since", "warn", "clock")
    ]
    if card.published_at:
        notes.append(html.Span([moment(card.published_at), f" by {clipped(card.by, 40)}"], className="sub"))
    held = {"model": model, "version": version}
    known = {}
    if words:
        fields = words.words.__struct_fields__
        known = {"expected": words.revision, "known": {name: getattr(words.words, name) for name in fields}}
    return html.Div(
        [
            html.Div(notes, className="badges"),
            html.P(f"Nothing said yet about: {clipped(', '.join(card.missing), 300)}", className="card-hint")
            if card.missing
            else None,
            html.Div(
                dcc.Markdown(demoted(clipped(card.markdown, 60_000)), link_target="_blank"),
                className="model-card",
                tabIndex="0",
                role="region",
                **wild({"aria-label": "Model card"}),
            ),
            html.Div(
                [
                    act("card.write", "Edit the words…", {"model": model, **known}, look="small"),
                    act("card.publish", "Publish…", held, look="small primary" if not card.current else "small"),
                ],
                className="buttons",
            ),
        ]
    )


async def retraining_section(site: Site, visit: Visit) -> Component:
    page = await visit.ask(ask.RETRAININGS, first=_RETRAININGS, model=visit.parts["model"])
    if not page.nodes:
        hint = "An alert may ask for it by its rule, or you with the button above."
        return empty("No retraining asked for", hint, icon_name="refresh")
    return html.Ul([_retraining(one, site) for one in page.nodes], className="moves")


def _retraining(one: Retraining, site: Site) -> Component:
    held = {"id": one.retraining_id, "expected": one.revision}
    links = []
    if one.run_id:
        links += [" · ", link("run", site.links.run(one.run_id))]
    if one.new_version:
        links += [" · ", link(f"v{one.new_version}", site.links.version(one.model, one.new_version))]
    if one.cause == "ALERT" and one.cause_id:
        links += [" · ", link("alert", site.links.alert(one.cause_id))]
    return html.Li(
        [
            html.Div([badge(*_RETRAINING.get(one.state, (one.state.lower(),))), f" of v{clipped(one.version, 12)}"]),
            html.P(clipped(one.reason, 400), className="answer"),
            html.Div([clipped(one.requested_by, 40), ", ", moment(one.requested_at), *links], className="sub"),
            act("retraining.decline", "Decline…", held, look="small") if one.state in ("OPEN", "RUNNING") else None,
        ]
    )
