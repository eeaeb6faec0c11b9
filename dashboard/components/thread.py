"""Comments as a conversation: each answer below what it answers, and a field to say more."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard import formats
from dashboard.components.acting import act
from dashboard.components.basics import clipped, moment, wild
from dashboard.components.controls import more_of, part_of
from dashboard.links import query
from dashboard.site import Component

_DEEPEST = 4  # levels that are indented; below, answers stand under each other


@dataclass(frozen=True, slots=True)
class Comment:
    id: str
    by: str
    text: str
    at: datetime
    reply_to: str | None = None
    about: Sequence[Component] = ()
    """Of a part of the whole: its name, as a link."""


KEY = "after-comments"


def thread(
    comments: Sequence[Comment],
    reply: tuple[str, Mapping[str, Any]] | None = None,
    *,
    state: Mapping[str, str],
    address: str,
) -> Component:
    """`reply`: the action that answers one comment, and what it is given besides `replyTo`.

    The newest part of it, with a way to what was said before, at the page's `address`.
    """
    if not comments:
        return html.P("Nothing has been said yet.", className="card-hint")
    known = {one.id for one in comments}
    below: dict[str, list[Comment]] = {}
    for one in comments:
        below.setdefault(one.reply_to if one.reply_to in known else "", []).append(one)

    def said(one: Comment, depth: int) -> list[tuple[Comment, int]]:
        return [(one, depth), *(part for child in below.get(one.id, []) for part in said(child, depth + 1))]

    def entry(one: Comment, depth: int) -> Component:
        return html.Li(
            [
                html.Div(
                    [
                        html.Span(clipped(formats.who(one.by), 40), className="strong"),
                        html.Span(
                            [" · ", moment(one.at), *([" on ", *one.about] if one.about else [])], className="sub"
                        ),
                    ]
                ),
                html.P(clipped(one.text, 8000), className="answer"),
                act(reply[0], "Answer…", {**reply[1], "replyTo": one.id}, look="small plain") if reply else None,
            ],
            className="comment",
            style={"marginLeft": f"{min(depth, _DEEPEST) * 22}px"},
        )

    lines = [line for one in below.get("", []) for line in said(one, 0)]
    page = part_of(lines[::-1], state, KEY)
    before = more_of("of what was said before", page, lambda **kept: address + query(kept), state, KEY, "The newest")
    return html.Div([before, html.Ul([entry(*line) for line in page.nodes[::-1]], className="comments")])


def say(action: str, given: Mapping[str, Any], label: str = "Say something", *, spot: str = "") -> Component:
    """A field in the page itself, and the button that sends it. `spot` tells it from others on the page."""
    held = {"action": action, "given": dict(given), "key": secrets.token_hex(8)}
    spot = spot or f"say-{action}"
    return html.Div(
        [
            dcc.Store(id={"inline-given": spot}, data=held),
            dmc.Textarea(
                id={"inline-field": spot, "name": "text"},
                value="",
                placeholder=label,
                autosize=True,
                minRows=2,
                maxRows=12,
                size="sm",
                **wild({"aria-label": label}),
            ),
            html.Div(id={"inline-trouble": spot}, className="trouble", role="alert"),
            html.Div(
                html.Button("Send", id={"inline": spot}, className="button small", type="button"), className="buttons"
            ),
        ],
        className="say",
    )
