"""Small parts used everywhere: icons, times, badges, cards with a heading, figures with a label."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard import formats
from dashboard.site import Component

LONGEST_TEXT = 400  # characters of any name or value that a page shows
LONG_WORD = 12


def wild(attributes: dict[str, str]) -> dict[str, Any]:
    """`aria-*` and `data-*` attributes, which no keyword can spell, to be unpacked into a component."""
    return dict(attributes)


def icon(name: str, label: str = "") -> Component:
    """A decorative icon, or one with a `label` where it says something that no text does."""
    spoken = wild({"role": "img", "aria-label": label} if label else {"aria-hidden": "true"})
    return html.Span(className=f"icon icon-{name}", **spoken)


def clipped(text: str, longest: int = LONGEST_TEXT) -> str:
    """A text as far as a page shows it, in whole words unless they are long: somebody will use a million characters."""
    if len(text) <= longest:
        return text
    end = text.rfind(" ", max(0, longest - LONG_WORD), longest)
    return text[: end if end > 0 else longest - 1].rstrip() + "…"


def moment(when: datetime | None, nothing: str = formats.NOTHING) -> Component:
    """A moment that the browser shows as relative time and keeps fresh; the absolute one is its tooltip.

    What is rendered doesn't depend on the time of day: sections that didn't change aren't sent again.
    """
    if when is None:
        return html.Span(nothing, className="dimmed")
    absolute = formats.absolute(when)
    return html.Time(absolute, dateTime=when.isoformat(), title=absolute, **wild({"data-relative": "true"}))


def link(children: Any, href: str, **props: Any) -> Component:
    """A link inside the dashboard: no reload."""
    return dcc.Link(children, href=href, className=props.pop("className", "link"), **props)


def badge(text: str, tone: str = "", icon_name: str = "") -> Component:
    """`tone`: good, bad, warn, accent, alias, or none; an icon or the word itself says the same without colour."""
    mark = [icon(icon_name)] if icon_name else []
    return html.Span(
        [*mark, clipped(text, 40)], className=f"badge {tone}", title=clipped(text) if len(text) > 40 else ""
    )


def aliases(names: Sequence[str]) -> list[Component]:
    return [badge(f"@{name}", "alias") for name in names]


_RUN_LOOK = {
    "FINISHED": ("good", "circle-check"),
    "RUNNING": ("accent", "loader"),
    "SCHEDULED": ("", "clock"),
    "FAILED": ("bad", "circle-x"),
    "KILLED": ("warn", "player-stop"),
    "READY": ("good", "circle-check"),
}


def status(word: str) -> Component:
    """A run's or version's status: colour, icon and word together, never colour alone."""
    tone, icon_name = _RUN_LOOK.get(word, ("", "dots"))
    return badge(word.capitalize().replace("_", " "), tone, icon_name)


def card(
    title: str, children: Any, *, body_id: str = "", aside: Any = None, hint: str = "", look: str = ""
) -> Component:
    """A panel with a heading; `aside` stands at its right, `hint` below the heading."""
    head = dmc.Group(
        [
            html.Div(
                [
                    html.H2(title, className="card-title"),
                    *([html.P(hint, className="card-hint")] if hint else []),
                ]
            ),
            html.Div(aside, className="card-aside") if aside is not None else None,
        ],
        justify="space-between",
        align="flex-start",
        wrap="nowrap",
        className="card-head",
    )
    named: dict[str, Any] = {"id": body_id} if body_id else {}
    return dmc.Card([head, html.Div(children, className="card-body", **named)], className=f"panel {look}")


def stat(label: str, value: Any, note: Any = None, *, href: str = "", tone: str = "", icon_name: str = "") -> Component:
    """One headline figure. `tone`: "" or `warn`, which also changes the icon."""
    body = [
        html.Div([icon(icon_name) if icon_name else None, html.Span(label)], className="stat-label"),
        html.Div(value, className="stat-value"),
        html.Div(note, className="stat-note"),
    ]
    inner = dcc.Link(body, href=href, className="stat-link") if href else body
    return dmc.Card(inner, className=f"stat {'stat-' + tone if tone else ''}", padding="md")


def stats(children: Sequence[Component]) -> Component:
    return html.Div(children, className="stats")


def scrolling(table: Component, label: str, narrowest: int) -> Component:
    """A table that scrolls sideways below `narrowest` pixels, also by keyboard."""
    table.style = {"minWidth": narrowest}
    return html.Div(table, className="table-scroll", tabIndex="0", role="region", **wild({"aria-label": label}))


def stacking(table: Component, label: str, narrowest: int) -> Component:
    """Like `scrolling`; on a phone each row is a block of its own, its cells named by the heads of their columns."""
    head, body = table.children
    names = ["" if cell.children is None else str(cell.children) for cell in head.children.children]
    for row in body.children:
        for name, cell in zip(names, row.children, strict=True):
            setattr(cell, "data-label", name)
    table.className = f"{table.className} stacked"
    return scrolling(table, label, narrowest)


def code(value: str) -> Component:
    """A value as it was logged; a long one in full as its tooltip."""
    return html.Code(clipped(value, 120), title=clipped(value, 2000))


def facts(pairs: Sequence[tuple[str, Any]]) -> Component:
    """A list of names with their values."""
    items = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in pairs]
    return html.Dl(items, className="facts")


_FACTS = 20
_LONGEST_REST = 100_000  # characters


def many_facts(pairs: Sequence[tuple[str, str]], what: str) -> Component:
    """Names with values as they were logged; of very many, the rest as one text, which costs a browser nothing."""
    shown = facts([(clipped(name, 80), code(value)) for name, value in pairs[:_FACTS]])
    rest = pairs[_FACTS:]
    if not rest:
        return shown
    text = clipped("\n".join(f"{clipped(name, 250)} = {clipped(value)}" for name, value in rest), _LONGEST_REST)
    words = html.Summary(f"{len(rest):,} more {what}")
    return html.Div(
        [shown, html.Details([words, html.Pre(text, tabIndex="0", className="file-text")], className="details")]
    )


def page_head(title: Any, *, crumbs: Sequence[Component] = (), aside: Any = None, hint: Any = None) -> Component:
    """A page's heading with the way back above it and its controls at the right."""
    trail: list[Component] = []
    for crumb in crumbs:
        trail += [icon("chevron-right"), crumb] if trail else [crumb]
    return html.Div(
        [
            html.Div(
                [
                    html.Nav(trail, className="crumbs", **wild({"aria-label": "Breadcrumb"})) if trail else None,
                    html.H1(title, className="page-title"),
                    html.Div(hint, className="page-hint") if hint else None,
                ],
                className="page-head-main",
            ),
            html.Div(aside, className="page-head-aside") if aside is not None else None,
        ],
        className="page-head",
    )
