"""`/experiments`: the groups that runs belong to; named, described, put away and brought back here.

The state of the page is its address: `words` (a part of the name), `show` (in use, deleted), `after` (more of them).
"""

from __future__ import annotations

from dash import html

from dashboard import formats
from dashboard.components.acting import act
from dashboard.components.basics import card, clipped, link, moment, page_head, scrolling
from dashboard.components.controls import more_of, page_of, search_field, segments
from dashboard.components.states import empty
from dashboard.components.things import address
from dashboard.gateway import operations as ask
from dashboard.gateway.past_views import Experiment
from dashboard.pages.page import Page
from dashboard.site import Component, Site, Visit

_STAGES = {"active": "In use", "deleted": "Deleted"}


async def render(site: Site, visit: Visit) -> Component:
    stage = visit.state.get("show", "")
    stage = stage if stage in _STAGES else "active"
    words = visit.state.get("words", "")
    page = await visit.ask(ask.EXPERIMENTS, **page_of(visit.state, contains=words), stage=stage)
    total = page.total_count if page.total_count is not None else len(page.nodes)
    return html.Div(
        [
            page_head(
                "Experiments",
                crumbs=[link("Runs", site.links.runs())],
                hint="Each holds the runs of one question.",
                aside=act("deleted.purge", "Delete for good…", {}, look="danger")
                if stage == "deleted"
                else act("experiment.create", "New experiment…", {}, icon_name="plus", look="primary"),
            ),
            card(
                f"{formats.plural(total, 'experiment')}",
                html.Div(
                    [
                        html.Div(
                            [
                                search_field("words", "Search experiments", words, "A part of the name"),
                                segments("show", "Which experiments", _STAGES, stage),
                            ],
                            className="toolbar",
                        ),
                        _table(page.nodes, site, stage, words),
                        more_of("experiments", page, site.links.experiments, visit.state),
                    ]
                ),
            ),
        ]
    )


def _table(experiments: list[Experiment], site: Site, stage: str, words: str) -> Component:
    if not experiments:
        if words or stage == "deleted":
            return empty("None here", "Nothing that these choices ask for.", icon_name="flask")
        return empty("No experiments yet", "Make one here, or name one in any MLflow client.", icon_name="flask")
    looks = (("Experiment", ""), ("Runs", "number"), ("Made", ""), ("Changed", ""))
    head = html.Thead(html.Tr([html.Th(text, scope="col", className=look) for text, look in looks] + [html.Td()]))
    body = html.Tbody([_row(one, site) for one in experiments])
    return scrolling(html.Table([head, body], className="table"), "Experiments", 640)


def _row(one: Experiment, site: Site) -> Component:
    held = {"experimentId": one.experiment_id, "known": {"name": one.name, "description": one.description[:2000]}}
    gone = one.lifecycle_stage == "deleted"
    buttons = (
        [act("experiment.restore", "Restore…", held, look="small")]
        if gone
        else [
            act("experiment.rename", "Rename…", held, look="small"),
            act("experiment.describe", "Describe…", held, look="small"),
            act("experiment.delete", "Delete…", held, look="small"),
        ]
    )
    there = "" if gone else address(site.links, "experiment", one.experiment_id)
    return html.Tr(
        [
            html.Td(
                [
                    link(clipped(one.name, 80), there, className="link strong")
                    if there
                    else html.Span(clipped(one.name, 80), className="strong"),
                    html.Div(clipped(one.description, 200), className="sub") if one.description else None,
                ]
            ),
            html.Td(formats.count(one.run_count), className="number"),
            html.Td(moment(one.created_at)),
            html.Td(moment(one.updated_at)),
            html.Td(html.Div(buttons, className="buttons end"), className="end"),
        ]
    )


PAGE = Page("experiments", lambda parts: "Experiments", render, area="runs", by_state=True)
