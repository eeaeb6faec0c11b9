"""`/models/<name>/<version>`: one version: evaluation, gates, where it may run and ran, explanation, card."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output, State, html, no_update

from dashboard import formats
from dashboard.components import evaluation
from dashboard.components.acting import act
from dashboard.components.basics import (
    aliases,
    card,
    clipped,
    code,
    facts,
    link,
    many_facts,
    moment,
    page_head,
    stat,
    stats,
)
from dashboard.components.files import files, files_card
from dashboard.components.insights import insights_card
from dashboard.components.labels import labels_card
from dashboard.components.models import chosen_metrics, metric_text
from dashboard.components.release import card_section, retraining_section, standings_section
from dashboard.components.sections import rendered
from dashboard.components.states import failed, skeleton
from dashboard.components.stays import what_ran_where
from dashboard.components.verdicts import gates_section
from dashboard.gateway import operations as ask
from dashboard.gateway.project_views import Review
from dashboard.gateway.views import VersionRow
from dashboard.live import names
from dashboard.pages.page import Page, find
from dashboard.pages.past import asked_days
from dashboard.pages.reviews import review_badge
from dashboard.site import Component, Section, Site, Visit, visitor_token
from services.contracts.errors import LifecycleError, NotFound, Unauthenticated

_PARAMS_SHOWN = 12  # more fold away


def _who(review: Review | None) -> str:
    """Who decided; of a review that has lapsed, why."""
    if review is None:
        return ""
    if review.lapsed_because:
        return clipped(review.lapsed_because, 120)
    return f"by {clipped(', '.join(one.by for one in review.decisions), 40)}" if review.decisions else ""


async def load(visit: Visit) -> VersionRow:
    model, version = visit.parts["model"], visit.parts["version"]
    found = await visit.ask(ask.VERSION, model=model, version=version)
    if found is None:
        raise NotFound(f"{clipped(model, 80)} has no version {clipped(version, 20)}.")
    return found


async def head_section(site: Site, visit: Visit) -> Component:
    model, number = visit.parts["model"], visit.parts["version"]
    held = {"model": model, "version": number}
    version, review, gates, running, watched = await asyncio.gather(
        load(visit),
        visit.ask(ask.REVIEW, **held),
        visit.ask(ask.GATE_RESULT, **held),
        visit.ask(ask.DEPLOYMENTS, model=model),
        visit.ask(ask.MONITORED, model=model, where={"version": {"eq": number}}),
    )
    places = [one.environment for one in running or [] if one.current and one.current.version == number]
    main = chosen_metrics(version.metrics, 1)
    gates_value: Component = "not judged"
    if gates:
        gates_value = "out of date" if not gates.current else "passed" if gates.passed else "failed"
    return stats(
        [
            stat(
                "Runs in",
                clipped(", ".join(places), 40) if places else "nowhere",
                "aliases: " + (", ".join(f"@{name}" for name in version.aliases) or "none"),
                icon_name="arrow-up-right",
            ),
            stat(
                "Gates",
                gates_value,
                f"{sum(v.outcome == 'PASSED' for v in gates.verdicts)} of {len(gates.verdicts)} hold" if gates else "",
                tone="warn" if gates and not (gates.passed and gates.current) else "",
                icon_name="circle-check",
            ),
            stat(
                "Review",
                review_badge(review.state) if review else "not requested",
                _who(review),
                href=site.links.review(model, number) if review else "",
                icon_name="message",
            ),
            stat(
                main[0].key if main else "Figures",
                metric_text(main[0]) if main else formats.NOTHING,
                "when it was trained" if main else "no metrics logged",
                icon_name="chart-line",
            ),
            stat(
                "Monitoring",
                formats.short_count(watched[0].rows) if watched else "off",
                "predictions seen" if watched else "set a reference to watch it",
                href=site.links.monitored(model, number) if watched else "",
                icon_name="activity",
            ),
        ]
    )


async def timeline_section(site: Site, visit: Visit) -> Component:
    """Where every version of the model ran."""
    return await what_ran_where(site, visit, visit.parts["model"])


async def evaluation_section(site: Site, visit: Visit) -> Component:
    one = await evaluation.newest(visit, visit.parts["model"], visit.parts["version"])
    return html.Div([evaluation.summary(one, site), evaluation.pictures(one)]) if one else evaluation.nothing()


async def slices_section(site: Site, visit: Visit) -> Component:
    one = await evaluation.newest(visit, visit.parts["model"], visit.parts["version"])
    return evaluation.slices(one) if one else evaluation.nothing()


async def explanation_section(site: Site, visit: Visit) -> Component:
    one = await evaluation.explained(visit, visit.parts["model"], visit.parts["version"])
    return evaluation.explanation(one) if one else evaluation.nothing()


SECTIONS: dict[str, Section] = {
    "version-head": head_section,
    "version-gates": gates_section,
    "version-standings": standings_section,
    "version-timeline": timeline_section,
    "version-retraining": retraining_section,
}
_STILL: dict[str, Section] = {
    "version-evaluation": evaluation_section,
    "version-slices": slices_section,
    "version-explanation": explanation_section,
}


async def render(site: Site, visit: Visit) -> Component:
    version = await load(visit)
    model, number = visit.parts["model"], version.version
    visit.parts = {"model": model, "version": number}
    owner = {"model": model, "version": number}
    parts, learned, whole, stored = await asyncio.gather(
        rendered({**SECTIONS, **_STILL}, site, visit),
        insights_card(site, visit, "version", f"{model}/{number}"),
        visit.ask(ask.MODEL, name=model, first=1),
        files(site, visit, owner),
    )
    known = {alias.name: alias.version for alias in whole.aliases} if whole else {}
    held = {"model": model, "version": number}
    return html.Div(
        [
            page_head(
                [
                    clipped(model, 80),
                    html.Span(f"v{clipped(number, 20)}", className="version"),
                    *aliases(version.aliases),
                ],
                crumbs=[link("Models", site.links.models()), link(clipped(model, 40), site.links.model(model))],
                hint=["registered by ", clipped(version.user, 40), " ", moment(version.created_at)],
                aside=html.Div(_buttons(site, model, number, known), className="buttons"),
            ),
            html.Div(parts["version-head"], id="version-head"),
            html.Div(
                [
                    card(
                        "Evaluation",
                        parts["version-evaluation"],
                        hint="The newest, on the sealed split if there is one.",
                    ),
                    card("Gates", parts["version-gates"], body_id="version-gates"),
                ],
                className="halves cards",
            ),
            html.Div(
                [card("Slices", parts["version-slices"]), card("Explanation", parts["version-explanation"])],
                className="halves cards",
            ),
            card(
                "Where it may run",
                parts["version-standings"],
                body_id="version-standings",
                hint="What each environment asks for, and whether this version's content has it.",
            ),
            card("What ran where", parts["version-timeline"], body_id="version-timeline"),
            html.Div(
                [
                    card("Model card", html.Div(skeleton(), id="version-card")),
                    html.Div(
                        [
                            labels_card("version", held, version.description, version.tags, version.aliases),
                            learned,
                            _retraining(parts),
                        ],
                        className="column",
                    ),
                ],
                className="halves cards loose",
            ),
            files_card(owner, stored),
            card("How it was made", _made(version, site)),
        ]
    )


def _retraining(parts: Mapping[str, Component]) -> Component:
    return card("Retraining", parts["version-retraining"], body_id="version-retraining")


def _buttons(site: Site, model: str, number: str, known: Mapping[str, str]) -> list[Component]:
    held = {"model": model, "version": number}
    return [
        act("review.request", "Request a review…", held, icon_name="message", look="primary"),
        act("model.alias", "Set an alias…", {**held, "aliases": dict(known)}, icon_name="tag"),
        act("retraining.request", "Request retraining…", held, icon_name="refresh"),
        link("Lineage", site.links.lineage("version", f"{model}/{number}"), className="button"),
        asked_days(site.links.version(model, number), "", site, "The version"),
        act("version.delete", "Delete…", held),
    ]


def _made(version: VersionRow, site: Site) -> Component:
    run = version.run
    made: Component = "not known"
    if run:
        name = link(clipped(run.name or run.run_id, 60), site.links.run(run.run_id))
        made = [name, f" in {clipped(run.experiment_name, 60)}"]
    params = sorted((p.key, p.value) for p in version.params)
    source: list[tuple[str, Component]] = [("Run", made)]
    if len(params) <= _PARAMS_SHOWN:
        return facts([*source, *((clipped(key, 60), code(value)) for key, value in params)])
    words = html.Summary(formats.plural(len(params), "parameter"))
    more = html.Details([words, many_facts(params, "parameters")], className="details")
    return html.Div([facts(source), more])


PAGE = Page(
    "models/<model>/<version>",
    lambda parts: f"{clipped(parts['model'], 60)} v{clipped(parts['version'], 20)}",
    render,
    # An address by alias moves with the alias: it is rendered anew, not kept live.
    topics=lambda parts: [] if parts["version"].startswith("@") else [names.version(parts["model"], parts["version"])],
    area="models",
    charts=True,
)


def register(app: Dash, site: Site) -> None:
    @app.callback(Output("version-card", "children"), Input("version-card", "id"), State("url", "pathname"))
    async def model_card(_: str, pathname: str) -> Any:
        """Asked for when the page stands: laying out a long card takes a browser longer than all the rest of it."""
        found = find([PAGE], site.links.strip(pathname))
        if found is None:
            return no_update
        visit = site.visit(found[1], {}, visitor_token())
        try:
            visit.parts = {"model": visit.parts["model"], "version": (await load(visit)).version}
            return await card_section(site, visit)
        except Unauthenticated:
            raise
        except LifecycleError as error:
            return failed(error)
