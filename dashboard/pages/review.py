"""`/reviews/<model>/<version>`: the candidate beside the champion, gates, the conversation, and the decision."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from dashboard import formats
from dashboard.components import evaluation
from dashboard.components.acting import act
from dashboard.components.basics import badge, card, clipped, facts, icon, link, moment, page_head, scrolling, wild
from dashboard.components.comparison import Group, side_by_side
from dashboard.components.controls import more_of, part_of
from dashboard.components.models import chosen_metrics, lower_is_better, metric_text
from dashboard.components.sections import rendered
from dashboard.components.states import empty
from dashboard.components.talk import Talk, part_link
from dashboard.components.thread import Comment, say, thread
from dashboard.components.verdicts import gates_section
from dashboard.gateway import operations as ask
from dashboard.gateway.project_views import Review, ReviewComment
from dashboard.gateway.views import Metric, VersionRow
from dashboard.links import query
from dashboard.live import names
from dashboard.pages.page import Page
from dashboard.pages.reviews import missing_words, review_badge
from dashboard.performing import CHAMPION
from dashboard.site import Component, Section, Site, Visit
from services.contracts.errors import NotFound

_DECISIONS = 10  # of one round, the newest
_FIGURES = 20  # rows: each has a button of its own
_LEFT = 6  # parts with open remarks that are named
_OPEN_UP_TO = 12  # parameters of a version without a champion
_NEWEST = 50
"""Versions that are looked through for the one before a champion."""


async def load(visit: Visit) -> Review:
    review = await visit.ask(ask.REVIEW, model=visit.parts["model"], version=visit.parts["version"])
    if review is None:
        raise NotFound(
            f"No review of {clipped(visit.parts['model'], 80)} v{clipped(visit.parts['version'], 20)} was requested.",
            fix="Request one on the version's page.",
        )
    return review


async def sides(visit: Visit) -> tuple[VersionRow, VersionRow | None]:
    """The candidate, and the champion; if it is the champion itself by now, the version before it."""
    model, version = visit.parts["model"], visit.parts["version"]
    whole = await visit.ask(ask.MODEL, name=model, first=1)
    number = next((one.version for one in whole.aliases if one.name == CHAMPION), None) if whole else None
    if number == version:
        number = await _before(visit, model, version)
    wanted = [visit.ask(ask.VERSION, model=model, version=version)]
    if number and number != version:
        wanted.append(visit.ask(ask.VERSION, model=model, version=number))
    found = await asyncio.gather(*wanted)
    if found[0] is None:
        raise NotFound(f"{clipped(model, 80)} has no version {clipped(version, 20)}.")
    return found[0], found[1] if len(found) > 1 else None


async def _before(visit: Visit, model: str, version: str) -> str | None:
    """The version before, if it is among the newest of the model."""
    whole = await visit.ask(ask.MODEL, name=model, first=_NEWEST)
    numbers = [int(one.version) for one in whole.versions.nodes] if whole else []
    before = [number for number in numbers if number < int(version)]
    return str(max(before)) if before else None


async def decisions_section(site: Site, visit: Visit) -> Component:
    review = await load(visit)
    entries = [
        html.Li(
            [
                html.Div(
                    [
                        badge("approved", "good", "circle-check")
                        if one.decision == "APPROVE"
                        else badge("changes asked", "warn", "arrow-back-up"),
                        html.Span([" ", clipped(one.by, 40)], className="strong"),
                        html.Span([" · ", moment(one.at)], className="sub"),
                    ]
                ),
                html.P(clipped(one.reason, 4000), className="answer"),
            ],
            className="comment",
        )
        for one in review.decisions[-_DECISIONS:]
    ]
    return html.Div(
        [
            html.Div(
                [review_badge(review.state), html.Span(missing_words(review), className="sub")], className="badges"
            ),
            _left(review),
            html.P(f"Lapsed, because {clipped(review.lapsed_because, 400)}.", className="card-hint")
            if review.lapsed_because
            else None,
            html.Ul(entries, className="comments")
            if entries
            else html.P("Nobody has decided in this round yet.", className="card-hint"),
        ]
    )


def _left(review: Review) -> Component:
    """Remarks that nobody has resolved; they don't keep anybody from deciding."""
    if not review.open_remarks:
        return None
    parts = Talk(review).left()
    links = [[part_link(*part), " "] for part in parts[:_LEFT]]
    more = f"and on {len(parts) - _LEFT} more" if len(parts) > _LEFT else ""
    words = f"{formats.plural(review.open_remarks, 'open remark')} on "
    return html.P(
        [icon("message"), html.Span([words, *(part for pair in links for part in pair), more])], className="note"
    )


def _about_part(comment: ReviewComment) -> Sequence[Component]:
    if comment.about is None:
        return ()
    resolved = [" ", badge("resolved", "good", "circle-check")] if comment.resolved_by else []
    return [part_link(comment.about.kind, comment.about.key), *resolved]


async def comments_section(site: Site, visit: Visit) -> Component:
    review = await load(visit)
    held = {"model": review.model, "version": review.version}
    comments = [Comment(one.id, one.by, one.text, one.at, one.reply_to, _about_part(one)) for one in review.comments]
    address = site.links.review(review.model, review.version)
    return thread(comments, ("review.comment", held), state=visit.state, address=address)


async def comparison_section(site: Site, visit: Visit) -> Component:
    """Both on the same split, tested on the same rows where that was recorded."""
    review, (candidate, champion) = await asyncio.gather(load(visit), sides(visit))
    talk = Talk(review)
    one = await evaluation.newest(visit, visit.parts["model"], candidate.version)
    parts: list[Component] = []
    if champion:
        found = await visit.ask(
            ask.COMPARISON, model=visit.parts["model"], version=candidate.version, **{"with": champion.version}
        )
        parts.append(evaluation.compared(found, talk) if found else None)
    if one:
        parts += [html.H3("Slices of the candidate", className="chart-title spaced"), evaluation.slices(one, talk)]
    shown = [part for part in parts if part is not None]
    return html.Div(shown) if shown else evaluation.nothing()


async def judged_section(site: Site, visit: Visit) -> Component:
    return await gates_section(site, visit, Talk(await load(visit)))


async def figures_section(site: Site, visit: Visit) -> Component:
    review, (candidate, champion) = await asyncio.gather(load(visit), sides(visit))
    return _figures(site, visit, candidate, champion, Talk(review))


async def params_section(site: Site, visit: Visit) -> Component:
    review, (candidate, champion) = await asyncio.gather(load(visit), sides(visit))
    return _params(site, visit, candidate, champion, Talk(review))


async def tick_section(site: Site, visit: Visit) -> Component:
    """A text that is another one whenever something was said, resolved or reopened: then the panel asks again."""
    review = await visit.ask(ask.REVIEW, model=visit.parts["model"], version=visit.parts["version"])
    said = [(one.id, one.resolved_by or "") for one in review.comments] if review else []
    return f"{len(said)}-{zlib.crc32(repr(said).encode())}"


SECTIONS: dict[str, Section] = {
    "review-figures": figures_section,
    "review-comparison": comparison_section,
    "review-params": params_section,
    "review-decisions": decisions_section,
    "review-gates": judged_section,
    "review-comments": comments_section,
    "talk-tick": tick_section,
}


async def render(site: Site, visit: Visit) -> Component:
    review, (_, champion) = await asyncio.gather(load(visit), sides(visit))
    parts = await rendered(SECTIONS, site, visit)
    model, version = review.model, review.version
    held = {"model": model, "version": version, "digest": review.digest}

    def first_part(name: str) -> dict[str, Any]:
        """Live as long as it is the newest part of it."""
        return {} if visit.state else {"body_id": name}

    return html.Div(
        [
            page_head(
                [clipped(model, 80), html.Span(f"v{clipped(version, 20)}", className="version")],
                crumbs=[link("Reviews", site.links.reviews()), link("Version", site.links.version(model, version))],
                hint=[f"review requested by {clipped(review.requested_by, 40)} ", moment(review.requested_at)],
                aside=html.Div(_buttons(review, held), className="buttons"),
            ),
            html.P(clipped(review.note, 3000), className="lead") if review.note else None,
            html.Div(
                [
                    html.Div(
                        [
                            card(
                                "Candidate beside champion",
                                parts["review-figures"],
                                **first_part("review-figures"),
                                hint="Figures of the runs that made them. What is better is marked in words.",
                            ),
                            card("Gates", parts["review-gates"], body_id="review-gates"),
                            card(
                                "Evaluations beside each other",
                                parts["review-comparison"],
                                body_id="review-comparison",
                                hint="On the same split. “By chance” is how likely luck alone makes such a difference.",
                            ),
                            card(
                                "Parameters that differ" if champion else "Parameters",
                                parts["review-params"],
                                **first_part("review-params"),
                            ),
                        ],
                        className="column",
                    ),
                    html.Div(
                        [
                            card("Decision", parts["review-decisions"], body_id="review-decisions"),
                            card("About", _about(review)),
                            card(
                                "Conversation",
                                html.Div(
                                    [
                                        # Live as long as it is the newest part of it.
                                        html.Div(
                                            parts["review-comments"],
                                            **wild({} if visit.state else {"id": "review-comments"}),
                                        ),
                                        say("review.comment", {"model": model, "version": version}),
                                    ]
                                ),
                            ),
                        ],
                        className="column",
                    ),
                ],
                className="split wide",
            ),
        ]
    )


def _buttons(review: Review, held: dict[str, str]) -> list[Component]:
    request = act("review.request", "Request again…", held, icon_name="refresh")
    if review.state == "OPEN":
        return [
            act("review.approve", "Approve…", held, icon_name="circle-check", look="primary"),
            act("review.changes", "Ask for changes…", held, icon_name="arrow-back-up"),
            act("review.withdraw", "Withdraw…", held),
        ]
    return [request]


def _figures(site: Site, visit: Visit, candidate: VersionRow, champion: VersionRow | None, talk: Talk) -> Component:
    ours = {m.key: m for m in candidate.metrics}
    theirs = {m.key: m for m in champion.metrics} if champion else {}
    every = [*candidate.metrics, *theirs.values()]
    keys = list(dict.fromkeys(m.key for m in chosen_metrics(every, len(every))))
    if not keys:
        return empty("No figures", "The run that made this version logged no metrics.", icon_name="chart-line")
    heads = [
        html.Th("Metric", scope="col"),
        talk.head(),
        html.Th(f"v{candidate.version} (candidate)", scope="col", className="number"),
    ]
    if champion:
        heads += [
            html.Th(f"v{champion.version} ({_standing(champion)})", scope="col", className="number"),
            html.Th("Difference", scope="col", className="number"),
        ]
    rows = []
    shown = part_of(keys, visit.state, "after-figures", _FIGURES)
    for key in shown.nodes:
        cells = [
            html.Th(clipped(key, 50), scope="row"),
            talk.cell("METRIC", key, there=key in ours),
            _number(ours.get(key)),
        ]
        if champion:
            cells += [_number(theirs.get(key)), html.Td(_difference(key, ours, theirs), className="number")]
        rows.append(html.Tr(cells))
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="table compact")
    note = None if champion else html.P("There is no other version to compare with.", className="card-hint")
    here = site.links.review(visit.parts["model"], visit.parts["version"])
    more = more_of("figures", shown, lambda **kept: here + query(kept), visit.state, "after-figures")
    return html.Div([note, scrolling(table, "Figures", 420), more])


def _standing(other: VersionRow) -> str:
    return "champion" if CHAMPION in other.aliases else "the version before"


def _number(metric: Metric | None) -> Component:
    return html.Td(metric_text(metric) if metric else formats.NOTHING, className="number")


def _difference(key: str, ours: Mapping[str, Metric], theirs: Mapping[str, Metric]) -> Component:
    mine, its = ours.get(key), theirs.get(key)
    if mine is None or its is None or mine.value is None or its.value is None:
        return formats.NOTHING
    change = mine.value - its.value
    if change == 0:
        return "same"
    better = (change < 0) == lower_is_better(key)
    sign = "+" if change > 0 else "−"
    return html.Span(
        [f"{sign}{formats.figure(abs(change))} ", html.Span("better" if better else "worse")],
        className="better" if better else "worse",
    )


def _params(site: Site, visit: Visit, candidate: VersionRow, champion: VersionRow | None, talk: Talk) -> Component:
    shown: Sequence[VersionRow] = [candidate, champion] if champion else [candidate]
    heads = [
        link(f"v{one.version}", site.links.version(visit.parts["model"], one.version), className="link strong")
        for one in shown
    ]
    group = Group("Parameters", [{p.key: p.value for p in one.params} for one in shown])
    address = site.links.review(visit.parts["model"], visit.parts["version"])
    known = group.columns[0]
    table = side_by_side(
        "Parameter",
        heads,
        [group],
        everything=champion is None,
        state=visit.state,
        address=address,
        beside=lambda key: talk.cell("PARAMETER", key, there=key in known),
    )
    if champion or len(known) <= _OPEN_UP_TO:
        return table
    label = formats.plural(len(known), "parameter")
    return html.Details([html.Summary(label), table], open=bool(visit.state), className="details")


def _about(review: Review) -> Component:
    return facts(
        [
            ("Author", clipped(", ".join(review.authors), 200) or formats.NOTHING),
            ("Asked", clipped(", ".join(review.reviewers), 200) or "anybody who may"),
            ("Approvals needed", str(review.needed)),
            ("Round", str(review.round)),
            ("Content", [icon("git-commit"), " ", html.Code(review.digest[:16], title=review.digest)]),
        ]
    )


PAGE = Page(
    "reviews/<model>/<version>",
    lambda parts: f"Review of {clipped(parts['model'], 60)} v{clipped(parts['version'], 20)}",
    render,
    topics=lambda parts: [names.review(parts["model"], parts["version"])],
    area="reviews",
    by_state=True,
    charts=True,
)
