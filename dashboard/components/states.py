"""What stands where there is nothing, not yet anything, or something went wrong: always with the next step."""

from __future__ import annotations

import secrets
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboard.components.basics import clipped, icon, wild
from dashboard.site import Component
from services.contracts.errors import LifecycleError, NotFound, Unavailable


def empty(title: str, hint: Any, *, icon_name: str = "inbox", code: str = "") -> Component:
    """Nothing here yet, and what to do about it; `code` is something to copy."""
    return html.Div(
        [
            html.Div(icon(icon_name), className="state-icon"),
            html.P(title, className="state-title"),
            html.P(hint, className="state-hint"),
            html.Pre(code, className="state-code", tabIndex="0") if code else None,
        ],
        className="state",
    )


def failed(error: LifecycleError) -> Component:
    """What went wrong in words, what to do, a button that tries again; what was only away is tried again by itself."""
    title = {
        NotFound: "There is nothing here",
        Unavailable: "This can't be loaded right now",
    }.get(type(error), "This couldn't be loaded")
    hint = " ".join(part for part in (error.message, error.fix) if part)
    return html.Div(
        [
            html.Div(icon("search" if isinstance(error, NotFound) else "plug-off"), className="state-icon"),
            html.P(title, className="state-title"),
            html.P(clipped(hint), className="state-hint"),
            None
            if isinstance(error, NotFound)
            else html.Button(
                [icon("refresh"), "Try again"],
                id={"retry": secrets.token_hex(4)},
                className="button",
                type="button",
            ),
        ],
        className="state state-failed",
        role="alert",
        **(wild({"data-again": "true"}) if isinstance(error, Unavailable) else {}),
    )


def skeleton() -> Component:
    """What stands while a page is on its way."""
    return html.Div(
        [
            dmc.Skeleton(height=34, width="min(320px, 60%)", mb="xl"),
            html.Div([dmc.Skeleton(height=104, radius="lg") for _ in range(4)], className="stats"),
            dmc.Skeleton(height=300, radius="lg", mt="lg"),
            dmc.Skeleton(height=220, radius="lg", mt="lg"),
        ],
        **wild({"aria-busy": "true", "aria-label": "Loading"}),
        role="status",
    )


def waiting(height: int) -> Component:
    """What stands while a part of a page is on its way, as high as it will be."""
    return html.Div(dmc.Skeleton(height=height, radius="md"), **wild({"aria-busy": "true"}))
