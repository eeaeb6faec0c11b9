"""`/runs/<id>`: one run with its figures, learning curves, parameters, data and code.

The state of the page is its address: `over` (what curves go along), `metric` (words of names), `after-curves` (more of
them), `at` (a file).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from zlib import crc32

import msgspec
from dash import Dash, Input, Output, State, ctx, dcc, html, no_update

from dashboard import formats
from dashboard.components.acting import act
from dashboard.components.basics import (
    badge,
    card,
    clipped,
    facts,
    link,
    many_facts,
    moment,
    page_head,
    stat,
    stats,
    status,
    wild,
)
from dashboard.components.files import files, files_card
from dashboard.components.insights import insights_card
from dashboard.components.labels import labels_card
from dashboard.components.learning import STATE, learning_curves, wanted_metrics
from dashboard.components.models import chosen_metrics, metric_text
from dashboard.components.reproduction import ingredients
from dashboard.components.sections import rendered
from dashboard.components.similar import similar_table
from dashboard.components.states import empty, failed
from dashboard.components.things import address
from dashboard.gateway import operations as ask
from dashboard.gateway.views import RunDetail
from dashboard.links import Links, parse, query
from dashboard.live import names
from dashboard.pages.page import Page, find
from dashboard.site import Component, Section, Site, Visit, visitor_token
from services.contracts.errors import LifecycleError, NotFound, Unauthenticated

_SIMILAR = 6
_FEW = 10  # metrics or parameters
_REPEATABLE = 0.9  # of the score: from here on it is shown as good


async def load(visit: Visit) -> RunDetail:
    run_id = visit.parts["id"]
    run = await visit.ask(ask.RUN, id=run_id)
    if run is None:
        raise NotFound(f"There is no run {clipped(run_id, 60)}.")
    return run


async def head_section(site: Site, visit: Visit) -> Component:
    run = await load(visit)
    figures = chosen_metrics(run.metrics, 2)
    return stats(
        [
            stat(
                "Duration",
                formats.duration(run.duration_seconds),
                "still running" if not run.end_time else ["ended ", moment(run.end_time)],
                icon_name="clock",
            ),
            *(stat(clipped(m.key, 40), metric_text(m), "newest value", icon_name="chart-line") for m in figures),
            stat(
                "Parameters",
                formats.count(len(run.params)),
                formats.plural(len(run.metrics), "metric"),
                icon_name="list",
            ),
        ]
    )


async def status_section(site: Site, visit: Visit) -> Component:
    return status((await load(visit)).status)


async def figures_section(site: Site, visit: Visit) -> Component:
    return _figures(await load(visit), visit.state)


async def curves_section(site: Site, visit: Visit) -> Component:
    """Grows while the run trains; zoom stays."""
    return await learning_curves(site, visit, await load(visit))


async def moved_section(site: Site, visit: Visit) -> Component:
    """Something else whenever figures have moved: tells browsers that look at them in a way of their own."""
    figures = [(metric.key, metric.text) for metric in (await load(visit)).metrics]
    return str(crc32(msgspec.json.encode(figures)))


SECTIONS: dict[str, Section] = {
    "run-status": status_section,
    "run-head": head_section,
    "run-curves": curves_section,
    "run-figures": figures_section,
    "run-moved": moved_section,
}
_VIEW = ("run-curves", "run-figures")


def looked_at(state: Mapping[str, str]) -> dict[str, str]:
    """What the address says about how figures are shown."""
    return {part: state[part] for part in STATE if state.get(part)}


def _view(parts: Mapping[str, Component], shown: Mapping[str, str]) -> list[Component]:
    """Live by itself as long as it is shown as everybody sees it first."""
    return [html.Div(parts[name], **wild({} if shown else {"id": name})) for name in _VIEW]


async def render(site: Site, visit: Visit) -> Component:
    run = await load(visit)
    run_id = run.run_id
    owner = {"run": run_id}
    parts, similar_card, learned, repeatable, logged, origin = await asyncio.gather(
        rendered(SECTIONS, site, visit),
        _similar(site, visit),
        insights_card(site, visit, "run", run_id),
        _reproducible(site, visit),
        files(site, visit, owner),
        _origin(site, visit, run),
    )
    return html.Div(
        [
            page_head(
                [
                    clipped(run.name or run.run_id, 100),
                    badge("deleted", "warn", "alert-triangle") if run.lifecycle_stage == "deleted" else None,
                ],
                crumbs=[link("Runs", site.links.runs())],
                hint=[
                    html.Span(clipped(run.user, 60)),
                    " started it ",
                    moment(run.start_time),
                    " in ",
                    link(clipped(run.experiment_name, 80), address(site.links, "experiment", run.experiment_id)),
                ],
                aside=html.Div(
                    [
                        html.Span(parts["run-status"], id="run-status"),
                        link("Lineage", site.links.lineage("run", run_id), className="button"),
                        *_buttons(run),
                    ],
                    className="buttons",
                ),
            ),
            html.Div(parts["run-head"], id="run-head"),
            dcc.Store(id="run-view-of", data=looked_at(visit.state)),
            html.Span(parts["run-moved"], id="run-moved", hidden=True),
            html.Div(_view(parts, looked_at(visit.state)), id="run-view"),
            labels_card("run", {"runId": run_id}, run.description or "", run.tags),
            files_card(owner, logged),
            html.Div(
                [
                    html.Div([card("Data", _datasets(run, site.links)), similar_card], className="column"),
                    html.Div([card("Code and environment", origin), repeatable, learned], className="column"),
                ],
                className="halves cards loose",
            ),
        ]
    )


def _figures(run: RunDetail, state: Mapping[str, str]) -> Component:
    """Side by side where both are short."""
    metrics = [(metric.key, metric_text(metric)) for metric in wanted_metrics(run, state)]
    hint = f"{len(metrics)} of {len(run.metrics)}, as looked for above." if state.get("metric") else ""
    cards = [
        card("Metrics", _values(metrics, "metrics"), hint=hint),
        card("Parameters", _values([(p.key, p.value) for p in run.params], "parameters")),
    ]
    if max(len(run.metrics), len(run.params)) > _FEW:
        return html.Div(cards)
    return html.Div([html.Div(one, className="column") for one in cards], className="halves cards loose")


def _buttons(run: RunDetail) -> list[Component]:
    held = {"runId": run.run_id, "known": {"name": run.name}}
    if run.lifecycle_stage == "deleted":
        return [act("run.restore", "Restore…", held, look="primary")]
    end = [act("run.end", "End…", held)] if run.status == "RUNNING" else []
    return [*end, act("run.rename", "Rename…", held), act("run.delete", "Delete…", held)]


async def _reproducible(site: Site, visit: Visit) -> Component:
    try:
        found = await visit.ask(ask.REPRODUCIBILITY, runId=visit.parts["id"])
    except Unauthenticated:
        raise
    except LifecycleError as error:
        return card("Can it be repeated?", failed(error))
    if found is None:
        return None
    return card(
        "Can it be repeated?",
        ingredients(found, site.links),
        aside=badge(f"{found.score:.0%}", "good" if found.score >= _REPEATABLE else "warn"),
        hint="How much of what a repeat needs is recorded.",
    )


async def _similar(site: Site, visit: Visit) -> Component:
    try:
        runs = await visit.ask(ask.SIMILAR, runId=visit.parts["id"], first=_SIMILAR)
    except Unauthenticated:
        raise
    except LifecycleError as error:
        return card("Tried before?", failed(error))
    return card(
        "Tried before?",
        similar_table(runs or [], site.links),
        hint="Runs with the same or nearly the same parameters, data and code, nearest first.",
    )


def _values(pairs: list[tuple[str, str]], what: str) -> Component:
    if not pairs:
        return empty(f"No {what} logged", "Autologging records them with the run.", icon_name="list")
    return many_facts(sorted(pairs), what)


def _datasets(run: RunDetail, links: Links) -> Component:
    if not run.datasets:
        return empty("No dataset recorded", "Log the input with mlflow.log_input.", icon_name="database")
    return facts(
        [
            (
                link(clipped(dataset.name, 80), links.dataset(dataset.name, dataset.digest)),
                [html.Code(clipped(dataset.digest, 40)), " ", badge(dataset.context) if dataset.context else None],
            )
            for dataset in run.datasets
        ]
    )


async def _origin(site: Site, visit: Visit, run: RunDetail) -> Component:
    """Where it came from and what it ran with, as far as that was recorded."""
    try:
        plan = await visit.ask(ask.REPRODUCTION_PLAN, runId=run.run_id)
    except Unauthenticated:
        raise
    except LifecycleError:
        plan = None  # what follows from the run alone is shown
    tags = {tag.key: tag.value for tag in run.tags}
    there = site.links.run(run.run_id)
    pairs: list[tuple[str, Any]] = [("Run", html.Code(run.run_id))]
    if run.source:
        pairs.append(("Source", html.Code(clipped(run.source, 200))))
    if plan and plan.command:
        pairs.append(("Command", html.Code(clipped(" ".join(plan.command), 300))))
    if run.git_commit:
        pairs.append(("Commit", html.Code(clipped(run.git_commit, 40))))
    if branch := tags.get("mlflow.source.git.branch"):
        pairs.append(("Branch", html.Code(clipped(branch, 80))))
    for label, found in (("Packages", plan.environment if plan else []), ("Changes", [plan.diff] if plan else [])):
        kept = [link(clipped(one.path, 80), there + query({"at": one.path})) for one in found if one]
        if kept:
            pairs.append((label, html.Div(kept, className="badges")))
    if plan and plan.seeds:
        said = ", ".join(f"{seed.key} = {seed.value}" for seed in plan.seeds)
        pairs.append(("Seeds", html.Code(clipped(said, 300))))
    if run.artifact_uri:
        pairs.append(("Artifacts", html.Code(clipped(run.artifact_uri, 200))))
    return facts(pairs)


PAGE = Page(
    "runs/<id>",
    lambda parts: f"Run {clipped(parts['id'], 12)}",
    render,
    topics=lambda parts: [names.run(parts["id"])],
    area="runs",
    charts=True,
)


def register(app: Dash, site: Site) -> None:
    @app.callback(
        Output("run-view", "children"),
        Output("run-view-of", "data"),
        Input("url", "search"),
        Input("run-moved", "children"),
        State("run-view-of", "data"),
        State("url", "pathname"),
        prevent_initial_call=True,
    )
    async def look(search: str, _: str, shown: dict[str, str], pathname: str) -> Any:
        """The figures as the address asks for them; while the run trains, again whenever they move."""
        found = find([PAGE], site.links.strip(pathname))
        if found is None:
            return no_update, no_update
        visit = site.visit(found[1], parse(search), visitor_token())
        wanted = looked_at(visit.state)
        if wanted == shown and not (wanted and "run-moved.children" in ctx.triggered_prop_ids):
            return no_update, no_update
        return _view(await rendered({name: SECTIONS[name] for name in _VIEW}, site, visit), wanted), wanted
