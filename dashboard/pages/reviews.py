"""`/reviews`: versions that wait for somebody, and what was decided.

The state of the page is its address: `show` (open, mine, all), `model` (a part of its name), `after` (more of them).
"""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboard import formats
from dashboard.components.basics import badge, card, clipped, link, moment, page_head, stacking, wild
from dashboard.components.controls import containing, more_of, page_of, search_field, segments
from dashboard.components.sections import rendered
from dashboard.components.states import empty
from dashboard.gateway import operations as ask
from dashboard.gateway.project_views import Review
from dashboard.live import names
from dashboard.pages.page import Page
from dashboard.site import Component, Section, Site, Visit

SHOWS = {"": "Open", "mine": "Waiting for me", "all": "All"}
_STATES = {
    "OPEN": ("open", "accent", "message"),
    "CHANGES_ASKED": ("changes asked", "warn", "arrow-back-up"),
    "APPROVED": ("approved", "good", "circle-check"),
    "LAPSED": ("lapsed", "warn", "clock"),
    "WITHDRAWN": ("withdrawn", "", "circle-x"),
}


def review_badge(state: str) -> Component:
    return badge(*_STATES.get(state, (state.lower(),)))


async def list_section(site: Site, visit: Visit) -> Component:
    show = visit.state.get("show", "")
    limits: dict[str, Any] = {} if show == "all" else {"states": ["OPEN", "CHANGES_ASKED"]}
    if show == "mine":
        limits = {"waitingFor": (await visit.ask(ask.VIEWER)).user}
    model = visit.state.get("model", "")
    page = await visit.ask(ask.REVIEWS, **page_of(visit.state, where=containing(model=model), **limits))
    if model and not page.nodes:
        return empty("Nothing fits", "No such review is of a model with this in its name.", icon_name="search")
    if not page.nodes:
        hint = "Request one on a version's page: somebody other than its author decides."
        title = {"mine": "Nothing waits for you", "all": "No reviews yet"}.get(show, "No open reviews")
        return empty(title, hint, icon_name="message")
    head = html.Thead(
        html.Tr(
            [
                html.Th("Version", scope="col"),
                html.Th("State", scope="col"),
                html.Th("Approvals", scope="col"),
                html.Th("Requested", scope="col", className="end"),
            ]
        )
    )
    rows = [_row(site, review) for review in page.nodes]
    table = stacking(html.Table([head, html.Tbody(rows)], className="table"), "Reviews", 560)
    return html.Div([table, more_of("reviews", page, site.links.reviews, visit.state)])


def _row(site: Site, review: Review) -> Component:
    approved = review.needed - review.missing
    return html.Tr(
        [
            html.Td(
                [
                    link(
                        f"{clipped(review.model, 60)} v{clipped(review.version, 12)}",
                        site.links.review(review.model, review.version),
                        className="link strong",
                    ),
                    html.Div(clipped(review.note, 120), className="sub") if review.note else None,
                ]
            ),
            html.Td(review_badge(review.state)),
            html.Td(
                [
                    f"{approved} of {review.needed}",
                    html.Div(f"round {review.round}", className="sub") if review.round > 1 else None,
                ]
            ),
            html.Td(
                [moment(review.requested_at), html.Div(clipped(review.requested_by, 40), className="sub")],
                className="end",
            ),
        ]
    )


SECTIONS: dict[str, Section] = {"reviews-list": list_section}


async def render(site: Site, visit: Visit) -> Component:
    show = visit.state.get("show", "")
    show = show if show in SHOWS else ""
    parts = await rendered(SECTIONS, site, visit)
    # Live as long as it is the first page of all that are open.
    body = html.Div(parts["reviews-list"], **wild({} if any(visit.state.values()) else {"id": "reviews-list"}))
    narrow = dmc.Group([search_field("model", "Model", visit.state.get("model", ""), "Model")], mb="md")
    return html.Div(
        [
            page_head(
                "Reviews",
                hint="Nothing goes to production on one person's word.",
                aside=segments("show", "Which reviews", SHOWS, show),
            ),
            card(f"{SHOWS[show]}{' reviews' if show != 'mine' else ''}", html.Div([narrow, body])),
        ]
    )


def missing_words(review: Review) -> str:
    """How many approvals are still needed, in words."""
    return f"{formats.plural(review.missing, 'approval')} missing" if review.missing else "no approval missing"


PAGE = Page(
    "reviews",
    lambda parts: "Reviews",
    render,
    topics=lambda parts: [names.REVIEWS],
    area="reviews",
    by_state=True,
)
