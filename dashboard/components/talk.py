"""Comments beside what they are about: a button at each part of a review, and the panel with the thread of one part."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import quote

from dash import dcc, html

from dashboard import formats
from dashboard.components.acting import inline
from dashboard.components.basics import badge, clipped, icon, moment, wild
from dashboard.components.thread import say
from dashboard.gateway.project_views import Review, ReviewComment
from dashboard.site import Component

SHOWN = 25  # comments of one part, those of open threads and the newest; the others stand in the conversation
_LONGEST_KEY = 512  # what the registry takes


def named(kind: str, key: str, longest: int = 60) -> str:
    return f"{kind.lower()} {clipped(key, longest)}"


class Talk:
    """What was said in one review about each of its parts."""

    def __init__(self, review: Review) -> None:
        self._of = json.dumps([review.model, review.version])
        self._said: dict[tuple[str, str], list[ReviewComment]] = {}
        for one in review.comments:
            if one.about:
                self._said.setdefault((one.about.kind, one.about.key), []).append(one)

    def parts(self, kind: str) -> set[str]:
        """Keys of the parts of a kind about which something was said."""
        return {key for said, key in self._said if said == kind}

    def left(self) -> list[tuple[str, str]]:
        """The parts with a thread that nobody has resolved."""
        return [part for part, said in self._said.items() if any(map(is_open, said))]

    def button(self, kind: str, key: str) -> Component:
        """Opens the thread of a part; `talk.js` shows where it is open."""
        if len(key) > _LONGEST_KEY:
            return None
        said = self._said.get((kind, key), [])
        left = any(map(is_open, said))
        about = named(kind, key)
        state = "not resolved" if left else "resolved"
        spoken = f"{formats.plural(len(said), 'comment')} on {about}, {state}" if said else f"Comment on {about}"
        return html.Button(
            str(len(said)) if said else "",
            className=f"talk-button icon-{'message' if left or not said else 'circle-check'}"
            + (" left" if left else ""),
            type="button",
            title=spoken,
            **wild(
                {
                    "data-part": f"{kind}:{key}",
                    "data-of": self._of,
                    "data-title": about,
                    "aria-label": spoken,
                    "aria-expanded": "false",
                    "aria-controls": "talk",
                    "aria-haspopup": "dialog",
                }
            ),
        )

    @staticmethod
    def head() -> Component:
        return html.Th(html.Span("Comments", className="visually-hidden"), scope="col", className="talk-cell")

    def cell(self, kind: str, key: str, *, there: bool = True) -> Component:
        """In a table. `there`: the version has this part, it isn't only the other one's."""
        return html.Td(self.button(kind, key) if there else None, className="talk-cell")


def is_open(comment: ReviewComment) -> bool:
    """Whether it begins a thread about a part that nobody has resolved."""
    return comment.about is not None and comment.reply_to is None and comment.resolved_by is None


def part_link(kind: str, key: str) -> Component:
    """Leads to the part where it stands on the page."""
    return html.A(
        named(kind, key),
        href="#" + quote(f"{kind}:{key}", safe=""),
        className="link part-link icon-arrow-up-right",
        title=named(kind, key, 400),
    )


def panel() -> Component:
    """The one panel of the frame; `talk.js` puts it where a button was pressed."""
    return html.Div(
        [
            html.Div(
                [
                    html.H2(id="talk-title", className="card-title"),
                    html.Button(
                        icon("x", "Close the comments"),
                        className="icon-button plain-button talk-close",
                        type="button",
                    ),
                ],
                className="talk-head",
            ),
            html.Div(id="talk-thread"),
            html.Div(id="talk-form"),
            html.Div(id="talk-tick", hidden=True),
            dcc.Store(id="talk-part"),
        ],
        id="talk",
        className="talk",
        role="dialog",
        hidden=True,
        tabIndex="-1",
        **wild({"aria-labelledby": "talk-title"}),
    )


def threads(review: Review, kind: str, key: str) -> Component:
    """What was said about one part: threads about which something is left to do, then the resolved ones."""
    said = [one for one in review.comments if one.about and (one.about.kind, one.about.key) == (kind, key)]
    if not said:
        return html.P("Nothing has been said about it yet.", className="card-hint")
    firsts = {one.id: one for one in said if one.reply_to is None}
    begun: dict[str, str] = {}
    for one in said:  # an answer comes after what it answers
        begun[one.id] = one.id if one.reply_to is None else begun.get(one.reply_to, one.id)
    openly = {id_ for id_, first in firsts.items() if is_open(first)}
    shown = sorted(said, key=lambda one: begun[one.id] in openly)[-SHOWN:]
    left: list[Component] = []
    done: list[Component] = []
    for id_, first in firsts.items():
        comments = [one for one in shown if begun[one.id] == id_]
        if comments:
            (left if is_open(first) else done).append(_thread(review, first, comments))
    earlier = len(said) - len(shown)
    note = f"{formats.plural(earlier, 'earlier comment')} in the conversation." if earlier else None
    resolved = html.Details(
        [html.Summary(formats.plural(len(done), "resolved thread")), *done], open=not left, className="details"
    )
    return html.Div([html.P(note, className="card-hint") if note else None, *left, resolved if done else None])


def _thread(review: Review, first: ReviewComment, comments: Sequence[ReviewComment]) -> Component:
    held = {"model": review.model, "version": review.version, "commentId": first.id}
    settled = (
        html.Span(
            [badge("resolved", "good", "circle-check"), f" by {clipped(first.resolved_by, 40)} · "], className="sub"
        )
        if first.resolved_by
        else None
    )
    name, label = ("review.reopen", "Reopen") if first.resolved_by else ("review.resolve", "Resolve")
    return html.Div(
        [
            html.Ul([_said(one) for one in comments], className="comments"),
            html.Div(
                [
                    html.Span([settled, moment(first.resolved_at)], className="sub") if settled else None,
                    inline(name, label, held, spot=f"settle-{first.id}"),
                ],
                className="talk-settle",
            ),
        ],
        className="talk-thread",
    )


def _said(one: ReviewComment) -> Component:
    return html.Li(
        [
            html.Div(
                [
                    html.Span(clipped(one.by, 40), className="strong"),
                    html.Span([" · ", moment(one.at)], className="sub"),
                ]
            ),
            html.P(clipped(one.text, 8000), className="answer"),
        ],
        className="comment" + (" reply" if one.reply_to else ""),
    )


def form(review: Review, kind: str, key: str) -> Component:
    """Goes on with the newest thread that is open, or begins one."""
    held = {"model": review.model, "version": review.version, "about": {"kind": kind, "key": key}}
    threads_left = [
        one for one in review.comments if is_open(one) and one.about and (one.about.kind, one.about.key) == (kind, key)
    ]
    if threads_left:
        held["replyTo"] = threads_left[-1].id
    label = "Answer" if threads_left else f"Comment on {named(kind, key)}"
    return say("review.comment", held, label, spot="say-part")
