"""Insights where they belong: what somebody has learned about a thing, and a way to write down more."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from dashboard.components.acting import act
from dashboard.components.basics import card, clipped, link, moment
from dashboard.components.states import empty, failed
from dashboard.components.things import thing_link
from dashboard.gateway import operations as ask
from dashboard.gateway.project_views import Insight
from dashboard.links import Links
from dashboard.site import Component, Site, Visit
from services.contracts.errors import LifecycleError, Unauthenticated

_SHOWN = 6


async def insights_card(site: Site, visit: Visit, kind: str, thing: str, title: str = "Insights") -> Component:
    """Notes about `thing`, the newest first."""
    write = act("insight.write", "Note an insight…", {"kind": kind, "id": thing}, icon_name="plus", look="small")
    try:
        page = await visit.ask(ask.INSIGHTS, first=_SHOWN, about=[{"kind": kind, "id": thing}])
    except Unauthenticated:
        raise
    except LifecycleError as error:
        return card(title, failed(error))
    if not page.nodes:
        hint = "Write down what was learned here: it is found by search, and shown where the next person works."
        return card(title, empty("No insights yet", hint, icon_name="bulb"), aside=write)
    return card(title, insight_list(page.nodes, site.links), aside=write)


def insight_list(insights: Sequence[Insight], links: Links) -> Component:
    return html.Ul([_entry(one, links) for one in insights], className="insights")


def _entry(one: Insight, links: Links) -> Component:
    about = [part for thing in one.links[:4] for part in (" · ", thing_link(links, thing.kind, thing.id))]
    comments = (
        [f" · {one.comment_count} comments" if one.comment_count > 1 else " · 1 comment"] if one.comment_count else []
    )
    return html.Li(
        [
            link(clipped(one.title, 160), links.insight(one.insight_id), className="link strong"),
            html.P(clipped(one.excerpt, 240), className="answer"),
            html.Div([clipped(one.author, 40), " · ", moment(one.updated_at), *comments, *about], className="sub"),
        ]
    )
