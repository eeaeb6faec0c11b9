"""The grid of runs and what stands above it: the filter, the choice of columns, the saved views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.components.basics import clipped, icon, wild
from dashboard.links import Links, query
from dashboard.site import Component

BLOCK = 100  # rows a request; the gateway's largest page
MOST_VIEWS = 50
LONGEST_VIEW_NAME = 80
EXAMPLES = "otter, or metrics.roc_auc > 0.7 and params.max_depth = '6'"
VIEW_PARTS = ("filter", "cols", "sort")
_VIEW_IDS = ("id",)  # of those that the gateway keeps

# Mantine's variables, so that the grid follows the theme without a word from us.
_THEME = (
    "{backgroundColor: 'var(--panel)', foregroundColor: 'var(--mantine-color-text)', "
    "accentColor: 'var(--accent)', borderColor: 'var(--line)', headerBackgroundColor: 'var(--panel)', "
    "headerTextColor: 'var(--muted)', rowHoverColor: 'var(--hover)', oddRowBackgroundColor: 'var(--panel)', "
    "wrapperBorder: false, headerFontWeight: 550, fontFamily: 'inherit', fontSize: 13, spacing: 7, "
    "columnBorder: false, headerColumnBorder: false}"
)


def grid(definitions: Sequence[dict[str, Any]]) -> Component:
    """What is sorted and moved in it goes into the address by the script `dashAgGridFunctions.js`."""
    moved = ["runsMoved(params)"]
    return dag.AgGrid(
        id="runs-grid",
        columnDefs=list(definitions),
        defaultColDef={"resizable": True, "sortable": True},
        rowModelType="infinite",
        getRowId="params.data.id",
        eventListeners={"sortChanged": moved, "columnMoved": moved, "firstDataRendered": ["runsNarrow(params)"]},
        dashGridOptions={
            "cacheBlockSize": BLOCK,
            "maxBlocksInCache": 100,
            # Dash answers the newest request only: with a limit, those that are given up would count for ever.
            "maxConcurrentDatasourceRequests": -1,
            "rowHeight": 40,
            "theme": {"function": f"themeQuartz.withParams({_THEME})"},
            "ensureDomOrder": True,
            "suppressCellFocus": False,
            "suppressFieldDotNotation": True,
            "suppressDragLeaveHidesColumns": True,
            "tooltipShowDelay": 400,
            "selectionColumnDef": {
                "headerName": "Tick",
                "width": 64,
                "resizable": False,
                "sortable": False,
                "pinned": "left",
            },
            "rowSelection": {"mode": "multiRow", "headerCheckbox": False, "enableClickSelection": False},
            "localeText": {"noRowsToShow": "No runs here. Log one with any MLflow client, or clear the filter."},
        },
        style={"height": "max(320px, calc(100vh - 330px))"},
        className="grid",
    )


def toolbar(text: str, columns: Sequence[str], suggestions: Sequence[dict[str, Any]], links: Links) -> Component:
    field = dmc.TextInput(
        id="filter",
        value=text,
        placeholder=EXAMPLES,
        leftSection=icon("search"),
        debounce=400,
        size="sm",
        className="grow",
        **wild({"aria-label": "Filter runs"}),
    )
    taken = html.A(
        [icon("download"), html.Span("CSV")],
        id="runs-csv",
        href=links.runs_file(),
        download="runs.csv",
        className="button",
        title="These runs with these columns as a file",
    )
    grouped = dcc.Link(
        [icon("stack-2"), html.Span("Group")],
        id="runs-groups",
        href=links.run_groups(),
        className="button",
        title="These runs by what they have in common",
    )
    return html.Div([field, _columns(columns, suggestions), grouped, _views(), taken], className="toolbar")


def _dropdown(name: str, label: Component, icon_name: str, body: Component) -> Component:
    """A native disclosure; `palette.js` closes it on Escape and on a click beside it."""
    return html.Details(
        [html.Summary([icon(icon_name), label], className="button"), html.Div(body, className="popover")],
        id=name,
        className="dropdown",
    )


def _columns(columns: Sequence[str], suggestions: Sequence[dict[str, Any]]) -> Component:
    body = html.Div(
        [
            dmc.TagsInput(
                id="runs-columns",
                label="Columns of the grid",
                description="Any metric, parameter or tag: pick one, or type its name. Drag the headers to order them.",
                placeholder="metrics.roc_auc",
                value=list(columns),
                data=list(suggestions),
                limit=60,
                maxDropdownHeight=260,
                acceptValueOnBlur=False,
                comboboxProps={"withinPortal": False},
                size="sm",
            ),
            html.Div(
                html.Button("Choose for me", id="runs-columns-auto", className="button small", type="button"),
                className="buttons",
            ),
        ]
    )
    return _dropdown("runs-columns-box", html.Span("Columns"), "columns-3", body)


def _views() -> Component:
    body = html.Div(
        [
            html.Div(id="runs-views-list"),
            html.Div(
                [
                    dmc.TextInput(
                        id="runs-view-name",
                        label="Keep this view as",
                        description="Filter, columns and order: yours in every browser. A link carries them to others.",
                        placeholder="Best of the autumn",
                        value="",
                        size="sm",
                    ),
                    html.Div(
                        [
                            html.Button("Save", id="runs-view-save", className="button small primary", type="button"),
                            html.Button(
                                [icon("copy"), "Copy link"],
                                id="runs-view-copy",
                                className="button small",
                                type="button",
                            ),
                            html.Span(id="runs-view-copied", className="sub", role="status"),
                        ],
                        className="buttons",
                    ),
                ],
                className="views-new",
            ),
        ]
    )
    return _dropdown("runs-views-box", html.Span("Views", id="runs-view-current"), "bookmark", body)


def kept_views(data: Any) -> list[dict[str, str]]:
    """What was kept, as far as it is what this page put there: each a name, the parts of an address, maybe its id."""
    found = []
    for one in data if isinstance(data, list) else ():
        if isinstance(one, dict) and isinstance(one.get("name"), str) and one["name"].strip():
            parts = {part: one[part] for part in (*VIEW_PARTS, *_VIEW_IDS) if isinstance(one.get(part), str)}
            found.append({"name": clipped(one["name"], LONGEST_VIEW_NAME), **parts})
    return found[:MOST_VIEWS]


def address_of(view: Mapping[str, str], links: Links) -> str:
    return links.runs() + query({part: view.get(part, "") for part in VIEW_PARTS})


def view_list(views: Sequence[Mapping[str, str]], state: Mapping[str, str], links: Links) -> Component:
    """The saved views; the one that is shown is marked."""
    if not views:
        return html.P("No saved views yet.", className="card-hint")
    return html.Ul(
        [
            html.Li(
                [
                    dcc.Link(
                        [icon("circle-check" if shown(view, state) else "bookmark"), html.Span(view["name"])],
                        href=address_of(view, links),
                        className="view-link",
                    ),
                    html.Button(
                        icon("x", f"Forget {view['name']}"),
                        id={"forget": view["name"]},
                        className="icon-button plain-button",
                        type="button",
                    ),
                ],
                **(wild({"aria-current": "true"}) if shown(view, state) else {}),
            )
            for view in views
        ],
        className="views",
    )


def shown(view: Mapping[str, str], state: Mapping[str, str]) -> bool:
    return all(view.get(part, "") == state.get(part, "") for part in VIEW_PARTS)
