"""`/models/<name>`: one model's versions with their figures, parameters and source runs, and what happened to it.

The state of the page is its address: `after` (older versions).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import html

from dashboard import formats
from dashboard.components.acting import act
from dashboard.components.basics import (
    aliases,
    badge,
    card,
    clipped,
    icon,
    link,
    many_facts,
    moment,
    page_head,
    scrolling,
    stat,
    stats,
    status,
)
from dashboard.components.comparison import apart
from dashboard.components.controls import more_of, page_of
from dashboard.components.events import timeline
from dashboard.components.models import chosen_metrics, lower_is_better, metric_text
from dashboard.components.sections import rendered
from dashboard.components.states import empty
from dashboard.components.stays import what_ran_where
from dashboard.gateway import operations as ask
from dashboard.gateway.views import KeyValue, ModelDetail, VersionRow
from dashboard.links import Links, query
from dashboard.live import names
from dashboard.pages.page import Page
from dashboard.pages.past import asked_days
from dashboard.performing import CHAMPION
from dashboard.site import Component, Section, Site, Visit
from services.contracts.errors import NotFound

_VERSIONS = 15  # at once
_TIMELINE_LENGTH = 16
_DIFFERING = 20  # parameters
_COLUMNS = 4
_COMPARED = 6  # runs of versions
_OPEN_UP_TO = 12  # parameters
_LONGEST_VALUE = 36  # characters of a parameter, so that two versions fit side by side


async def load(site: Site, visit: Visit) -> ModelDetail:
    """Raises NotFound with words for the person who followed the link."""
    name = visit.parts["name"]
    model = await visit.ask(ask.MODEL, name=name, first=_VERSIONS)
    if model is None:
        raise NotFound(f"There is no registered model called {clipped(name, 80)}.")
    return model


async def head_section(site: Site, visit: Visit) -> Component:
    model, monitored = await asyncio.gather(load(site, visit), visit.ask(ask.MONITORED, model=visit.parts["name"]))
    champion = next((alias.version for alias in model.aliases if alias.name == CHAMPION), None)
    versions = model.versions.nodes
    newest = versions[0] if versions else None
    best = next((version for version in versions if version.version == champion), newest)
    figures = chosen_metrics(best.metrics, 1) if best else []
    watched = max(monitored, key=lambda one: one.last_prediction_at or one.reference_set_at, default=None)
    return html.Div(
        [
            stats(
                [
                    stat(
                        "Champion",
                        f"v{champion}" if champion else "none yet",
                        "in use" if champion else "set the alias champion on a version",
                        icon_name="tag",
                    ),
                    stat(
                        "Versions",
                        formats.count(model.version_count),
                        ["newest ", moment(newest.created_at)] if newest else "none yet",
                        icon_name="versions",
                    ),
                    stat(
                        figures[0].key if figures else "Figures",
                        metric_text(figures[0]) if figures else formats.NOTHING,
                        f"of v{best.version} when it was trained" if best and figures else "no metrics logged",
                        icon_name="chart-line",
                    ),
                    stat(
                        "Monitoring",
                        f"v{watched.version}" if watched else "off",
                        formats.plural(watched.rows, "prediction") if watched else "set a reference to watch a version",
                        href=site.links.monitored(watched.model, watched.version) if watched else "",
                        icon_name="activity",
                    ),
                ]
            ),
            html.P(clipped(model.description, 2000), className="lead") if model.description else None,
            _tags(model.tags),
        ]
    )


def _tags(tags: Sequence[KeyValue]) -> Component:
    shown = [tag for tag in tags if not tag.key.startswith("mlflow.")]
    if not shown:
        return None
    return dmc.Group([badge(f"{tag.key}: {tag.value}") for tag in shown], gap=6, mb="md")


async def versions_section(site: Site, visit: Visit) -> Component:
    model = await load(site, visit)
    asked = page_of(visit.state, most=_VERSIONS)
    older = await visit.ask(ask.MODEL, name=model.name, **asked) if "after" in asked else None
    page = (older or model).versions
    versions = page.nodes
    if not versions:
        return empty("No versions yet", "Register a run's model under this name.", icon_name="versions")
    keys = _metric_keys(versions)
    head = html.Thead(
        html.Tr(
            [
                html.Th("Version", scope="col"),
                html.Th("Aliases", scope="col"),
                *(html.Th(clipped(key, 28), scope="col", className="number", title=key) for key in keys),
                html.Th("Source run", scope="col"),
                html.Th("Status", scope="col"),
                html.Th("Registered", scope="col", className="end"),
            ]
        )
    )
    best = {key: _best(versions, key) for key in keys}
    rows = [_version_row(model.name, version, keys, best, site.links) for version in versions]
    table = scrolling(html.Table([head, html.Tbody(rows)], className="table"), "Versions", 760)
    here = site.links.model(model.name)
    return html.Div([table, more_of("versions", page, lambda **kept: here + query(kept), visit.state)])


def _metric_keys(versions: Sequence[VersionRow]) -> list[str]:
    """The metrics most worth comparing over all versions."""
    by_key = {metric.key: metric for version in versions for metric in version.metrics}
    return [metric.key for metric in chosen_metrics(list(by_key.values()), _COLUMNS)]


def _best(versions: Sequence[VersionRow], key: str) -> float | None:
    values = [m.value for version in versions for m in version.metrics if m.key == key and m.value is not None]
    if len(set(values)) < 2:
        return None
    return min(values) if lower_is_better(key) else max(values)


def _version_row(
    model: str, version: VersionRow, keys: Sequence[str], best: dict[str, float | None], links: Links
) -> Component:
    metrics = {metric.key: metric for metric in version.metrics}
    cells = []
    for key in keys:
        metric = metrics.get(key)
        top = metric is not None and metric.value is not None and metric.value == best[key]
        cells.append(
            html.Td(
                [metric_text(metric) if metric else formats.NOTHING, icon("circle-check", "best") if top else None],
                className="number best" if top else "number",
            )
        )
    run = version.run
    return html.Tr(
        [
            html.Td(link(f"v{version.version}", links.version(model, version.version), className="link strong")),
            html.Td(dmc.Group(aliases(version.aliases), gap=4)),
            *cells,
            html.Td(
                [
                    link(clipped(run.name or run.run_id, 32), links.run(run.run_id)),
                    html.Div(clipped(run.user, 32), className="sub"),
                ]
                if run
                else html.Span(formats.NOTHING, className="sub")
            ),
            html.Td(status(version.status)),
            html.Td(
                [moment(version.created_at), html.Div(clipped(version.user, 32), className="sub")], className="end"
            ),
        ]
    )


async def params_section(site: Site, visit: Visit) -> Component:
    """Parameters of the versions side by side: first those that differ."""
    model = await load(site, visit)
    versions = model.versions.nodes[:4]
    values = {v.version: {p.key: p.value for p in v.params} for v in versions}
    keys = sorted({key for params in values.values() for key in params})
    if not keys:
        return empty("No parameters logged", "Autologging records them with the run.", icon_name="list")
    differing = [key for key in keys if len({params.get(key) for params in values.values()}) > 1]
    same = [key for key in keys if key not in differing]
    head = html.Thead(
        html.Tr([html.Th("Parameter", scope="col"), *(html.Th(f"v{v.version}", scope="col") for v in versions)])
    )

    def row(key: str) -> Component:
        said = [values[v.version].get(key, formats.NOTHING) for v in versions]
        told = zip(said, apart(said, _LONGEST_VALUE), strict=True)
        cells = [html.Td(short, className="mono", title=clipped(one, 2000)) for one, short in told]
        return html.Tr([html.Th(clipped(key, 60), scope="row"), *cells])

    parts: list[Component] = []
    if differing:
        table = html.Table(
            [head, html.Tbody([row(key) for key in differing[:_DIFFERING]])], className="table compact compared"
        )
        parts.append(scrolling(table, "Parameters that differ", 340))
        more = len(differing) - _DIFFERING
        parts.append(html.P(f"{more:,} more differ.", className="table-more") if more > 0 else None)
    elif len(versions) > 1:
        parts.append(html.P("All shown versions were trained with the same parameters.", className="card-hint"))
    if same:
        pairs = [(key, values[versions[0].version][key]) for key in same]
        label = formats.plural(len(same), "parameter") + (" the same in all" if len(versions) > 1 else "")
        shown = not differing and len(same) <= _OPEN_UP_TO
        parts.append(
            html.Details([html.Summary(label), many_facts(pairs, "parameters")], open=shown, className="details")
        )
    return html.Div(parts)


async def timeline_section(site: Site, visit: Visit) -> Component:
    name = visit.parts["name"]
    own, versions, watched = await asyncio.gather(
        visit.ask(ask.EVENTS, first=_TIMELINE_LENGTH, aggregate="registered_model", aggregateId=name),
        visit.ask(ask.EVENTS, first=100, aggregate="model_version"),
        visit.ask(ask.EVENTS, first=100, types=["monitor.monitored_version.reference_set.v1"]),
    )
    mine = [
        event for page in (versions, watched) for event in page.nodes if event.aggregate_id.rpartition("/")[0] == name
    ]
    events = sorted([*own.nodes, *mine], key=lambda event: event.time, reverse=True)
    return timeline(events[:_TIMELINE_LENGTH], site.links)


async def ran_section(site: Site, visit: Visit) -> Component:
    return await what_ran_where(site, visit, visit.parts["name"])


SECTIONS: dict[str, Section] = {
    "model-head": head_section,
    "model-versions": versions_section,
    "model-ran": ran_section,
    "model-params": params_section,
    "model-timeline": timeline_section,
}


async def render(site: Site, visit: Visit) -> Component:
    model = await load(site, visit)
    parts = await rendered(SECTIONS, site, visit)
    return html.Div(
        [
            page_head(
                clipped(visit.parts["name"], 120),
                crumbs=[link("Models", site.links.models())],
                aside=html.Div([*_compared(site, model), *_buttons(site, model)], className="buttons"),
            ),
            html.Div(parts["model-head"], id="model-head"),
            card(
                "Versions",
                parts["model-versions"],
                body_id="" if visit.state else "model-versions",  # live as long as it is the newest ones
                hint="The best value of each column is marked.",
            ),
            card("What ran where", parts["model-ran"], body_id="model-ran"),
            html.Div(
                [
                    card(
                        "Parameters",
                        parts["model-params"],
                        body_id="model-params",
                        hint="What differs between versions.",
                    ),
                    card("Timeline", parts["model-timeline"], body_id="model-timeline", look="feed-card"),
                ],
                className="split",
            ),
        ]
    )


def _compared(site: Site, model: ModelDetail) -> list[Component]:
    """To the runs behind the newest versions, side by side."""
    ids = list(dict.fromkeys(one.run.run_id for one in model.versions.nodes if one.run))[:_COMPARED]
    if len(ids) < 2:
        return []
    return [
        link(f"Compare {len(ids)} runs", site.links.compare(ids), className="button", title="Of the newest versions")
    ]


def _buttons(site: Site, model: ModelDetail) -> list[Component]:
    held = {"model": model.name}
    return [
        asked_days(site.links.model(model.name), "", site, "The model"),
        act("model.describe", "Describe…", {**held, "known": model.description[:2000]}),
        act("model.rename", "Rename…", held),
        act("model.delete", "Delete…", held),
    ]


PAGE = Page(
    "models/<name>",
    lambda parts: clipped(parts["name"], 60),
    render,
    topics=lambda parts: [names.model(parts["name"])],
    area="models",
    by_state=True,
    charts=True,
)
