"""`/projects/<id>`: the lifecycle board of one project, now or on any day.

The state of the page is its address: `stage` (the one that is shown), `on` (a day: the board as it was at its end),
`after-items`, `after-milestones`, `after-assumptions` (more of them).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboard import formats
from dashboard.components.acting import act
from dashboard.components.basics import badge, card, clipped, facts, link, moment, page_head, scrolling, wild
from dashboard.components.board import chosen_stage, cycle, stage_list, stage_panel, state_badge
from dashboard.components.board_history import history
from dashboard.components.controls import day_field, more_of, part_of, past_note, state_id
from dashboard.components.insights import insights_card
from dashboard.components.states import empty
from dashboard.components.things import thing_link
from dashboard.days import day_in, end_of, spelled
from dashboard.gateway import operations as ask
from dashboard.gateway.project_views import Assumption, Board, Milestone
from dashboard.gateway.views import Connection
from dashboard.live import names
from dashboard.pages.page import Page
from dashboard.site import Component, Section, Site, Visit
from services.contracts.errors import NotFound

_SHOWN = 6  # milestones, assumptions
_OWNED = 30  # things, patterns


def day_of(state: Mapping[str, str]) -> date | None:
    return day_in(state.get("on", ""))


async def load(site: Site, visit: Visit) -> Board:
    day = day_of(visit.state)
    limits = {"asOf": end_of(day)} if day and day < site.now().date() else {}
    board = await visit.ask(ask.BOARD, id=visit.parts["id"], **limits)
    if board is None:
        when = f" on {spelled(day)}" if limits and day else ""
        raise NotFound(f"There is no project {clipped(visit.parts['id'], 60)}{when}.")
    return board


async def cycle_section(site: Site, visit: Visit) -> Component:
    board = await load(site, visit)
    stage = chosen_stage(board, visit.state.get("stage", ""))
    key = stage.key if stage else ""
    state = {name: value for name, value in visit.state.items() if name == "on"}
    return html.Div(
        [cycle(board, key, site.links, state), stage_list(board, key, site.links, state)], className="cycle"
    )


# Live for whoever looks at the board as it is now and hasn't chosen a stage.
SECTIONS: dict[str, Section] = {"board-cycle": cycle_section}


async def render(site: Site, visit: Visit) -> Component:
    board = await load(site, visit)
    day = day_of(visit.state)
    past = bool(day and day < site.now().date())
    stage = chosen_stage(board, visit.state.get("stage", ""))
    body, learned = await asyncio.gather(
        cycle_section(site, visit), insights_card(site, visit, "project", board.project_id, "Insights")
    )
    cycle_id = {} if past or visit.state else {"id": "board-cycle"}
    return html.Div(
        [
            _head(site, board, visit.state, past),
            past_note("The board", day, site.links.project(board.project_id)) if past and day else None,
            html.P(clipped(board.description, 2000), className="lead") if board.description else None,
            html.Div(
                [
                    dmc.Card(
                        [html.H2("Lifecycle", className="card-title"), html.Div(body, **wild(cycle_id))],
                        className="panel cycle-card",
                    ),
                    html.Div(
                        [
                            card(
                                f"{stage.number}. {clipped(stage.title, 80)}",
                                stage_panel(board, stage, site.links, visit.state, editable=not past),
                                aside=state_badge(stage.state),
                                hint=f"{stage.done} of {stage.done + stage.open} items done",
                            )
                            if stage
                            else empty("No stages", "The project's template has none."),
                            _milestones(site, board, visit.state, past),
                            _assumptions(site, board, visit.state, past),
                        ],
                        className="column",
                    ),
                ],
                className="board",
            ),
            html.Div([learned, card("Moves back", history(board, site.links))], className="halves cards"),
            card("About this project", _about(site, board)),
        ]
    )


def _head(site: Site, board: Board, state: Mapping[str, str], past: bool) -> Component:
    held = {"projectId": board.project_id}
    buttons = [
        day_field(state_id("on"), "The board as it was on", state.get("on", ""), site.now().date()),
    ]
    if not past:
        patterns = "\n".join(f"{one.kind.lower()}:{one.glob}" for one in board.patterns)
        known = {"name": board.name, "description": board.description, "patterns": patterns, "archived": board.archived}
        buttons.append(act("project.edit", "Edit…", {**held, "expected": board.revision, "known": known}))
    return page_head(
        [clipped(board.name, 100), badge("archived") if board.archived else None],
        crumbs=[link("Projects", site.links.projects())],
        hint=["last changed ", moment(board.updated_at)],
        aside=dmc.Group(buttons, gap="xs"),
    )


def _more(what: str, page: Connection[Any], site: Site, board: Board, state: Mapping[str, str]) -> Component:
    return more_of(what, page, lambda **kept: site.links.project(board.project_id, **kept), state, f"after-{what}")


def _milestones(site: Site, board: Board, state: Mapping[str, str], past: bool) -> Component:
    held = {"projectId": board.project_id}
    add = None if past else act("project.milestone", "Add…", {**held, "known": {}}, icon_name="plus", look="small")
    if not board.milestones:
        body = empty("No milestones", "Say what is to be reached by when, and who sees to it.", icon_name="flag")
    else:
        head = html.Thead(
            html.Tr([html.Th(text, scope="col") for text in ("Milestone", "Owner", "Due", "State")] + [html.Td()])
        )
        page = part_of(sorted(board.milestones, key=lambda one: (one.done, one.due)), state, "after-milestones", _SHOWN)
        rows = [_milestone(one, held, past) for one in page.nodes]
        table = scrolling(html.Table([head, html.Tbody(rows)], className="table compact"), "Milestones", 460)
        body = html.Div([table, _more("milestones", page, site, board, state)])
    return card("Milestones", body, aside=add)


def _milestone(one: Milestone, held: Mapping[str, str], past: bool) -> Component:
    known = {"title": one.title, "owner": one.owner, "due": one.due.isoformat(), "done": one.done}
    look = (
        badge("done", "good", "circle-check")
        if one.done
        else badge("overdue", "warn", "alert-triangle")
        if one.overdue
        else badge("ahead", "", "clock")
    )
    given = {**held, "milestone": one.id, "expected": one.revision, "known": known}
    return html.Tr(
        [
            html.Td(clipped(one.title, 120), className="strong"),
            html.Td(clipped(one.owner, 40)),
            html.Td(f"{one.due.day} {one.due:%b %Y}", className="nowrap"),
            html.Td(look),
            html.Td(None if past else act("project.milestone", "Change…", given, look="small"), className="end"),
        ]
    )


_ASSUMED = {
    "OPEN": ("open", "", "circle-dashed"),
    "VERIFIED": ("verified", "good", "circle-check"),
    "REFUTED": ("refuted", "warn", "alert-triangle"),
}


def _assumptions(site: Site, board: Board, state: Mapping[str, str], past: bool) -> Component:
    held = {"projectId": board.project_id}
    add = None if past else act("project.assumption", "Add…", {**held, "known": {}}, icon_name="plus", look="small")
    if not board.assumptions:
        hint = "Write down what is taken for granted; the data may refute it later."
        return card("Assumptions", empty("No assumptions", hint, icon_name="eye"), aside=add)

    def entry(one: Assumption) -> Component:
        given = {
            **held,
            "assumption": one.id,
            "expected": one.revision,
            "known": {"text": one.text, "status": one.status, "note": one.note, "consequence": one.consequence},
        }
        return html.Li(
            [
                html.Div([badge(*_ASSUMED.get(one.status, (one.status.lower(),)))]),
                html.Div(
                    [
                        html.Div(clipped(one.text, 500)),
                        html.Div(clipped(one.note, 300), className="sub") if one.note else None,
                        html.Div(f"Follows: {clipped(one.consequence, 300)}", className="sub")
                        if one.consequence
                        else None,
                        html.Div([thing_link(site.links, p.kind, p.id) for p in one.proofs], className="sub proofs"),
                    ]
                ),
                None if past else act("project.assumption", "Change…", given, look="small"),
            ]
        )

    page = part_of(board.assumptions, state, "after-assumptions", _SHOWN)
    listed = html.Ul([entry(one) for one in page.nodes], className="assumptions")
    return card("Assumptions", html.Div([listed, _more("assumptions", page, site, board, state)]), aside=add)


def _about(site: Site, board: Board) -> Component:
    owned = [
        item for one in board.assigned[:_OWNED] for item in (thing_link(site.links, one.kind.lower(), one.id), " ")
    ]
    patterns = [badge(f"{one.kind.lower()}s called {one.glob}") for one in board.patterns[:_OWNED]]
    return facts(
        [
            ("Created", [moment(board.created_at), f" by {clipped(board.created_by or '', 60)}"]),
            ("Template", f"{board.template}, version {board.template_version}" if board.template else formats.NOTHING),
            ("Owns by name", dmc.Group(patterns, gap=6) if patterns else "nothing"),
            ("Assigned", owned or "nothing"),
            ("Id", html.Code(board.project_id)),
        ]
    )


PAGE = Page(
    "projects/<id>",
    lambda parts: "Project",
    render,
    topics=lambda parts: [names.project(parts["id"])],
    area="projects",
    by_state=True,
)
