"""`/lineage/<kind>/<id>`: what a thing came from and what came of it.

The state of the page is its address: `direction` (up, down; both if unsaid), `depth`, `after` (more of the list).
"""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from dashboard import formats
from dashboard.components.basics import badge, card, clipped, icon, link, moment, page_head, scrolling
from dashboard.components.controls import choice, more_of, part_of, segments
from dashboard.components.lineage import graph
from dashboard.components.lineage_folding import Folded, folded
from dashboard.components.states import empty
from dashboard.components.things import address, named
from dashboard.gateway import operations as ask
from dashboard.gateway.data_views import LineageNode
from dashboard.pages.page import Page
from dashboard.site import Component, Site, Visit
from services.contracts.errors import NotFound

DIRECTIONS = {"": "Both ways", "up": "What it came from", "down": "What came of it"}
DEPTHS = ("1", "2", "3", "5", "10")
_DEPTH = "3"
_MOST = 200
_LISTED = 30  # of many that are alike
_ROWS = 12  # of the list
KINDS = (
    "source", "dataset", "run", "logged_model", "version", "evaluation", "review", "card", "deployment", "window",
    "alert", "retraining",
)  # fmt: skip


async def render(site: Site, visit: Visit) -> Component:
    kind, thing = visit.parts["kind"], visit.parts["id"]
    if kind not in KINDS:
        raise NotFound(f"Nothing is called “{clipped(kind, 40)}” in the lineage.")
    direction = visit.state.get("direction", "") if visit.state.get("direction", "") in DIRECTIONS else ""
    depth = visit.state.get("depth", "") if visit.state.get("depth", "") in DEPTHS else _DEPTH
    found = await visit.ask(
        ask.LINEAGE,
        kind=kind.upper(),
        id=thing,
        direction=(direction or "both").upper(),
        depth=int(depth),
        through=True,
        most=_MOST,
    )
    if found is None:
        raise NotFound(f"{named(kind, thing)} isn't in the lineage.")
    page = address(site.links, kind, thing)
    shown = folded(found)
    return html.Div(
        [
            page_head(
                ["Lineage of ", clipped(named(kind, thing), 80)],
                crumbs=[link("Its page", page)] if page else [],
                hint="A click on a thing shows what is around it; a click on the one in the middle opens its page.",
                aside=html.Div(
                    [
                        segments("direction", "Direction", DIRECTIONS, direction),
                        choice(
                            "depth",
                            "Steps",
                            {d: f"{d} steps" if d != "1" else "1 step" for d in DEPTHS},
                            depth,
                            width=110,
                        ),
                    ],
                    className="buttons",
                ),
            ),
            card(
                "What came from what",
                graph(shown, site.links)
                if len(found.nodes) > 1
                else empty("Nothing around it", "It came from nothing that is recorded, and nothing came of it yet."),
                hint=f"Only the nearest {_MOST} things are shown." if found.truncated else "",
            ),
            card("As a list", _table(shown, site, visit), hint="The same things, nearest first."),
        ]
    )


def _table(shown: Folded, site: Site, visit: Visit) -> Component:
    head = html.Thead(
        html.Tr([html.Th(text, scope="col") for text in ("What", "Steps", "State", "When")] + [html.Td()])
    )
    nearest = sorted(shown.found.nodes, key=lambda node: node.depth)
    page = part_of(nearest, visit.state, most=_ROWS)
    rows = [_row(node, shown.behind_it(node), site) for node in page.nodes]
    table = scrolling(html.Table([head, html.Tbody(rows)], className="table compact"), "Things in the lineage", 560)
    kind, thing = visit.parts["kind"], visit.parts["id"]
    more = more_of("things", page, lambda **kept: site.links.lineage(kind, thing, **kept), visit.state)
    return html.Div([table, more])


def _row(node: LineageNode, behind: Sequence[LineageNode], site: Site) -> Component:
    kind = node.kind.lower()
    page = address(site.links, kind, node.id)
    label = clipped(node.label, 80)
    what = [link(label, page) if page else label, html.Div(kind.replace("_", " "), className="sub")]
    if behind:
        each = [html.Li(_named(one, site)) for one in behind[:_LISTED]]
        rest = html.Li(f"and {len(behind) - _LISTED} more", className="sub") if len(behind) > _LISTED else None
        listed = html.Ul([*each, rest], className="plain-list")
        what = [html.Details([html.Summary(label), listed], className="details")]
    return html.Tr(
        [
            html.Td(what),
            html.Td(formats.count(node.depth), className="nowrap"),
            html.Td(badge(node.state.lower()) if node.state else formats.NOTHING),
            html.Td(moment(node.at)),
            html.Td(link([icon("git-commit"), "around it"], site.links.lineage(kind, node.id)), className="end"),
        ]
    )


def _named(node: LineageNode, site: Site) -> Component:
    page = address(site.links, node.kind.lower(), node.id)
    label = clipped(node.label, 80)
    return link(label, page) if page else html.Span(label)


PAGE = Page(
    "lineage/<kind>/<id>",
    lambda parts: f"Lineage of {clipped(named(parts['kind'], parts['id']), 60)}",
    render,
    area="models",
    by_state=True,
)
