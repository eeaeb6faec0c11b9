"""`/alerts`: the inbox. The state of the page: `show` (open, resolved, all, silences), `severity`, `model`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboard import formats
from dashboard.components.acting import act
from dashboard.components.alerts import SEVERITIES, alert_table, by_weight
from dashboard.components.basics import badge, card, clipped, moment, page_head, stacking, wild
from dashboard.components.controls import choice, more_of, page_of, search_field, segments
from dashboard.components.sections import rendered
from dashboard.components.states import empty
from dashboard.gateway import operations as ask
from dashboard.gateway.alert_views import Silence
from dashboard.live import names
from dashboard.pages.page import Page
from dashboard.site import Component, Section, Site, Visit

SHOWS = {"": "Unresolved", "resolved": "Resolved", "all": "All", "silences": "Silences"}


def limits(state: Mapping[str, str]) -> dict[str, Any]:
    """What the address asks for."""
    show, severity = state.get("show", ""), state.get("severity", "")
    states = {"": ["OPEN", "ACKNOWLEDGED"], "resolved": ["RESOLVED"]}.get(show)
    found: dict[str, Any] = {"states": states} if states else {}
    if severity in SEVERITIES:
        found["severities"] = [severity]
    if state.get("model"):
        found["model"] = state["model"]
    return found


async def inbox_section(site: Site, visit: Visit) -> Component:
    page = await visit.ask(ask.ALERTS, **page_of(visit.state, **limits(visit.state)))
    if not page.nodes and not any(visit.state.values()):
        hint = "Nothing is wrong that a rule would call for. Rules stand in the settings; resolved alerts above."
        return empty("All quiet", hint, icon_name="circle-check")
    table = alert_table(by_weight(page.nodes), site.links)
    return html.Div([table, more_of("alerts", page, site.links.alerts, visit.state)])


SECTIONS: dict[str, Section] = {"alerts-inbox": inbox_section}


async def silences_section(site: Site, visit: Visit) -> Component:
    page = await visit.ask(ask.SILENCES, **page_of(visit.state))
    return html.Div([_silences(page.nodes, site), more_of("silences", page, site.links.alerts, visit.state)])


def _silences(silences: Sequence[Silence], site: Site) -> Component:
    if not silences:
        hint = "During maintenance, a silence keeps windows from opening, continuing or resolving alerts."
        return empty("No silences", hint, icon_name="bell")
    head = html.Thead(
        html.Tr([html.Th(text, scope="col") for text in ("What", "When (event time)", "Why", "By")] + [html.Td()])
    )
    now = site.now()

    def row(one: Silence) -> Component:
        what = " ".join(
            part
            for part in (
                clipped(one.model or "every model", 60),
                f"v{one.version}" if one.version else "",
                f"rule {clipped(one.rule, 40)}" if one.rule else "",
            )
            if part
        )
        over = one.ended_by is not None or one.end <= now
        return html.Tr(
            [
                html.Td(
                    [html.Div(what, className="strong"), badge("over") if over else badge("in force", "accent", "bell")]
                ),
                html.Td(formats.period(one.start, one.end)),
                html.Td(clipped(one.reason, 160)),
                html.Td([clipped(one.by, 40), html.Div(moment(one.created_at), className="sub")]),
                html.Td(
                    None if over else act("silence.end", "End it…", {"silenceId": one.id}, look="small"),
                    className="end",
                ),
            ]
        )

    return stacking(
        html.Table([head, html.Tbody([row(one) for one in silences])], className="table compact"), "Silences", 640
    )


async def render(site: Site, visit: Visit) -> Component:
    state = visit.state
    show = state.get("show", "") if state.get("show", "") in SHOWS else ""
    head = page_head(
        "Alerts",
        hint="Only what chance doesn't explain, and what is large enough to matter.",
        aside=html.Div(
            [
                segments("show", "Which alerts", SHOWS, show),
                act("silence.set", "Silence…", {"model": state.get("model", "")}, icon_name="bell"),
            ],
            className="buttons",
        ),
    )
    if show == "silences":
        return html.Div([head, card("Silences", await silences_section(site, visit))])
    parts = await rendered(SECTIONS, site, visit)
    severities = {"": "Any severity", **{key: words[0].capitalize() for key, words in SEVERITIES.items()}}
    narrowed = any(value for name, value in state.items())
    controls = dmc.Group(
        [
            choice("severity", "Severity", severities, state.get("severity", ""), width=160),
            search_field("model", "Model", state.get("model", ""), "Model"),
        ],
        gap="xs",
        mb="md",
    )
    inbox = html.Div(parts["alerts-inbox"], **wild({} if narrowed else {"id": "alerts-inbox"}))
    return html.Div([head, card(SHOWS[show], html.Div([controls, inbox]))])


PAGE = Page("alerts", lambda parts: "Alerts", render, topics=lambda parts: [names.ALERTS], area="alerts", by_state=True)
