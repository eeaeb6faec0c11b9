"""What waits for the person in front of the page: asked for with their own token, so never shared between browsers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from dash import html

from dashboard import mine
from dashboard.components.basics import badge, card, clipped, icon, link, moment
from dashboard.gateway import operations as ask
from dashboard.links import Links
from dashboard.mine import Errand
from dashboard.site import Component, Site, Visit
from services.contracts.errors import LifecycleError, Unauthenticated

_ASKED = 50
_SHOWN = 8
_ICONS = {"review": "message", "mention": "at", "gates": "circle-x"}


async def errands_section(site: Site, visit: Visit) -> Component:
    """A card, or nothing where nothing waits. What can't be said right now is left out: it has its own page as well."""
    who = (await visit.ask(ask.VIEWER)).user
    reviews, events, gates = await asyncio.gather(
        _or_none(visit.ask(ask.REVIEWS, first=_ASKED, states=["OPEN"], waitingFor=who)),
        _or_none(visit.ask(ask.MENTIONS, first=_ASKED, types=list(mine.MENTIONING))),
        _or_none(visit.ask(ask.GATE_RESULTS, first=_ASKED)),
    )
    found = mine.of_reviews(reviews.nodes) if reviews else []
    found += mine.of_gates(gates.nodes, who) if gates else []
    found += mine.of_events(events.nodes, who) if events else []
    if not found:
        return None
    more = len(found) - _SHOWN
    body = html.Ul([_errand(one, site.links) for one in found[:_SHOWN]], className="concerns")
    rest = html.P(f"and {more} more", className="table-more") if more > 0 else None
    return card("Waiting for you", html.Div([body, rest]), aside=badge(str(len(found)), "accent"))


async def _or_none(asked: Awaitable[Any]) -> Any:
    try:
        return await asked
    except Unauthenticated:
        raise
    except LifecycleError:
        return None


def _page_of(one: Errand, links: Links) -> str:
    match one.kind:
        case "review":
            return links.review(one.model, one.version)
        case "mention":
            return links.insight(one.thing)
    return links.version(one.model, one.version)


def _errand(one: Errand, links: Links) -> Component:
    return html.Li(
        link(
            [
                html.Span(icon(_ICONS.get(one.kind, "flag")), className=f"errand-{one.kind}"),
                html.Span(
                    [
                        html.Span(clipped(one.title, 160), className="concern-title"),
                        html.Span([clipped(one.detail, 200), " · ", moment(one.at)], className="concern-detail"),
                    ]
                ),
                icon("chevron-right"),
            ],
            _page_of(one, links),
            className="concern errand",
        )
    )
