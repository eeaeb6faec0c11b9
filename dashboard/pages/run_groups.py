"""`/runs/groups`: runs by what they have in common, a row a group with the figures of its metrics.

The state: `filter` and `cols` as the grid of runs has them (its metrics are shown), `by` and `also` (columns that the
runs of a group have in common), `sort` (`-runs`, `value`, `-mean.auc`) and `after` (more of them).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard import formats, run_search
from dashboard import run_columns as columns
from dashboard.components.basics import card, clipped, link, moment, page_head, scrolling
from dashboard.components.controls import choice, more_of, page_of, search_field
from dashboard.components.run_grid import EXAMPLES
from dashboard.components.sections import rendered
from dashboard.components.states import empty
from dashboard.gateway import operations as ask
from dashboard.gateway.views import GroupMetric, RunGroup, RunSummary
from dashboard.pages.page import Page
from dashboard.pages.runs import sample
from dashboard.site import Component, Section, Site, Visit

MOST_METRICS = 6
MOST_CHOICES = 200
_ATTRIBUTES = {"status": "STATUS", "user": "USER", "name": "NAME"}
_ORDERS = {"-runs": "Most runs first", "-newest": "Newest first", "value": "By value"}
_NOTHING_ELSE = "nothing else"


async def render(site: Site, visit: Visit) -> Component:
    text = visit.state.get("filter", "")
    known = await sample(visit, text)
    by, also = _by(visit, known)
    metrics = _metrics(visit, known)
    options = _options(known, [by, *also])
    orders = _ORDERS | {
        key: words
        for metric in metrics
        for key, words in (
            (f"-mean.{metric}", f"Highest mean {clipped(metric, 30)}"),
            (f"mean.{metric}", f"Lowest mean {clipped(metric, 30)}"),
        )
    }
    sort = visit.state.get("sort", "")

    async def table(site: Site, visit: Visit) -> Component:
        return await _groups(site, visit, [by, *also], metrics, sort if sort in orders else "-runs")

    sections: dict[str, Section] = {"groups": table}
    return html.Div(
        [
            page_head(
                "Groups of runs",
                crumbs=[link("Runs", site.links.runs(filter=text, cols=visit.state.get("cols", "")))],
                hint="Runs by what they have in common; of each metric the mean of the runs' latest values.",
            ),
            card(
                "Groups",
                html.Div(
                    [
                        html.Div(
                            [
                                search_field("filter", "Filter runs", text, EXAMPLES),
                                choice("by", "Group by", options, by, shown=True),
                                choice(
                                    "also",
                                    "and by",
                                    {"-": _NOTHING_ELSE} | {one: name for one, name in options.items() if one != by},
                                    also[0] if also else "-",
                                    shown=True,
                                ),
                                choice("sort", "Order", orders, sort if sort in orders else "-runs", shown=True),
                            ],
                            className="toolbar end-aligned",
                        ),
                        (await rendered(sections, site, visit))["groups"],
                    ]
                ),
                hint="A group opens as the runs in it. The metrics are those of the columns that the runs' grid shows.",
            ),
        ]
    )


def _by(visit: Visit, known: Sequence[RunSummary]) -> tuple[str, list[str]]:
    """The columns that the address names, or the parameter that these runs have the fewest different values of."""
    values: dict[str, set[str]] = {}
    for run in known:
        for param in run.params:
            values.setdefault(f"params.{param.key}", set()).add(param.value)
    differing = sorted((len(some), one) for one, some in values.items() if len(some) > 1 and _grouping(one))
    by = visit.state.get("by", "")
    by = by if _grouping(by) else differing[0][1] if differing else "user"
    also = visit.state.get("also", "")
    return by, [also] if _grouping(also) and also != by else []


def _grouping(column: str) -> dict[str, str] | None:
    """What the gateway calls it; None for what runs can't be grouped by."""
    if column in _ATTRIBUTES:
        return {"by": _ATTRIBUTES[column]}
    kind, _, key = column.partition(".")
    if kind in ("params", "tags") and columns.known(column):
        return {"by": "PARAM" if kind == "params" else "TAG", "key": key}
    return None


def _metrics(visit: Visit, known: Sequence[RunSummary]) -> list[str]:
    shown = columns.read(visit.state.get("cols", "")) or columns.automatic(known)
    return [one.removeprefix("metrics.") for one in shown if one.startswith("metrics.")][:MOST_METRICS]


def _options(known: Sequence[RunSummary], chosen: Sequence[str]) -> dict[str, str]:
    params = sorted({f"params.{param.key}" for run in known for param in run.params})[:MOST_CHOICES]
    found = [one for one in [*params, *_ATTRIBUTES] if _grouping(one)]
    return {one: _name(one) for one in [*found, *(one for one in chosen if one not in found)]}


def _name(column: str) -> str:
    return column.partition(".")[2] if "." in column else f"{column} of the run" if column == "name" else column


async def _groups(site: Site, visit: Visit, by: Sequence[str], metrics: Sequence[str], sort: str) -> Component:
    what, _, metric = sort.removeprefix("-").partition(".")
    order = {"by": what.upper(), "metric": metric or None, "descending": sort.startswith("-")}
    text = visit.state.get("filter", "")
    wanted: dict[str, Any] = {"by": [_grouping(one) for one in by], "metrics": list(metrics), "sort": order}
    page = await visit.ask(ask.RUN_GROUPS, **page_of(visit.state, **wanted), **run_search.asked(text))
    if not page.nodes:
        return empty("No runs here", "Log one with any MLflow client, or clear the filter.", icon_name="flask")
    looks = [*((clipped(_name(one), 60), "") for one in by), ("Runs", "number")]
    looks += [*((clipped(metric, 60), "number") for metric in metrics), ("Newest", "")]
    head = html.Thead(html.Tr([html.Th(words, scope="col", className=look) for words, look in looks]))
    body = html.Tbody([_row(one, by, text, visit.state.get("cols", ""), site) for one in page.nodes])
    total = formats.plural(page.total_count or len(page.nodes), "group")
    return html.Div(
        [
            html.P(total, className="card-hint"),
            scrolling(html.Table([head, body], className="table"), "Groups of runs", 320 + 130 * len(metrics)),
            more_of("groups", page, site.links.run_groups, visit.state),
        ]
    )


def _row(group: RunGroup, by: Sequence[str], text: str, cols: str, site: Site) -> Component:
    within = run_search.within(text, dict(zip(by, group.values, strict=True)))
    names = [
        html.Span("none", className="dimmed") if value is None else clipped(value, 80) or "(empty)"
        for value in group.values
    ]
    first = link(names[0], site.links.runs(filter=within, cols=cols), className="link strong") if within else names[0]
    return html.Tr(
        [
            *(html.Td(name) for name in [first, *names[1:]]),
            html.Td(formats.count(group.runs), className="number"),
            *(html.Td(_figures(metric, group.runs), className="number") for metric in group.metrics),
            html.Td(moment(group.newest)),
        ]
    )


def _figures(metric: GroupMetric, runs: int) -> list[Component]:
    if metric.mean is None:
        return [html.Span(formats.NOTHING, className="dimmed")]
    spread = f" ± {formats.figure(metric.deviation, 2)}" if metric.deviation is not None else ""
    of = f", of {formats.plural(metric.runs, 'run')}" if metric.runs != runs else ""
    ends = f"{formats.figure(metric.least)} to {formats.figure(metric.greatest)}" if metric.runs > 1 else ""
    return [
        html.Div([formats.figure(metric.mean), html.Span(spread, className="dimmed")]),
        html.Div(f"{ends}{of}".removeprefix(", "), className="sub") if ends or of else None,
    ]


PAGE = Page("runs/groups", lambda parts: "Groups of runs", render, area="runs", by_state=True)
