"""`/settings`: environments, gates, alert rules, webhooks, dead letters, the board's template, tokens.

The state of the page is its address: `show` (which of them), `project` (whose gates), `version` (`model/3`: whose
rules), `after` (more of them).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from dash import html

from dashboard import formats
from dashboard.components import deliveries
from dashboard.components.acting import act
from dashboard.components.alerts import METRICS, severity_badge
from dashboard.components.basics import badge, card, clipped, icon, moment, page_head, stacking
from dashboard.components.board import PHASES
from dashboard.components.controls import choice, more_of, part_of, segments
from dashboard.components.states import empty, failed
from dashboard.components.verdicts import KINDS, condition
from dashboard.gateway import operations as ask
from dashboard.gateway.alert_views import AlertRule
from dashboard.gateway.production_views import Gate
from dashboard.pages.page import Page
from dashboard.site import Component, Site, Visit
from services.contracts.errors import LifecycleError, Unauthenticated

SHOWS = {
    "": "Environments",
    "gates": "Gates",
    "rules": "Alert rules",
    "webhooks": "Webhooks",
    "letters": "Dead letters",
    "template": "Template",
    "tokens": "Tokens",
}
_RULES = 20  # at once
_ITEMS = 40  # of one stage of the template
COMMAND = "lifecycle token create --user anna --role reviewer"


def _on_off(value: bool, word: str) -> Component:
    return badge(word, "accent", "circle-check") if value else html.Span(f"no {word}", className="sub")


async def environments(site: Site, visit: Visit) -> Component:
    found = await visit.ask(ask.ENVIRONMENTS) or []
    add = act("environment.set", "Add…", {"known": {}, "expected": 0}, icon_name="plus", look="small")
    if not found:
        hint = "An environment says what a version needs to run there. The first deployment makes one as well."
        return card("Environments", empty("No environments", hint, icon_name="arrow-up-right"), aside=add)
    head = html.Thead(
        html.Tr([html.Th(text, scope="col") for text in ("Environment", "A version needs", "Alias")] + [html.Td()])
    )
    rows = []
    page = part_of(found, visit.state)
    for one in page.nodes:
        known = {
            "environment": one.name,
            "description": one.description,
            "needsApproval": one.needs_approval,
            "needsGates": one.needs_gates,
            "alias": one.alias,
        }
        rows.append(
            html.Tr(
                [
                    html.Td(
                        [
                            html.Div(clipped(one.name, 60), className="strong"),
                            html.Div(clipped(one.description, 160), className="sub"),
                        ]
                    ),
                    html.Td(
                        html.Div(
                            [_on_off(one.needs_approval, "approval"), _on_off(one.needs_gates, "gates")],
                            className="badges",
                        )
                    ),
                    html.Td(badge(f"@{one.alias}", "alias") if one.alias else html.Span("none", className="sub")),
                    html.Td(
                        act("environment.set", "Change…", {"known": known, "expected": one.revision}, look="small"),
                        className="end",
                    ),
                ]
            )
        )
    table = stacking(html.Table([head, html.Tbody(rows)], className="table"), "Environments", 560)
    more = more_of("environments", page, site.links.settings, visit.state)
    return card(
        "Environments", html.Div([table, more]), aside=add, hint="Where versions run, and what they need for it."
    )


async def gates(site: Site, visit: Visit) -> Component:
    projects = (await visit.ask(ask.PROJECTS, first=100)).nodes
    if not projects:
        hint = "Gates belong to a project: create one first."
        return card("Gates", empty("No projects yet", hint, icon_name="stack-2"))
    names = {one.project_id: one.name for one in projects}
    chosen = visit.state.get("project", "")
    chosen = chosen if chosen in names else next(iter(names))
    policy = await visit.ask(ask.GATE_POLICY, projectId=chosen)
    if policy is None:
        return card("Gates", empty("No policy", "It can't be read right now."))
    kept = [_gate_input(gate) for gate in policy.gates]
    held = {"projectId": chosen, "expected": policy.revision, "approvals": policy.approvals, "gates": kept}
    rows = [_gate_row(gate, held, derived=False) for gate in policy.gates]
    own = {gate.name for gate in policy.gates}
    rows += [_gate_row(gate, held, derived=True) for gate in policy.derived if gate.name not in own]
    head = html.Thead(html.Tr([html.Th(text, scope="col") for text in ("Gate", "Condition", "From")] + [html.Td()]))
    page = part_of(rows, visit.state)
    body = (
        stacking(html.Table([head, html.Tbody(page.nodes)], className="table"), "Gates", 560)
        if rows
        else empty(
            "No gates", "Without gates nothing may be deployed where they are asked for.", icon_name="circle-check"
        )
    )
    said = [f"Revision {policy.revision}: {clipped(policy.reason, 200)}, {clipped(policy.by, 40)}, ", moment(policy.at)]
    plain = {key: value for key, value in held.items() if key != "approvals"}
    return card(
        "Gates",
        html.Div(
            [
                html.P(said, className="card-hint") if policy.revision else None,
                body,
                more_of("gates", page, site.links.settings, visit.state),
                html.P(
                    [
                        f"{formats.plural(policy.approvals, 'approval')} needed for a deployment. ",
                        act("gate.approvals", "Change…", {**plain, "known": policy.approvals}, look="small"),
                    ],
                    className="note spaced",
                ),
            ]
        ),
        aside=html.Div(
            [choice("project", "Project", names, chosen, width=220), act("gate.add", "Add…", held, icon_name="plus")],
            className="buttons",
        ),
    )


def _gate_input(gate: Gate) -> dict[str, object]:
    """A gate as the policy's input takes it."""
    return {
        "name": gate.name,
        "kind": gate.kind,
        "metric": gate.metric,
        "threshold": gate.threshold,
        "higherIsBetter": gate.higher_is_better,
        "documents": gate.documents,
        "significance": gate.significance,
        "sliceBy": gate.slice_by,
    }


def _gate_row(gate: Gate, held: dict[str, object], *, derived: bool) -> Component:
    return html.Tr(
        [
            html.Td(clipped(gate.name, 60), className="strong"),
            html.Td(
                [KINDS.get(gate.kind, gate.kind.lower()), html.Div(clipped(condition(gate), 200), className="sub")]
            ),
            html.Td(badge("the board's answers", "accent") if derived else badge("set by people")),
            html.Td(
                None if derived else act("gate.remove", "Remove…", {**held, "name": gate.name}, look="small"),
                className="end",
            ),
        ]
    )


async def rules(site: Site, visit: Visit) -> Component:
    watched = await visit.ask(ask.MONITORED)
    if not watched:
        hint = "Rules belong to a version under watch: set a reference for one first."
        return card("Alert rules", empty("Nothing is being watched yet", hint, icon_name="activity"))
    names = {f"{one.model}/{one.version}": f"{one.model} v{one.version}" for one in watched}
    chosen = visit.state.get("version", "")
    chosen = chosen if chosen in names else next(iter(names))
    model, _, version = chosen.rpartition("/")
    found = await visit.ask(ask.ALERT_RULES, model=model, version=version)
    if found is None:
        return card("Alert rules", empty("No rules", "They can't be read right now."))
    kept = [_rule_input(rule) for rule in found.rules]
    held = {"model": model, "version": version, "expected": found.revision, "rules": kept, "builtIn": found.default}
    head = html.Thead(
        html.Tr(
            [html.Th(text, scope="col") for text in ("Rule", "Looks at", "Severity", "Opens, resolves")] + [html.Td()]
        )
    )
    page = part_of(list(zip(found.rules, kept, strict=True)), visit.state, most=_RULES)
    rows = [_rule_row(rule, known, held) for rule, known in page.nodes]
    note: list[Component] = [badge("built-in rules")]
    if not found.default:
        note = [
            badge(f"revision {found.revision}", "accent"),
            html.Span([f"set by {clipped(found.set_by or '', 40)} ", moment(found.set_at)], className="sub"),
            act("rule.default", "Use the built-in ones…", held, look="small"),
        ]
    return card(
        "Alert rules",
        html.Div(
            [
                html.Div(note, className="badges"),
                stacking(html.Table([head, html.Tbody(rows)], className="table"), "Alert rules", 640),
                more_of("rules", page, site.links.settings, visit.state),
            ]
        ),
        aside=html.Div(
            [
                choice("version", "Version", names, chosen, width=220),
                act("rule.set", "Add…", {**held, "known": {}}, icon_name="plus"),
            ],
            className="buttons",
        ),
    )


def _rule_input(rule: AlertRule) -> dict[str, object]:
    return {
        "name": rule.name,
        "metric": rule.metric,
        "severity": rule.severity,
        "enabled": rule.enabled,
        "features": rule.features,
        "exceptFeatures": rule.except_features,
        "measure": rule.measure,
        "minimumEffect": rule.minimum_effect,
        "openAfter": rule.open_after,
        "resolveAfter": rule.resolve_after,
        "reopenWithin": rule.reopen_within,
        "minimumRows": rule.minimum_rows,
        "seconds": rule.seconds,
        "windows": rule.windows,
        "requestRetraining": rule.request_retraining,
    }


def _rule_row(rule: AlertRule, known: dict[str, object], held: dict[str, object]) -> Component:
    about = ", ".join(rule.features) or (f"all but {', '.join(rule.except_features)}" if rule.except_features else "")
    marks = [
        badge("off") if not rule.enabled else None,
        badge("asks for retraining", "", "refresh") if rule.request_retraining else None,
    ]
    return html.Tr(
        [
            html.Td([html.Span(clipped(rule.name, 60), className="strong"), *marks]),
            html.Td([METRICS.get(rule.metric, rule.metric.lower()), html.Div(clipped(about, 120), className="sub")]),
            html.Td(severity_badge(rule.severity)),
            html.Td(
                [
                    f"after {rule.open_after}, after {rule.resolve_after} quiet ones",
                    html.Div(f"over {rule.windows} windows together", className="sub") if rule.windows > 1 else None,
                ]
            ),
            html.Td(
                html.Div(
                    [
                        act("rule.set", "Change…", {**held, "known": known}, look="small"),
                        act("rule.remove", "Remove…", {**held, "name": rule.name}, look="small"),
                    ],
                    className="buttons end",
                ),
                className="end",
            ),
        ]
    )


async def template(site: Site, visit: Visit) -> Component:
    """The stages and items of a project's board: those that new projects are created from."""
    projects = (await visit.ask(ask.PROJECTS, first=1)).nodes
    board = await visit.ask(ask.BOARD, id=projects[0].project_id) if projects else None
    if board is None:
        hint = "The newest template shows here as soon as a project was created from it."
        return card("Template", empty("No projects yet", hint, icon_name="list"))
    stages = [
        html.Details(
            [
                html.Summary(
                    [
                        html.Span(f"{stage.number}. {clipped(stage.title, 80)}", className="strong"),
                        html.Span(
                            f" {PHASES.get(stage.phase, stage.phase)} · {len(stage.items)} items", className="sub"
                        ),
                    ]
                ),
                html.Ul(
                    [html.Li(f"{clipped(item.title, 200)}: {item.kind.lower()}") for item in stage.items[:_ITEMS]],
                    className="plain-list",
                ),
            ],
            className="details",
        )
        for stage in board.stages
    ]
    return card(
        "Template of the board",
        html.Div(stages),
        hint=f"{board.template}, version {board.template_version}, as in {clipped(board.name, 60)}; projects add "
        "questions of their own.",
    )


async def tokens(site: Site, visit: Visit) -> Component:
    viewer, found = await asyncio.gather(visit.ask(ask.VIEWER), visit.ask(ask.TOKENS))
    who = f"You are {clipped(viewer.user, 60)}, {viewer.role.lower()}."
    if not viewer.authenticated:
        who += " This installation doesn't ask for tokens: names are only what clients say."
    add = act("token.create", "New token…", {}, icon_name="plus", look="small")
    note = html.P([icon("user"), html.Span(who)], className="note")
    if not found:
        body = empty("No tokens", "One can also be made on the command line.", icon_name="user", code=COMMAND)
        return card("API tokens", html.Div([note, body]), aside=add)
    head = html.Thead(
        html.Tr(
            [html.Th(text, scope="col") for text in ("Whom for", "Role", "Made", "Valid until", "State")] + [html.Td()]
        )
    )
    now = site.now()
    rows = []
    page = part_of(sorted(found, key=lambda one: (one.revoked_at is not None, one.user)), visit.state)
    for one in page.nodes:
        gone = one.revoked_at is not None or (one.expires_at is not None and one.expires_at <= now)
        state = "revoked" if one.revoked_at else "expired" if gone else "in use"
        rows.append(
            html.Tr(
                [
                    html.Td(
                        [
                            html.Div(clipped(one.user, 60), className="strong"),
                            html.Div(clipped(one.note, 120), className="sub"),
                        ]
                    ),
                    html.Td(one.role.lower()),
                    html.Td(moment(one.created_at)),
                    html.Td(formats.absolute(one.expires_at) if one.expires_at else "without end"),
                    html.Td(badge(state) if gone else badge(state, "good", "circle-check")),
                    html.Td(
                        None
                        if gone
                        else act("token.revoke", "Revoke…", {"id": one.id, "user": one.user}, look="small"),
                        className="end",
                    ),
                ]
            )
        )
    table = stacking(html.Table([head, html.Tbody(rows)], className="table"), "API tokens", 640)
    more = more_of("tokens", page, site.links.settings, visit.state)
    return card(
        "API tokens", html.Div([note, table, more]), aside=add, hint="A token itself is shown once, when it is made."
    )


_PARTS: dict[str, Callable[[Site, Visit], Awaitable[Component]]] = {
    "": environments,
    "gates": gates,
    "rules": rules,
    "webhooks": deliveries.webhooks,
    "letters": deliveries.letters,
    "template": template,
    "tokens": tokens,
}


async def render(site: Site, visit: Visit) -> Component:
    show = visit.state.get("show", "") if visit.state.get("show", "") in SHOWS else ""
    try:
        body = await _PARTS[show](site, visit)
    except Unauthenticated:
        raise
    except LifecycleError as error:
        body = card(SHOWS[show], failed(error))
    return html.Div(
        [page_head("Settings", aside=html.Div(segments("show", "Which settings", SHOWS, show), className="tabs")), body]
    )


PAGE = Page("settings", lambda parts: "Settings", render, area="settings", by_state=True)
