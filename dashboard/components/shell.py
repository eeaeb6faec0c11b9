"""The frame around every page: header, navigation, live badge, theme toggle, and the stores of live data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.components.acting import dialog
from dashboard.components.basics import icon, wild
from dashboard.components.palette import keys_help, palette
from dashboard.components.states import skeleton
from dashboard.components.talk import panel
from dashboard.links import Links
from dashboard.site import Component
from dashboard.theme import MANTINE

AREAS = (
    ("overview", "Overview", "layout-dashboard"),
    ("projects", "Projects", "stack-2"),
    ("runs", "Runs", "flask"),
    ("datasets", "Datasets", "database"),
    ("models", "Models", "cube"),
    ("reviews", "Reviews", "message"),
    ("monitoring", "Monitoring", "activity"),
    ("alerts", "Alerts", "bell"),
    ("insights", "Insights", "bulb"),
    ("events", "Events", "bolt"),
    ("settings", "Settings", "settings"),
)


@dataclass(frozen=True, slots=True)
class First:
    """The page that a browser asked for first, so that it comes with its frame: no second request for it.

    `placed`: the values that its controls were drawn with, and the address of then.
    """

    pathname: str
    search: str
    content: Component
    title: str
    topics: list[str]
    navigation: Component
    placed: dict[str, Any]
    viewer: Component


def shell(links: Links, first: First | None = None, *, signed_in: bool) -> Component:
    """`signed_in`: the dashboard asks for tokens, so there is something to sign out of."""
    addresses = links.areas()
    here = {"pathname": first.pathname, "search": first.search} if first else {}
    return dmc.MantineProvider(
        [
            dcc.Location(id="url", refresh="callback-nav", **here),
            dcc.Store(id="again", data=0),
            dcc.Store(id="title", data=first.title if first else None),
            dcc.Store(id="topics", data=first.topics if first else None),
            dcc.Store(id="placed", data=first.placed if first else None),
            dcc.Store(id="live-tick"),
            dcc.Store(id="coarse-tick"),
            dcc.Store(id="redrawn"),
            html.A("Skip to content", href="#page", className="skip"),
            dmc.AppShell(
                [
                    _header(links, first.viewer if first else None, signed_in=signed_in),
                    dmc.AppShellNavbar(
                        first.navigation if first else navigation(addresses, ""),
                        id="navbar",
                        className="navbar",
                        **wild({"aria-label": "Main"}),
                    ),
                    dmc.AppShellMain(
                        [
                            html.Div(
                                first.content if first else skeleton(), id="page", className="page", tabIndex="-1"
                            ),
                            panel(),
                        ],
                        className="main",
                    ),
                ],
                id="shell",
                header={"height": 56},
                navbar={"width": 208, "breakpoint": "sm", "collapsed": {"mobile": True}},
                padding={"base": "md", "sm": "xl"},
                transitionDuration=0,
            ),
            dialog(),
            palette(addresses),
            keys_help({name: label for name, label, _ in AREAS}),
            dcc.Store(id="dialog-given"),
            dcc.Store(id="dialog-asked"),
            html.Div(id="undo", role="status"),
            dmc.NotificationContainer(id="notices", position="bottom-right"),
        ],
        theme=MANTINE,
        defaultColorScheme="auto",
    )


def _header(links: Links, viewer: Component, *, signed_in: bool) -> Component:
    return dmc.AppShellHeader(
        dmc.Group(
            [
                dmc.Group(
                    [
                        dmc.Burger(
                            id="burger", opened=False, hiddenFrom="sm", size="sm", **wild({"aria-label": "Menu"})
                        ),
                        dcc.Link(
                            [html.Span(className="logo", **wild({"aria-hidden": "true"})), html.Span("Lifecycle")],
                            href=links.overview(),
                            className="brand",
                        ),
                    ],
                    gap="xs",
                    wrap="nowrap",
                ),
                dmc.Group(
                    [
                        html.Button(
                            [
                                icon("search"),
                                html.Span("Go to", className="palette-word"),
                                html.Kbd("Ctrl K"),
                            ],
                            id="palette-button",
                            className="button small palette-button",
                            type="button",
                            **wild({"aria-haspopup": "dialog"}),
                        ),
                        html.Span("Connecting", id="live-badge", className="live-badge reconnecting", role="status"),
                        html.Span(viewer, id="viewer", className="viewer"),
                        html.Button(
                            [
                                icon("clock"),
                                html.Span("Times: ", className="visually-hidden"),
                                html.Span("Relative", id="times-word", className="times-word"),
                            ],
                            id="times",
                            className="button small times-button",
                            type="button",
                            title="How times are written: how long ago, by the clock here, or in UTC",
                        ),
                        html.A(
                            icon("logout", "Sign out"), href=links.sign_out(), className="icon-button", title="Sign out"
                        )
                        if signed_in
                        else None,
                        dmc.ColorSchemeToggle(
                            lightIcon=icon("sun"),
                            darkIcon=icon("moon"),
                            variant="subtle",
                            color="gray",
                            size="lg",
                            id="theme",
                            **wild({"aria-label": "Switch between light and dark"}),
                        ),
                    ],
                    gap="xs",
                    wrap="nowrap",
                ),
            ],
            justify="space-between",
            wrap="nowrap",
            h="100%",
            px="md",
        ),
        className="header",
    )


def navigation(addresses: dict[str, str], area: str) -> Component:
    def item(name: str, label: str, icon_name: str) -> Any:
        current = wild({"aria-current": "page"} if name == area else {})
        # dcc.Link knows no aria attributes: the item around it carries them.
        return html.Li(
            dcc.Link(
                [icon(icon_name), html.Span(label)],
                href=addresses[name],
                className="nav-link" + (" active" if name == area else ""),
            ),
            **current,
        )

    return html.Ul([item(*entry) for entry in AREAS], className="nav")
