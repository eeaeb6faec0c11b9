"""What a person moves on the monitoring page; the callbacks of the page put it into the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dash_mantine_components as dmc
from dash import html

from dashboard.components.basics import clipped, icon, wild
from dashboard.gateway.views import Monitored
from dashboard.pages.monitoring_state import RANGES, against_options, merged_of, merged_options, range_of, span_of
from dashboard.site import Component

MOST_OFFERED = 200  # of very many options; typing finds the others


def controls(state: Mapping[str, str], window_seconds: int) -> Component:
    return dmc.Group(
        [
            html.Button(
                [icon("zoom-reset"), "Reset zoom"],
                id="zoom-reset",
                className="button" + ("" if span_of(state).zoomed else " hidden"),
                type="button",
            ),
            html.Button(
                [icon("player-pause"), html.Span("Pause", id="pause-label")],
                id="pause",
                className="button",
                type="button",
            ),
            dmc.Select(
                id="merged",
                data=[
                    {"value": value, "label": label} for value, label in merged_options(state, window_seconds).items()
                ],
                value=merged_of(state),
                allowDeselect=False,
                w=196,
                size="sm",
                **wild({"aria-label": "Windows in one column"}),
            ),
            dmc.SegmentedControl(
                id="range",
                data=[{"value": value, "label": label} for value, label in RANGES.items()],
                value=range_of(state),
                size="sm",
                **wild({"aria-label": "Range of time"}),
            ),
        ],
        gap="xs",
    )


def choice(name: str, spoken: str, options: Sequence[Mapping[str, str]], value: str, width: int) -> Component:
    """One of `options`, which `spoken` names for those who don't see it."""
    return dmc.Select(
        id=name,
        data=list(options),
        value=value,
        allowDeselect=False,
        searchable=len(options) > 12,
        limit=MOST_OFFERED,
        w=width,
        maw="100%",
        size="sm",
        nothingFoundMessage="None of that name",
        **wild({"aria-label": spoken}),
    )


def compared_with(monitored: Monitored, state: Mapping[str, str]) -> Component:
    options = against_options(monitored.references, monitored.reference)
    options[0] = {"value": "", "label": f"The reference {clipped(monitored.reference, 40)}"}
    return choice("against", "Drift compared with", options, state.get("against", ""), 260)
