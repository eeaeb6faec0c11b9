"""The command palette's frame and lines, and the help about keys: both native dialogs, driven by `palette.js`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dash_mantine_components as dmc
from dash import html

from dashboard.components.basics import clipped, icon, wild
from dashboard.site import Component

KEYS = {
    "overview": "o",
    "projects": "p",
    "runs": "r",
    "datasets": "d",
    "models": "m",
    "reviews": "v",
    "monitoring": "l",
    "alerts": "a",
    "insights": "i",
    "events": "e",
    "settings": "s",
}
"""After `g`: the area that a letter opens."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: what it is called, what it is, and where it leads."""

    label: str
    note: str
    href: str
    icon: str


def palette(addresses: Mapping[str, str]) -> Component:
    """Closed at first. Its field has the role of a combobox, its lines that of options."""
    keys = {letter: addresses[area] for area, letter in KEYS.items()}
    return html.Dialog(
        [
            dmc.TextInput(
                id="palette-words",
                value="",
                placeholder="Go to a page, project, model, version or run",
                leftSection=icon("search"),
                debounce=150,
                size="md",
                variant="unstyled",
                className="palette-field",
                **wild(
                    {
                        "aria-label": "Go to",
                        "aria-autocomplete": "list",
                        "aria-controls": "palette-list",
                        "aria-expanded": "true",
                    }
                ),
            ),
            html.Div(id="palette-results"),
            html.Div(
                [
                    html.Span([html.Kbd("↑"), html.Kbd("↓"), " choose"]),
                    html.Span([html.Kbd("Enter"), " open"]),
                    html.Span([html.Kbd("Esc"), " close"]),
                ],
                className="palette-foot",
                **wild({"aria-hidden": "true"}),
            ),
        ],
        id="palette",
        className="palette",
        **wild({"aria-label": "Command palette", "data-keys": json.dumps(keys)}),
    )


def results(entries: Sequence[Entry], trouble: str) -> Component:
    """The lines; the first is chosen. How many there are is said aloud."""
    lines = [
        html.Li(
            [
                icon(entry.icon),
                html.Span(clipped(entry.label, 120), className="palette-label"),
                html.Span(clipped(entry.note, 90), className="palette-note"),
            ],
            id=f"palette-option-{place}",
            role="option",
            **wild({"aria-selected": "true" if place == 0 else "false", "data-href": entry.href}),
        )
        for place, entry in enumerate(entries)
    ]
    counted = f"{len(entries)} found" if entries else "Nothing found"
    return html.Div(
        [
            html.Ul(
                lines, id="palette-list", role="listbox", className="palette-list", **wild({"aria-label": "Found"})
            ),
            html.P("Nothing is called like that.", className="palette-nothing") if not entries else None,
            html.P(clipped(trouble, 200), className="palette-nothing trouble", role="alert") if trouble else None,
            html.Span(counted, className="visually-hidden", role="status"),
        ]
    )


def keys_help(labels: Mapping[str, str]) -> Component:
    """`labels`: the areas' names."""
    rows: list[tuple[Sequence[str], str]] = [
        (("Ctrl", "K"), "Go to anything (⌘ K on a Mac)"),
        (("/",), "Go to anything"),
        (("j", "k"), "Next, previous line of a list"),
        (("?",), "These keys"),
        *((("g", letter), labels[area]) for area, letter in KEYS.items()),
    ]
    return html.Dialog(
        [
            html.H2("Keys", className="card-title"),
            html.Dl(
                [html.Div([html.Dt([html.Kbd(key) for key in keys]), html.Dd(words)]) for keys, words in rows],
                className="keys",
            ),
            html.P(
                "Keys without Ctrl work wherever nothing is being typed. They can be switched off in this browser.",
                className="card-hint",
            ),
            html.Div(
                [
                    html.Button("Switch them off", id="keys-switch", className="button small", type="button"),
                    html.Button("Close", id="keys-close", className="button small primary", type="button"),
                ],
                className="dialog-buttons",
            ),
        ],
        id="keys",
        className="palette keys-dialog",
        **wild({"aria-label": "Keys"}),
    )
