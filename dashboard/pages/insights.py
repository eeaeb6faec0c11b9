"""`/insights` and `/insights/<id>`: what has been learned, found by its words; one note with its conversation."""

from __future__ import annotations

from dash import html

from dashboard.components.acting import act
from dashboard.components.basics import card, clipped, link, moment, page_head
from dashboard.components.controls import more_of, page_of, search_field
from dashboard.components.insights import insight_list
from dashboard.components.states import empty
from dashboard.components.things import thing_link
from dashboard.components.thread import Comment, say, thread
from dashboard.gateway import operations as ask
from dashboard.pages.page import Page
from dashboard.site import Component, Site, Visit
from services.contracts.errors import NotFound


async def render_list(site: Site, visit: Visit) -> Component:
    words = visit.state.get("words", "")
    page = await visit.ask(ask.INSIGHTS, **page_of(visit.state, words=words))
    body = (
        insight_list(page.nodes, site.links)
        if page.nodes
        else empty(
            "Nothing fits" if words else "No insights yet",
            "Insights are noted on runs, versions, datasets and projects, and found here by their words.",
            icon_name="bulb",
        )
    )
    return html.Div(
        [
            page_head(
                "Insights",
                hint="What people have learned, tied to what it came from.",
                aside=act("insight.write", "Note an insight…", {}, icon_name="plus", look="primary"),
            ),
            card(
                "Best fit first" if words else "Newest first",
                html.Div(
                    [
                        search_field("words", "Search insights", words, "Words, “a phrase”, -not"),
                        body,
                        more_of("insights", page, site.links.insights, visit.state),
                    ]
                ),
            ),
        ]
    )


async def render_one(site: Site, visit: Visit) -> Component:
    insight = await visit.ask(ask.INSIGHT, id=visit.parts["id"])
    if insight is None:
        raise NotFound(f"There is no insight {clipped(visit.parts['id'], 60)}.")
    held = {"insightId": insight.insight_id}
    known = {
        **held,
        "expected": insight.revision,
        "known": {"title": insight.title, "text": insight.text or ""},
        "links": [{"kind": one.kind, "id": one.id} for one in insight.links],
    }
    about = [part for one in insight.links for part in (thing_link(site.links, one.kind, one.id), " ")]
    comments = [Comment(one.id, one.author, one.text, one.at) for one in insight.comments or []]
    conversation = thread(comments, state=visit.state, address=site.links.insight(insight.insight_id))
    return html.Div(
        [
            page_head(
                clipped(insight.title, 200),
                crumbs=[link("Insights", site.links.insights())],
                hint=[
                    clipped(insight.author, 60),
                    " · ",
                    moment(insight.updated_at),
                    " · about ",
                    *(about or ["nothing"]),
                ],
                aside=html.Div(
                    [act("insight.write", "Edit…", known), act("insight.remove", "Remove…", held)], className="buttons"
                ),
            ),
            card("What was learned", html.P(clipped(insight.text or insight.excerpt, 100_000), className="answer")),
            card("Conversation", html.Div([conversation, say("insight.comment", held)])),
        ]
    )


LIST_PAGE = Page("insights", lambda parts: "Insights", render_list, area="insights", by_state=True)
PAGE = Page("insights/<id>", lambda parts: "Insight", render_one, area="insights", by_state=True)
