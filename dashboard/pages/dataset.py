"""`/datasets/<name>` and `/datasets/<name>/<digest>`: one version: schema, profile, before and after, checks, uses.

The state of the page is its address: `before` (the digest of the version it is compared with; empty: its parent),
`after-columns`, `after-features`, `after-versions` (more of them).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard import formats
from dashboard.components.basics import badge, card, clipped, facts, link, moment, page_head, scrolling, stat, stats
from dashboard.components.charts import graph
from dashboard.components.controls import choice, more_of, page_of, part_of
from dashboard.components.insights import insights_card
from dashboard.components.profiles import column_table, comparison, representation_table
from dashboard.components.states import empty, failed
from dashboard.figures.profile import correlations
from dashboard.gateway import operations as ask
from dashboard.gateway.data_views import DatasetKey, DatasetVersion, DatasetVersionRow
from dashboard.gateway.views import Connection, PageInfo
from dashboard.pages.page import Page
from dashboard.site import Component, Site, Visit
from services.contracts.errors import LifecycleError, NotFound, Unauthenticated

_COMPARED = 30
_CORRELATIONS = 40
_KEYS = 20  # other versions that are named
_CHECKS = 4  # columns whose groups were checked


async def load(visit: Visit) -> DatasetVersion:
    found = await visit.ask(
        ask.DATASET_VERSION, dataset=visit.parts["name"], digest=visit.parts.get("digest", ""), start=_column(visit)
    )
    if found is None:
        raise NotFound(f"There is no such version of a dataset called {clipped(visit.parts['name'], 80)}.")
    return found


def _column(visit: Visit) -> int:
    """The number of the column that the profile begins with."""
    text = visit.state.get("after-columns", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0


def _more(what: str, page: Connection[Any], site: Site, visit: Visit) -> Component:
    name, digest = visit.parts["name"], visit.parts.get("digest", "")
    return more_of(what, page, lambda **kept: site.links.dataset(name, digest, **kept), visit.state, f"after-{what}")


async def render(site: Site, visit: Visit) -> Component:
    one = await load(visit)
    thing = f"{one.dataset}@{one.digest}"
    versions, changes, learned = await asyncio.gather(
        visit.ask(ask.DATASET_VERSIONS, dataset=one.dataset, **page_of(visit.state, "after-versions")),
        _changes(visit, one),
        insights_card(site, visit, "dataset", thing),
    )
    return html.Div(
        [
            page_head(
                [clipped(one.dataset, 80), html.Span(f"version {one.number}", className="version")],
                crumbs=[link("Datasets", site.links.datasets())],
                hint=["by ", clipped(one.by, 40), " ", moment(one.created_at)],
                aside=link("Lineage", site.links.lineage("dataset", thing), className="button"),
            ),
            _stats(one),
            html.P(clipped(one.description, 2000), className="lead") if one.description else None,
            _profile(site, visit, one),
            _before(visit, one, versions.nodes, changes),
            html.Div([_correlations(one), _checks(one)], className="halves cards"),
            html.Div([_features(site, visit, one), _used(site, one)], className="halves cards"),
            html.Div([learned, _versions(site, visit, one, versions)], className="halves cards"),
            card("Where it comes from", _origin(site, one)),
        ]
    )


def _stats(one: DatasetVersion) -> Component:
    profile = one.profile.profile if one.profile else None
    cells = profile.rows * profile.column_count if profile else 0
    duplicates = profile.duplicate_rows if profile else None
    sealed_often = (one.sealed_uses or 0) > 1
    return stats(
        [
            stat("Rows", formats.short_count(one.rows), f"{formats.size(one.size)} {one.format}", icon_name="database"),
            stat(
                "Columns",
                formats.count(profile.column_count if profile else len(one.columns) or None),
                f"target {clipped(one.target, 30)}" if one.target else "no target marked",
                icon_name="list",
            ),
            stat(
                "Missing cells",
                formats.share(profile.missing_cells / cells) if profile and cells else formats.NOTHING,
                f"{formats.count(profile.missing_cells)} of {formats.short_count(cells)}"
                if profile
                else "not profiled",
                icon_name="circle-dashed",
            ),
            stat(
                "Duplicate rows",
                formats.short_count(duplicates),
                "" if duplicates is None else "about" if profile and profile.duplicates_approximate else "exactly",
                tone="warn" if duplicates else "",
                icon_name="copy",
            ),
            stat(
                "Used by",
                formats.plural(one.use_count, "run"),
                f"sealed, used {one.sealed_uses} times" if one.sealed else "not sealed",
                tone="warn" if sealed_often else "",
                icon_name="flask",
            ),
        ]
    )


def _profile(site: Site, visit: Visit, one: DatasetVersion) -> Component:
    if one.profile is None:
        if not one.columns:
            hint = "Register the file with `lifecycle dataset add` to have every column profiled."
            return card("Columns", empty("No profile", hint, icon_name="list"))
        page = part_of(one.columns, visit.state, "after-columns")
        head = html.Thead(html.Tr([html.Th(text, scope="col") for text in ("Column", "Type", "May be missing")]))
        rows = [
            html.Tr(
                [
                    html.Th(clipped(column.name, 60), scope="row"),
                    html.Td(clipped(column.type, 60)),
                    html.Td("yes" if column.nullable else "no"),
                ]
            )
            for column in page.nodes
        ]
        table = scrolling(html.Table([head, html.Tbody(rows)], className="table compact"), "Schema", 340)
        body = html.Div([table, _more("columns", page, site, visit)])
        return card("Schema", body, hint="Only its schema is known; no profile was made.")
    found = one.profile
    target = one.target or found.profile.target
    end = str(_column(visit) + len(found.profile.columns))
    further = Connection[Any](page_info=PageInfo(has_next_page=found.has_more, end_cursor=end))
    return card(
        "Profile of every column",
        column_table(found.profile.columns, target, _more("columns", further, site, visit)),
        hint="Shares and counts are of all rows; outliers lie beyond 1.5 interquartile ranges.",
    )


async def _changes(visit: Visit, one: DatasetVersion) -> Component:
    before = _compared_with(visit, one)
    if before is None:
        hint = "A version that was made from another one is compared with it; or choose one above."
        return empty("Nothing to compare with", hint, icon_name="versions")
    try:
        found = await visit.ask(
            ask.DATASET_COMPARISON,
            before={"dataset": before.dataset, "digest": before.digest},
            after={"dataset": one.dataset, "digest": one.digest},
            first=_COMPARED,
        )
    except NotFound:
        return empty("They can't be compared", "One of both has no profile.", icon_name="versions")
    except Unauthenticated:
        raise
    except LifecycleError as error:
        return failed(error)
    return comparison(found) if found else empty("They can't be compared", "One of both has no profile.")


def _compared_with(visit: Visit, one: DatasetVersion) -> DatasetKey | None:
    """The version in the address (`name@digest`), else the parent."""
    name, at, digest = visit.state.get("before", "").rpartition("@")
    if at and (name, digest) != (one.dataset, one.digest):
        return DatasetKey(dataset=name, digest=digest)
    return one.parents[0] if one.parents else None


def _before(visit: Visit, one: DatasetVersion, versions: Sequence[DatasetVersionRow], changes: Component) -> Component:
    options = {f"{key.dataset}@{key.digest}": f"{key.dataset} {key.digest[:8]} (parent)" for key in one.parents}
    for other in versions:
        if other.digest != one.digest:
            options.setdefault(f"{other.dataset}@{other.digest}", f"version {other.number} ({other.digest[:8]})")
    chosen = _compared_with(visit, one)
    value = f"{chosen.dataset}@{chosen.digest}" if chosen else ""
    if chosen:
        options.setdefault(value, f"{chosen.dataset} {chosen.digest[:8]}")
    picker = choice("before", "Compare with", options, value, width=300) if options else None
    return card("Before and after", changes, aside=picker)


def _correlations(one: DatasetVersion) -> Component:
    found = one.profile.profile.correlations[:_CORRELATIONS] if one.profile else []
    if not found:
        return card(
            "Correlations", empty("No correlations", "Two columns of numbers are needed.", icon_name="chart-line")
        )
    figure = correlations(found)
    strongest = found[0]
    return card(
        "Correlations",
        graph(figure, "Correlations of the columns", int(figure["layout"]["height"])),
        hint=f"Pearson's. The strongest: {clipped(strongest.left, 30)} and {clipped(strongest.right, 30)}, "
        f"{formats.figure(strongest.value, 3)}.",
    )


def _checks(one: DatasetVersion) -> Component:
    checks = one.checks
    parts: list[Component] = []
    for found in checks.representation[:_CHECKS] if checks else []:
        good = found.outcome == "GOOD"
        parts += [
            html.Div(
                [
                    badge("representative", "good", "circle-check")
                    if good
                    else badge("not representative", "warn", "alert-triangle"),
                    html.Span(
                        f"{clipped(found.column, 40)} against {clipped(found.source, 80) or 'a stated population'}"
                    ),
                ],
                className="badges",
            ),
            representation_table(found),
        ]
    for one_overlap in checks.overlaps[:_KEYS] if checks else []:
        good = one_overlap.outcome == "GOOD"
        other = one_overlap.right
        parts.append(
            html.Div(
                [
                    badge("no shared rows", "good", "circle-check")
                    if good
                    else badge(f"{one_overlap.shared:,} shared rows", "bad", "alert-triangle"),
                    html.Span(f"with {clipped(other.dataset, 60)} {other.digest[:8]}"),
                ],
                className="badges spaced",
            )
        )
    if not parts:
        hint = "Check whether groups are as frequent as in the population, and whether splits share rows."
        return card("Checks", empty("Nothing checked yet", hint, icon_name="circle-check"))
    return card("Checks", html.Div(parts))


def _features(site: Site, visit: Visit, one: DatasetVersion) -> Component:
    if not one.features:
        hint = "List the columns a model learns from, with their origin."
        return card("Features", empty("No features listed", hint, icon_name="list"))
    head = html.Thead(html.Tr([html.Th(text, scope="col") for text in ("Feature", "Made of", "Remark")]))
    rows = []
    page = part_of(one.features, visit.state, "after-features")
    for feature in page.nodes:
        marks = []
        if feature.dropped_because:
            marks.append(html.Span([badge("dropped"), f" {clipped(feature.dropped_because, 120)}"]))
        elif not feature.at_inference:
            marks.append(badge("not there at inference", "bad", "alert-triangle"))
        rows.append(
            html.Tr(
                [
                    html.Th(clipped(feature.name, 50), scope="row"),
                    html.Td(clipped(feature.origin, 120) or formats.NOTHING),
                    html.Td(marks),
                ]
            )
        )
    table = scrolling(html.Table([head, html.Tbody(rows)], className="table compact"), "Features", 380)
    return card("Features", html.Div([table, _more("features", page, site, visit)]))


def _used(site: Site, one: DatasetVersion) -> Component:
    uses = [edge.node for edge in one.used_by.edges] if one.used_by else []
    if not uses:
        return card("Where used", empty("No run has used it", "Log it with mlflow.log_input.", icon_name="flask"))
    rows = [
        html.Li(
            [
                link(f"run {use.run_id[:8]}", site.links.run(use.run_id), className="link strong"),
                html.Span(
                    [f" as {clipped(use.context, 30)}" if use.context else "", " · ", moment(use.at)], className="sub"
                ),
                badge("while it was sealed", "warn", "alert-triangle") if use.sealed else None,
            ]
        )
        for use in uses
    ]
    more = one.use_count - len(uses)
    every = site.links.runs(filter=f"datasets.digest = '{one.digest}'")
    rest = html.P(
        [f"and {formats.plural(more, 'other run')}: ", link("all in the grid", every)], className="table-more"
    )
    return card("Where used", html.Div([html.Ul(rows, className="plain-list"), rest if more > 0 else None]))


def _versions(site: Site, visit: Visit, one: DatasetVersion, versions: Connection[DatasetVersionRow]) -> Component:
    rows = [
        html.Li(
            [
                html.Span(f"version {other.number}", className="strong")
                if other.digest == one.digest
                else link(
                    f"version {other.number}", site.links.dataset(other.dataset, other.digest), className="link strong"
                ),
                html.Span([f" {formats.short_count(other.rows)} rows · ", moment(other.created_at)], className="sub"),
                " ",
                badge("sealed", "accent", "circle-check") if other.sealed else None,
                badge("shown") if other.digest == one.digest else None,
            ]
        )
        for other in versions.nodes
    ]
    more = _more("versions", versions, site, visit)
    return card("Versions", html.Div([html.Ul(rows, className="plain-list"), more]))


def _keys(site: Site, keys: Sequence[DatasetKey]) -> Component:
    if not keys:
        return "none"
    parts = [
        link(f"{clipped(k.dataset, 40)} {k.digest[:8]}", site.links.dataset(k.dataset, k.digest)) for k in keys[:_KEYS]
    ]
    return [piece for part in parts for piece in (part, " ")]


def _origin(site: Site, one: DatasetVersion) -> Component:
    splits = [
        part
        for split in one.splits[:_KEYS]
        for part in (
            link(
                f"{split.role.lower()} ({formats.short_count(split.rows)})",
                site.links.dataset(split.dataset, split.digest),
            ),
            " sealed " if split.sealed else " ",
        )
    ]
    made_by: Component = formats.NOTHING
    if one.code:
        made_by = [
            html.Code(clipped(one.code.version, 40)),
            f" {clipped(one.code.entry_point, 120)} ",
            link("run", site.links.run(one.code.run_id)) if one.code.run_id else None,
        ]
    return facts(
        [
            ("Digest", html.Code(clipped(one.digest, 64))),
            ("Location", html.Code(clipped(one.location, 300)) if one.location else formats.NOTHING),
            ("Made from", _keys(site, one.parents)),
            ("Others made from it", _keys(site, one.children)),
            ("Sources", clipped(", ".join(one.sources), 300) or "none"),
            ("Code", made_by),
            ("Splits", splits or "none"),
            ("Split of", _keys(site, one.split_of)),
            ("Keys", clipped(", ".join(one.keys), 200) or "none"),
        ]
    )


NEWEST_PAGE = Page(
    "datasets/<name>",
    lambda parts: clipped(parts["name"], 60),
    render,
    area="datasets",
    charts=True,
    by_state=True,
)
PAGE = Page(
    "datasets/<name>/<digest>",
    lambda parts: f"{clipped(parts['name'], 60)} {parts['digest'][:8]}",
    render,
    area="datasets",
    charts=True,
    by_state=True,
)
