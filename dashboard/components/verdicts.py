"""Gates: what a version had to show, what it showed, and what follows."""

from __future__ import annotations

from dash import html

from dashboard import formats
from dashboard.components.acting import act
from dashboard.components.basics import badge, clipped, icon, moment, scrolling
from dashboard.components.states import empty
from dashboard.components.talk import Talk
from dashboard.gateway import operations as ask
from dashboard.gateway.production_views import Gate, GateResult, GateVerdict
from dashboard.site import Component, Site, Visit

KINDS = {
    "MINIMUM": "Minimum",
    "BEATS_BASELINE": "Better than the baseline",
    "BEATS_CHAMPION": "Better than the champion",
    "WORST_SLICE": "Worst slice",
    "OVERFITTING": "No overfitting",
    "CONSTRAINT": "Constraint of the target",
    "REPRODUCIBLE": "Reproducible",
    "SEALED_TEST_ONCE": "Sealed test split used once",
    "DOCUMENTS": "Documents exist",
}
_OUTCOMES = {
    "PASSED": ("passed", "good", "circle-check"),
    "FAILED": ("failed", "bad", "circle-x"),
    "UNKNOWN": ("not known", "warn", "alert-triangle"),
}


def condition(gate: Gate) -> str:
    """A gate's condition in words."""
    bound = formats.figure(gate.threshold, 3)
    sense = "at least" if gate.higher_is_better else "at most"
    words = {
        "MINIMUM": f"{gate.metric} {sense} {bound}",
        "BEATS_BASELINE": f"{gate.metric} better by {bound}",
        "BEATS_CHAMPION": f"{gate.metric} better by {bound}",
        "WORST_SLICE": f"{gate.metric} {sense} {bound} in every slice{f' of {gate.slice_by}' if gate.slice_by else ''}",
        "OVERFITTING": f"{gate.metric}: gap of training to validation at most {bound}",
        "CONSTRAINT": f"{gate.metric} at most {bound}",
        "REPRODUCIBLE": f"score at least {bound}",
        "DOCUMENTS": ", ".join(gate.documents),
    }.get(gate.kind, "")
    return words + (f", chance below {formats.figure(gate.significance, 2)}" if gate.significance else "")


async def gates_section(site: Site, visit: Visit, talk: Talk | None = None) -> Component:
    """Of the version in the address; with what is said about each, if there is a `talk` about them."""
    held = {"model": visit.parts["model"], "version": visit.parts["version"]}
    result = await visit.ask(ask.GATE_RESULT, **held)
    again = act("gate.evaluate", "Judge again…" if result else "Judge now…", held, icon_name="refresh", look="small")
    if result is None:
        hint = "Gates are set by the project; they are judged when an evaluation is recorded, or now."
        return html.Div([empty("Not judged yet", hint, icon_name="circle-check"), html.Div(again, className="buttons")])
    return html.Div([judged(result, talk=talk), html.Div(again, className="buttons")])


def judged(result: GateResult, *, past: bool = False, talk: Talk | None = None) -> Component:
    """What its gates said of a version."""
    return html.Div([_sum(result, past=past), _table(result.verdicts, talk)])


def gate_badge(result: GateResult) -> Component:
    if not result.current:
        return badge("gates: out of date", "warn", "clock")
    return badge("gates passed", "good", "circle-check") if result.passed else badge("gates failed", "bad", "circle-x")


def _sum(result: GateResult, *, past: bool) -> Component:
    notes: list[Component] = [gate_badge(result)]
    if not (result.current or past):
        notes.append(html.Span("The version has changed since: judge it again.", className="sub"))
    notes.append(
        html.Span(
            ["judged ", moment(result.at), f", policy {result.policy_revision}, evaluation {result.number}"],
            className="sub",
        )
    )
    return html.Div(notes, className="badges")


def _table(verdicts: list[GateVerdict], talk: Talk | None) -> Component:
    heads = [html.Th(text, scope="col") for text in ("Gate", "What it saw", "Outcome")]
    head = html.Thead(html.Tr([heads[0], *([talk.head()] if talk else []), *heads[1:]]))
    rows = [
        html.Tr(
            [
                html.Th(
                    [
                        html.Div(clipped(one.gate.name, 80), className="strong"),
                        html.Div(clipped(condition(one.gate), 160), className="sub"),
                    ],
                    scope="row",
                ),
                *([talk.cell("GATE", one.gate.name)] if talk else []),
                html.Td(clipped(one.words, 240)),
                html.Td(badge(*_OUTCOMES.get(one.outcome, (one.outcome.lower(),)))),
            ]
        )
        for one in sorted(verdicts, key=lambda one: one.outcome == "PASSED")
    ]
    if not rows:
        return html.P([icon("alert-triangle"), " The project has no gates: nothing may be deployed."], className="note")
    return scrolling(html.Table([head, html.Tbody(rows)], className="table compact"), "Gates", 480)
