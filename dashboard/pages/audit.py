"""`/events/audit`: who did what, when and from where; and whether anybody has tampered with the record.

The state of the page is its address: `of` (whose trail), `user`, `action`, `request` (a correlation id), `since`,
`after` (older ones).
"""

from __future__ import annotations

import asyncio
import json
from datetime import date
from typing import Any

import dash_mantine_components as dmc
import msgspec
from dash import Dash, Input, Output, State, dcc, html, no_update

from dashboard import formats
from dashboard.components.basics import badge, card, clipped, icon, link, moment, page_head, stacking, wild
from dashboard.components.controls import more_of, page_of, search_field, segments, state_id
from dashboard.components.states import empty
from dashboard.gateway import operations as ask
from dashboard.gateway.project_views import AuditEntry, AuditHead, AuditVerdict
from dashboard.pages.page import Page
from dashboard.site import Component, Site, Visit, visitor_token

_AT_ONCE_SECONDS = 6.0  # of verifying, before it says how far it came
_LONGEST_JSON = 6000
_TRAILS = {"registry": "What is built", "monitor": "What is watched"}
"""Each service keeps a trail of its own."""


async def render(site: Site, visit: Visit) -> Component:
    state = visit.state
    trail = state.get("of", "registry") if state.get("of") in _TRAILS else "registry"
    wanted = page_of(
        state,
        user=state.get("user", ""),
        action=state.get("action", ""),
        correlationId=state.get("request", ""),
        start=_since(state.get("since", "")),
    )
    page = await visit.ask(ask.AUDIT, **wanted, service=trail.upper())
    controls = dmc.Group(
        [
            segments("of", "Trail", _TRAILS, trail),
            search_field("user", "User", state.get("user", ""), "User"),
            search_field("action", "Action", state.get("action", ""), "Action, such as review.decide"),
            dmc.DateInput(
                id=state_id("since"),
                value=state.get("since") or None,
                valueFormat="D MMM YYYY",
                placeholder="Since",
                clearable=True,
                clearButtonProps=wild({"aria-label": "Any time"}),
                size="sm",
                w=150,
                **wild({"aria-label": "Since"}),
            ),
        ],
        gap="xs",
        mb="md",
    )
    return html.Div(
        [
            page_head(
                "Audit trail",
                crumbs=[link("Events", site.links.events())],
                hint="Each entry is chained to the one before it by its hash, so that a change anywhere shows.",
            ),
            card(
                "Is it untouched?",
                html.Div(
                    [
                        dcc.Store(id="audit-upto"),
                        dcc.Store(id="audit-service", data=trail.upper()),
                        html.Div(_asked(), id="audit-verdict", role="status"),
                        html.Button(
                            [icon("circle-check"), "Verify the trail"],
                            id="audit-verify",
                            className="button",
                            type="button",
                        ),
                    ],
                    className="verify",
                ),
            ),
            card(
                "Entries",
                html.Div(
                    [
                        controls,
                        _table(site, page.nodes, trail),
                        more_of("entries", page, site.links.audit, {**state, "of": trail}),
                    ]
                ),
            ),
        ]
    )


def _since(text: str) -> str:
    try:
        return f"{date.fromisoformat(text[:10]).isoformat()}T00:00:00Z"
    except ValueError:
        return ""


def _asked() -> Component:
    return html.P("Not verified in this visit. Verifying recomputes every hash from the first entry on.")


def _table(site: Site, entries: list[AuditEntry], trail: str) -> Component:
    if not entries:
        return empty("No entries", "Nothing fits what was asked for.", icon_name="search")
    head = html.Thead(
        html.Tr([html.Th(text, scope="col") for text in ("No.", "When", "Who", "What", "Before and after", "Request")])
    )
    return stacking(
        html.Table([head, html.Tbody([_row(site, one, trail) for one in entries])], className="table compact"),
        "Entries of the audit trail",
        860,
    )


def _row(site: Site, one: AuditEntry, trail: str) -> Component:
    return html.Tr(
        [
            html.Td(
                html.Span(f"{one.number:,}", title=one.hash or "")
                if one.number is not None
                else badge("being sealed", "", "clock"),
                className="nowrap",
            ),
            html.Td(moment(one.time)),
            html.Td(
                [
                    html.Span(clipped(one.user, 40), className="strong"),
                    html.Div(clipped(f"{one.role.lower()} by {one.via}", 60), className="sub"),
                ]
            ),
            html.Td([html.Code(clipped(one.action, 60)), html.Div(clipped(one.remote, 60), className="sub")]),
            html.Td(_change(one)),
            html.Td(
                link(
                    clipped(one.correlation_id, 8),
                    site.links.audit(of=trail, request=one.correlation_id),
                    title=clipped(one.correlation_id, 100),
                )
                if one.correlation_id
                else formats.NOTHING
            ),
        ]
    )


def _change(one: AuditEntry) -> Component:
    if one.before is None and one.after is None:
        return html.Span(formats.plural(len(one.events), "event") if one.events else formats.NOTHING, className="sub")
    parts = []
    for name, value in (("Before", one.before), ("After", one.after)):
        if value is not None:
            text = json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True)
            parts += [html.Div(name, className="sub"), html.Pre(clipped(text, _LONGEST_JSON), tabIndex="0")]
    return html.Details([html.Summary("Show"), html.Div(parts, className="json")], className="details")


def verdict_words(verdict: AuditVerdict, trail: str) -> Component:
    """What was found, with the place to keep elsewhere."""
    if verdict.problem:
        where = f" at entry {verdict.bad_number:,}" if verdict.bad_number is not None else ""
        return html.P([badge("tampered with", "bad", "alert-triangle"), f" {clipped(verdict.problem, 300)}{where}."])
    young = (
        f" {formats.plural(verdict.unsealed, 'entry', 'entries')} too young to be sealed." if verdict.unsealed else ""
    )
    return html.Div(
        [
            html.P(
                [
                    badge("untouched", "good", "circle-check")
                    if verdict.done
                    else badge("untouched so far", "accent", "progress"),
                    f" up to entry {verdict.upto.number:,}.{young}",
                ]
            ),
            html.P(
                [
                    "Keep this place elsewhere to prove it later: ",
                    html.Code(f"{trail}:{verdict.upto.number}:{verdict.upto.hash}"),
                ],
                className="sub",
            ),
        ]
    )


def register(app: Dash, site: Site) -> None:
    @app.callback(
        Output("audit-verdict", "children"),
        Output("audit-upto", "data"),
        Output("audit-verify", "children"),
        Input("audit-verify", "n_clicks"),
        State("audit-upto", "data"),
        State("audit-service", "data"),
        running=[(Output("audit-verify", "disabled"), True, False)],
        prevent_initial_call=True,
    )
    async def verify(clicks: int | None, upto: dict[str, Any] | None, service: str) -> Any:
        if not clicks:
            return no_update
        loop = asyncio.get_running_loop()
        until = loop.time() + _AT_ONCE_SECONDS
        head = msgspec.convert(upto, AuditHead) if upto else None
        while True:
            wanted = {"after": {"number": head.number, "hash": head.hash}} if head else {}
            verdict = await site.gateway.ask(ask.AUDIT_VERDICT, visitor_token(), service=service, **wanted)
            if verdict is None:
                return html.P("The trail can't be verified right now.", className="trouble"), no_update, no_update
            head = verdict.upto
            if verdict.done or verdict.problem or loop.time() > until:
                break
        more = [icon("circle-check"), "Verify again" if verdict.done or verdict.problem else "Go on verifying"]
        kept = None if verdict.done or verdict.problem else {"number": head.number, "hash": head.hash}
        return verdict_words(verdict, service.lower()), kept, more


PAGE = Page("events/audit", lambda parts: "Audit trail", render, area="events", by_state=True)
