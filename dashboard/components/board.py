"""The lifecycle board of a project: the cycle of its stages, and one stage with what it asks for."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.components.acting import act
from dashboard.components.basics import badge, clipped, icon, link, moment, wild
from dashboard.components.controls import more_of, part_of
from dashboard.components.states import empty
from dashboard.components.things import address, named
from dashboard.gateway.project_views import AnswerField, Board, Evidence, Item, Stage
from dashboard.links import Links
from dashboard.site import Component

PHASES = {"scope": "Scope", "data": "Data", "model": "Model", "production": "Production"}
STATES = {
    "NOT_STARTED": ("not started", "", "circle-dashed"),
    "IN_PROGRESS": ("in progress", "accent", "progress"),
    "DONE": ("done", "good", "circle-check"),
    "NEEDS_ATTENTION": ("needs attention", "warn", "alert-triangle"),
}
_ITEMS = {
    "OPEN": ("open", "", "circle-dashed"),
    "DONE": ("done", "good", "circle-check"),
    "WAIVED": ("waived", "", "player-stop"),
    "BAD": ("not met", "warn", "alert-triangle"),
}
_VERDICTS = {
    "GOOD": ("holds", "good", "circle-check"),
    "BAD": ("doesn't hold", "warn", "alert-triangle"),
    "LAPSED": ("lapsed", "", "clock"),
}
_KINDS = {
    "EVIDENCE": "ticked by the system",
    "CHECK": "checked by the system",
    "ANSWER": "answered by people",
    "EITHER": "evidence or an answer",
}
_RADIUS = 42.5  # of the ring, in percent of its box
_RETRAINING = ((13, 3), (13, 10))  # from monitoring back to gathering and to building (places from 0)
_ORDINARY = 14
_MOST_ITEMS, _MOST_EVIDENCE, _MOST_REASONS = 8, 4, 5  # shown at once


def state_badge(state: str) -> Component:
    word, tone, icon_name = STATES.get(state, (state.lower(), "", "dots"))
    return badge(word, tone, icon_name)


def chosen_stage(board: Board, wanted: str) -> Stage | None:
    """The stage in the address, else the one that needs somebody: attention first, then under way, then next."""
    for stage in board.stages:
        if stage.key == wanted:
            return stage
    for state in ("NEEDS_ATTENTION", "IN_PROGRESS", "NOT_STARTED"):
        for stage in board.stages:
            if stage.state == state:
                return stage
    return board.stages[-1] if board.stages else None


def cycle(board: Board, chosen: str, links: Links, state: Mapping[str, str]) -> Component:
    """The stages on a ring, clockwise from the top, with the ways that retraining leads back."""
    many = len(board.stages)
    if not many:
        return empty("No stages", "The project's template has none.", icon_name="list")
    done = sum(stage.state == "DONE" for stage in board.stages)
    nodes = [
        html.Li(
            dcc.Link(
                [
                    html.Span(str(stage.number), className="node-number", **wild({"aria-hidden": "true"})),
                    html.Span(icon(STATES[stage.state][2]), className="node-mark") if stage.state in _MARKED else None,
                    html.Span(_spoken(stage), className="visually-hidden"),
                ],
                href=links.project(board.project_id, **{**state, "stage": stage.key}),
                className=f"node {stage.state.lower()}" + (" chosen" if stage.key == chosen else ""),
                title=_spoken(stage),
            ),
            style=_place(number, many),
            className=f"phase-{stage.phase}",
        )
        for number, stage in enumerate(board.stages)
    ]
    ways = [_chord(start, end, many) for start, end in _RETRAINING] if many == _ORDINARY else []
    return html.Div(
        [
            html.Div(className="ring-track", style={"background": _track(board.stages)}),
            *ways,
            html.Ol(nodes, className="ring-nodes", **wild({"aria-label": "Stages of the lifecycle"})),
            html.Div(
                [
                    html.Div([str(done), html.Span(f" of {many}")], className="ring-figure"),
                    html.Div("stages done", className="ring-label"),
                    html.Div([icon("refresh"), "retraining leads back"], className="ring-loop") if ways else None,
                ],
                className="ring-centre",
            ),
        ],
        className="ring",
    )


_MARKED = ("DONE", "NEEDS_ATTENTION", "IN_PROGRESS")


def _spoken(stage: Stage) -> str:
    word = STATES.get(stage.state, (stage.state.lower(),))[0]
    return f"{stage.number}. {clipped(stage.title, 60)}: {word}, {stage.done} of {stage.done + stage.open} items"


def _angle(number: int, many: int) -> float:
    """Clockwise from the top, in radians."""
    return 2 * math.pi * number / many - math.pi / 2


def _point(number: int, many: int, radius: float = _RADIUS) -> tuple[float, float]:
    angle = _angle(number, many)
    return 50 + radius * math.cos(angle), 50 + radius * math.sin(angle)


def _place(number: int, many: int) -> dict[str, str]:
    x, y = _point(number, many)
    return {"left": f"{x:.2f}%", "top": f"{y:.2f}%"}


def _chord(start: int, end: int, many: int) -> Component:
    """A dashed line from one stage to another, with a tip; it ends before the circles."""
    (x0, y0), (x1, y1) = _point(start, many), _point(end, many)
    length = math.hypot(x1 - x0, y1 - y0)
    gap = 6.4
    dx, dy = (x1 - x0) / length, (y1 - y0) / length
    return html.Div(
        className="ring-chord",
        style={
            "left": f"{x0 + dx * gap:.2f}%",
            "top": f"{y0 + dy * gap:.2f}%",
            "width": f"{length - 2 * gap:.2f}%",
            "transform": f"rotate({math.degrees(math.atan2(dy, dx)):.1f}deg)",
        },
        **wild({"aria-hidden": "true"}),
    )


def _track(stages: Sequence[Stage]) -> str:
    """The ring behind the stages, in one tone a phase."""
    part = 360 / len(stages)
    spots = []
    for number, stage in enumerate(stages):
        colour = f"var(--phase-{stage.phase if stage.phase in PHASES else 'scope'})"
        spots.append(f"{colour} {number * part:.1f}deg {(number + 1) * part:.1f}deg")
    return f"conic-gradient(from {-part / 2:.1f}deg, {', '.join(spots)})"


def stage_list(board: Board, chosen: str, links: Links, state: Mapping[str, str]) -> Component:
    """All stages by phase, with how much of each is done."""
    parts = []
    for phase, stages in groupby(board.stages, key=lambda stage: stage.phase):
        entries = [
            html.Li(
                dcc.Link(
                    [
                        html.Span(icon(STATES[stage.state][2]), className=f"stage-mark {STATES[stage.state][1]}"),
                        html.Span(f"{stage.number}. {clipped(stage.title, 60)}", className="stage-name"),
                        html.Span(f"{stage.done}/{stage.done + stage.open}", className="stage-count"),
                    ],
                    href=links.project(board.project_id, **{**state, "stage": stage.key}),
                    className="stage-link" + (" active" if stage.key == chosen else ""),
                ),
                **wild({"aria-current": "true"} if stage.key == chosen else {}),
            )
            for stage in stages
        ]
        name = PHASES.get(phase, phase.capitalize())
        parts.append(
            html.Div(
                [
                    html.H3([html.Span(className=f"phase-dot phase-{phase}"), name], className="phase-title"),
                    html.Ul(entries),
                ]
            )
        )
    return html.Div(parts, className="stage-list")


def stage_panel(board: Board, stage: Stage, links: Links, state: Mapping[str, str], *, editable: bool) -> Component:
    """One stage: why it needs attention, and what it asks for."""
    shown = part_of(stage.items, state, "after-items", _MOST_ITEMS)
    there = {**state, "stage": stage.key}
    more = more_of("items", shown, lambda **kept: links.project(board.project_id, **kept), there, "after-items")
    held = {"projectId": board.project_id, "stage": stage.key}
    earlier = {one.key: f"{one.number}. {one.title}" for one in board.stages if one.number < stage.number}
    buttons = []
    if editable:
        if stage.again:
            buttons.append(act("project.confirm", "It still stands…", held, icon_name="circle-check"))
        if earlier:
            given = {**held, "earlier": earlier}
            buttons.append(act("project.back", "Move back…", given, icon_name="arrow-back-up"))
        buttons.append(act("project.ask", "Add a question…", held, icon_name="plus"))
    return html.Div(
        [
            html.P([icon("refresh"), f"Gone through again: {clipped(stage.again, 300)}"], className="note")
            if stage.again
            else None,
            html.Ul([html.Li(clipped(why, 300)) for why in stage.attention[:_MOST_REASONS]], className="attention-list")
            if stage.attention
            else None,
            html.Ul([_item(board, item, links, editable) for item in shown.nodes], className="items"),
            more,
            html.Div(buttons, className="buttons") if buttons else None,
        ]
    )


def _item(board: Board, item: Item, links: Links, editable: bool) -> Component:
    word, tone, icon_name = _ITEMS.get(item.state, (item.state.lower(), "", "dots"))
    answerable = item.kind in ("ANSWER", "EITHER")
    body: list[Component] = []
    if item.answer or item.values:
        body.append(_answer(item))
    if item.waived_because:
        body.append(
            html.P(
                [
                    html.Strong("Waived: "),
                    clipped(item.waived_because, 500),
                    html.Span([" – ", clipped(item.waived_by, 40), ", ", moment(item.waived_at)], className="sub"),
                ],
                className="answer",
            )
        )
    if item.evidence:
        telling = sorted(item.evidence, key=lambda one: (one.verdict == "BAD", one.at), reverse=True)[:_MOST_EVIDENCE]
        known = [_evidence(one, links) for one in item.evidence if one in telling]
        more = len(item.evidence) - len(known)
        rest = html.Li(html.Span(f"and {more:,} others", className="sub")) if more else None
        body.append(html.Ul([*known, rest], className="evidence"))
    if editable and answerable:
        body.append(_editor(board, item))
    return html.Li(
        [
            html.Span(icon(icon_name, word), className=f"item-mark {tone}"),
            html.Div(
                [
                    html.Div(
                        [
                            html.Span(clipped(item.title, 200), className="item-title"),
                            html.Span(
                                _KINDS.get(item.kind, "") + (", optional" if item.optional else ""),
                                className="item-kind",
                            ),
                        ],
                        className="item-head",
                    ),
                    *body,
                ],
                className="item-body",
            ),
        ],
        className=f"item {item.state.lower()}",
    )


def _answer(item: Item) -> Component:
    titles = {field.key: field.title for field in item.fields}
    pairs = [f"{titles.get(one.key, one.key)}: {clipped(one.value, 80)}" for one in item.values if one.value]
    return html.Div(
        [
            html.P(clipped(item.answer, 4000), className="answer") if item.answer else None,
            html.Div([badge(pair) for pair in pairs], className="badges") if pairs else None,
            html.Div([clipped(item.answered_by, 40), ", ", moment(item.answered_at)], className="sub")
            if item.answered_by
            else None,
        ]
    )


def _evidence(one: Evidence, links: Links) -> Component:
    word, tone, icon_name = _VERDICTS.get(one.verdict, (one.verdict.lower(), "", "dots"))
    note = clipped(one.note, 240) or named(one.proof.kind, one.proof.id)
    linked = address(links, one.proof.kind, one.proof.id)
    return html.Li(
        [
            html.Span(icon(icon_name, word), className=f"evidence-mark {tone}"),
            html.Span(
                [
                    f"{note} ",
                    link([named(one.proof.kind, one.proof.id), icon("arrow-up-right")], linked)
                    if linked
                    else html.Span(named(one.proof.kind, one.proof.id), className="sub"),
                    html.Span([" · ", moment(one.at)], className="sub"),
                ]
            ),
        ],
        className="lapsed" if one.verdict == "LAPSED" else "",
    )


def _editor(board: Board, item: Item) -> Component:
    """The answer, edited where it stands."""
    filled = {one.key: one.value for one in item.values}
    given = {"projectId": board.project_id, "item": item.key, "expected": item.revision}
    former = {"text": item.answer, "fields": filled}
    held = {"action": "project.answer", "given": {**given, "former": former}, "key": secrets.token_hex(8)}
    spot = item.key
    answered = bool(item.answer or item.values)
    return html.Details(
        [
            html.Summary("Change the answer" if answered else "Answer", className="edit"),
            html.Div(
                [
                    dcc.Store(id={"inline-given": spot}, data=held),
                    *(_field(spot, field, filled.get(field.key, "")) for field in item.fields),
                    dmc.Textarea(
                        id={"inline-field": spot, "name": "text"},
                        value=item.answer,
                        autosize=True,
                        minRows=2,
                        maxRows=14,
                        size="sm",
                        **wild({"aria-label": f"Answer: {clipped(item.title, 120)}"}),
                    ),
                    html.Div(id={"inline-trouble": spot}, className="trouble", role="alert"),
                    html.Div(
                        [
                            html.Button("Save", id={"inline": spot}, className="button primary small", type="button"),
                            act(
                                "project.waive",
                                "Waive…",
                                {**given, "title": clipped(item.title, 120)},
                                look="small",
                            )
                            if not item.waived_because and not answered
                            else None,
                            act("project.clear", "Take it back…", given, look="small")
                            if answered or item.waived_because
                            else None,
                        ],
                        className="buttons",
                    ),
                ],
                className="editor",
            ),
        ],
        className="edit-details",
    )


def _field(spot: str, field: AnswerField, value: str) -> Component:
    common: dict[str, Any] = {
        "id": {"inline-field": spot, "name": f"field:{field.key}"},
        "label": field.title,
        "withAsterisk": field.required,
        "size": "sm",
    }
    if field.choices:
        return dmc.Select(**common, data=list(field.choices), value=value or None, clearable=not field.required)
    return dmc.TextInput(**common, value=value, inputProps={"inputMode": "decimal"} if field.number else None)
