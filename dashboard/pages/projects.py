"""`/projects`: every project with its place in the lifecycle. The state: `name` (a part of it), `after` (more)."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import html

from dashboard import formats
from dashboard.components.acting import act
from dashboard.components.basics import badge, card, clipped, link, moment, page_head, scrolling, wild
from dashboard.components.board_history import progress
from dashboard.components.controls import containing, more_of, page_of, search_field
from dashboard.components.sections import rendered
from dashboard.components.states import empty
from dashboard.gateway import operations as ask
from dashboard.gateway.project_views import ProjectRow
from dashboard.gateway.views import Connection
from dashboard.links import Links
from dashboard.live import names
from dashboard.pages.page import Page
from dashboard.site import Component, Section, Site, Visit


def project_table(page: Connection[ProjectRow], links: Links) -> Component:
    if not page.nodes:
        return empty(
            "No projects yet",
            "A project holds a board with the fourteen stages of the lifecycle; runs and models tick its evidence.",
            icon_name="stack-2",
        )
    head = html.Thead(
        html.Tr(
            [
                html.Th("Project", scope="col"),
                html.Th("Stages", scope="col"),
                html.Th("Needs attention", scope="col"),
                html.Th("Changed", scope="col", className="end"),
            ]
        )
    )
    rows = [_row(project, links) for project in page.nodes]
    return scrolling(html.Table([head, html.Tbody(rows)], className="table"), "Projects", 620)


def _row(project: ProjectRow, links: Links) -> Component:
    why = [clipped(words, 120) for words in project.attention]
    if project.overdue:
        why.insert(0, f"{formats.plural(project.overdue, 'milestone')} overdue")
    return html.Tr(
        [
            html.Td(
                [
                    link(clipped(project.name, 60), links.project(project.project_id), className="link strong"),
                    badge("archived") if project.archived else None,
                    html.Div(clipped(project.description, 120), className="sub") if project.description else None,
                ]
            ),
            html.Td(progress(project.stage_states)),
            html.Td(
                [
                    badge(formats.plural(len(why), "thing"), "warn", "alert-triangle"),
                    html.Div(clipped(why[0], 120), className="sub"),
                ]
                if why
                else badge("nothing", "good", "circle-check")
            ),
            html.Td(moment(project.updated_at), className="end"),
        ]
    )


async def projects_section(site: Site, visit: Visit) -> Component:
    name = visit.state.get("name", "")
    page = await visit.ask(ask.PROJECTS, **page_of(visit.state, where=containing(name=name)), withArchived=True)
    if name and not page.nodes:
        return empty("Nothing fits", "No project has this in its name.", icon_name="search")
    return html.Div([project_table(page, site.links), more_of("projects", page, site.links.projects, visit.state)])


SECTIONS: dict[str, Section] = {"projects-table": projects_section}


async def render(site: Site, visit: Visit) -> Component:
    parts = await rendered(SECTIONS, site, visit)
    return html.Div(
        [
            page_head(
                "Projects",
                hint="Where each project stands in its lifecycle, by evidence.",
                aside=act("project.create", "New project…", {}, icon_name="plus", look="primary"),
            ),
            card(
                "All projects",
                html.Div(
                    [
                        dmc.Group([search_field("name", "Name", visit.state.get("name", ""), "Name")], mb="md"),
                        # Live as long as it is the first page of all.
                        html.Div(parts["projects-table"], **wild({} if visit.state else {"id": "projects-table"})),
                    ]
                ),
            ),
        ]
    )


PAGE = Page(
    "projects",
    lambda parts: "Projects",
    render,
    topics=lambda parts: [names.PROJECTS],
    area="projects",
    by_state=True,
)
