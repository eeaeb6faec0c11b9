"""Controls whose value is a part of the page's address: the page is drawn again when they move, and Back works."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.components.basics import clipped, icon, link, wild
from dashboard.days import spelled
from dashboard.gateway.views import Connection, Edge, PageInfo
from dashboard.site import Component

Row = TypeVar("Row")


def state_id(name: str) -> dict[str, str]:
    """The id that ties a control to the part of the address called `name`."""
    return {"state": name}


def wish_id(name: str) -> dict[str, str]:
    """The id of the store in which a callback leaves the parts of the address that are to change: `{name: value}`."""
    return {"wish": name}


def wishes(*names: str) -> list[Component]:
    """Those stores, one a callback: several can change the address at once."""
    return [dcc.Store(id=wish_id(name)) for name in names]


def choice(
    name: str,
    label: str,
    options: Sequence[str] | Mapping[str, str],
    value: str,
    *,
    width: int = 200,
    shown: bool = False,
) -> Component:
    """A select. `options`: values with their labels, or values that are their own labels. `shown`: with its label."""
    pairs = options.items() if isinstance(options, Mapping) else ((one, one) for one in options)
    named: dict[str, Any] = {"label": label} if shown else wild({"aria-label": label})
    return dmc.Select(
        id=state_id(name),
        data=[{"value": key, "label": clipped(text, 60)} for key, text in pairs],
        value=value,
        allowDeselect=False,
        searchable=len(options) > 12,
        w=width,
        maw="100%",
        size="sm",
        **named,
    )


def segments(name: str, label: str, options: Mapping[str, str], value: str) -> Component:
    """A few choices in a row."""
    return dmc.SegmentedControl(
        id=state_id(name),
        data=[{"value": key, "label": text} for key, text in options.items()],
        value=value,
        size="sm",
        **wild({"aria-label": label}),
    )


ROWS = 25  # of any list at once: what the browser needs for a page of components grows with their square


def page_of(state: Mapping[str, str], key: str = "after", most: int = ROWS, **narrowed: Any) -> dict[str, Any]:
    """What a list is asked for: a page of it from where the address says, narrowed by whatever isn't empty."""
    wanted = {"after": state.get(key, ""), **narrowed}
    return {"first": most, **{name: value for name, value in wanted.items() if value}}


def containing(**parts: str) -> dict[str, Any]:
    """A filter of names that contain a part, whatever its case; empty where none is asked for."""
    return {name: {"ilike": f"%{part}%"} for name, part in parts.items() if part}


def part_of(rows: Sequence[Row], state: Mapping[str, str], key: str = "after", most: int = ROWS) -> Connection[Row]:
    """A page of a list that is here as a whole; its cursors are places."""
    text = state.get(key, "")
    start = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
    end = min(start + most, len(rows))
    edges = [Edge(node=row) for row in rows[start:end]]
    return Connection(edges=edges, page_info=PageInfo(has_next_page=end < len(rows), end_cursor=str(end)))


def more_of(
    what: str,
    page: Connection[Any],
    address: Callable[..., str],
    state: Mapping[str, str],
    key: str = "after",
    first: str = "From the beginning",
) -> Component:
    """The way on from one page of a list, and back to its beginning; nothing where all of it is shown."""
    rest = {name: value for name, value in state.items() if name != key}
    ways = [link(first, address(**rest))] if state.get(key) else []
    if page.page_info.has_next_page and page.page_info.end_cursor:
        ways.append(link(f"More {what}", address(**rest, **{key: page.page_info.end_cursor})))
    return html.P([part for way in ways for part in (way, " ")], className="table-more") if ways else None


def day_field(field_id: Mapping[str, str], spoken: str, value: str, today: date) -> Component:
    """Takes a day of the past; empty for now."""
    return dmc.DateInput(
        id=dict(field_id),
        value=value or None,
        valueFormat="D MMM YYYY",
        placeholder="As it is now",
        leftSection=icon("clock"),
        maxDate=today.isoformat(),
        clearable=True,
        clearButtonProps=wild({"aria-label": "As it is now"}),
        size="sm",
        w=168,
        **wild({"aria-label": spoken}),
    )


def past_note(what: str, day: date, now: str) -> Component:
    """Says that `what` is shown as it was; `now` is the address of the same as it is."""
    words = f"{what} as it was at the end of {spelled(day)} (UTC). Nothing can be changed here."
    return html.Div([icon("clock"), html.Span(words), link("Back to now", now)], className="past-note", role="status")


def search_field(name: str, label: str, value: str, placeholder: str) -> Component:
    """A text that narrows what is shown, asked for as soon as typing rests."""
    return dmc.TextInput(
        id=state_id(name),
        value=value,
        placeholder=placeholder,
        leftSection=icon("search"),
        debounce=500,
        size="sm",
        className="grow",
        **wild({"aria-label": label}),
    )
