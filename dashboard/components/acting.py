"""Things a person can do: a button opens one dialog with what is needed, says what it does, and asks to confirm.

An action is data: the mutation it sends, the fields it asks for, and its words. What a button knows already (which
model, which version) travels with it as `given`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.components.basics import clipped, icon, wild
from dashboard.gateway.views import Outcome
from dashboard.links import Links
from dashboard.site import Component

Given = Mapping[str, Any]
Kind = Literal["text", "long", "choice", "many", "date", "number", "check"]


@dataclass(frozen=True, slots=True)
class Field:
    """Something to fill in. `options` of a choice; `value` is what stands there at first."""

    name: str
    label: str
    kind: Kind = "text"
    required: bool = False
    options: Sequence[str] | Mapping[str, str] = ()
    value: Any = None
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """`mutation`: the schema's field; its input is made of what `given` and the fields say, by `variables`.

    `words`: what will happen. `danger`: it hurts if it was a mistake. `undo`: the action and what it is given, that
    take this one back, from what was given to this one (`changed` is the id of what it made); None where there is no
    way back. `goes_to`: the page to open afterwards, from the id of what was made. `answers_secret`: the answer holds
    something that is shown this once. `answers`: what else is asked of the answer. `further`: what is sent next, from
    what was sent and answered, as long as there is more to do; `tells`: what came of it all, in place of `done`.
    """

    name: str
    title: str
    mutation: str
    confirm: str
    done: str
    fields: Callable[[Given], Sequence[Field]] = lambda given: ()
    words: Callable[[Given], str] = lambda given: ""
    variables: Callable[[Given], dict[str, Any]] = dict
    danger: bool = False
    keyed: bool = True
    input_type: str = ""
    answers_id: bool = True
    answers_secret: bool = False
    answers: str = ""
    further: Callable[[dict[str, Any], Outcome], dict[str, Any] | None] = lambda sent, outcome: None
    tells: Callable[[Sequence[Outcome]], str] | None = None
    goes_to: Callable[[Links, str, Given], str] = lambda links, changed, given: ""
    undo: Callable[[Given], tuple[str, dict[str, Any]] | None] = lambda given: None

    @property
    def document(self) -> str:
        """The GraphQL operation."""
        kind = self.input_type or self.mutation[0].upper() + self.mutation[1:] + "Input"
        return (
            f"mutation Act($input: {kind}!) {{ {self.mutation}(input: $input) "
            f"{{ {'changedId ' if self.answers_id else ''}{'secret ' if self.answers_secret else ''}{self.answers} "
            "errors { code message field fix retryable } } }"
        )


def act(
    name: str,
    label: str,
    given: Given,
    *,
    icon_name: str = "",
    look: str = "",
    disabled_because: str = "",
    spoken: str = "",
) -> Component:
    """A button that opens an action's dialog. `look`: primary, danger, plain, or none; `spoken`: in place of a sign."""
    return html.Button(
        [icon(icon_name) if icon_name else None, label],
        id={"act": name, "given": json.dumps(given, sort_keys=True, separators=(",", ":"))},
        className=f"button {look}",
        type="button",
        disabled=bool(disabled_because),
        title=disabled_because or spoken,
        **(wild({"aria-label": spoken}) if spoken else {}),
    )


def inline(name: str, label: str, given: Given, *, spot: str) -> Component:
    """A button that does it at once, with room for what goes wrong. `spot` tells it from others on the page."""
    held = {"action": name, "given": dict(given), "key": secrets.token_hex(8)}
    return html.Div(
        [
            dcc.Store(id={"inline-given": spot}, data=held),
            html.Div(id={"inline-trouble": spot}, className="trouble", role="alert"),
            html.Button(label, id={"inline": spot}, className="button small", type="button"),
        ]
    )


def form(action: Action, given: Given) -> Component:
    """What stands in the dialog."""
    words = action.words(given)
    return html.Div(
        [
            html.P(words, className="dialog-words") if words else None,
            *(_control(field) for field in action.fields(given)),
            html.Div(id="dialog-trouble", className="trouble", role="alert"),
            html.Div(
                [
                    html.Button("Cancel", id={"cancel": action.name}, className="button", type="button"),
                    html.Button(
                        action.confirm,
                        id={"submit": action.name},
                        className="button danger" if action.danger else "button primary",
                        type="button",
                    ),
                ],
                className="dialog-buttons",
            ),
        ],
        className="dialog",
    )


def undo_bar(words: str, action: str, given: Given) -> Component:
    """What was done, with the way back beside it; stays until somebody takes it, closes it or does something else."""
    text = json.dumps(given, sort_keys=True, separators=(",", ":"))
    return html.Div(
        [
            icon("circle-check"),
            html.Span(words),
            html.Button("Undo", id={"undo": action, "given": text}, className="button small", type="button"),
            html.Button(
                icon("x", "Leave it so"),
                id={"undo": "", "given": ""},
                className="icon-button plain-button",
                type="button",
            ),
        ],
        className="undo-bar",
    )


def secret_shown(title: str, secret: str) -> Component:
    """What stands in the dialog after something was made whose secret is never shown again."""
    return html.Div(
        [
            html.P("Keep it now: it is shown this once and never again.", className="dialog-words"),
            html.Pre(secret, className="state-code", tabIndex="0", **wild({"aria-label": title})),
            html.Div(
                html.Button("Done", id={"cancel": "secret"}, className="button primary", type="button"),
                className="dialog-buttons",
            ),
        ],
        className="dialog",
    )


def _control(field: Field) -> Component:
    common: dict[str, Any] = {
        "id": {"field": field.name},
        "label": field.label,
        "description": field.hint or None,
        "withAsterisk": field.required,
        "size": "sm",
    }
    match field.kind:
        case "long":
            return dmc.Textarea(**common, value=field.value or "", autosize=True, minRows=3, maxRows=12)
        case "choice" | "many":
            pairs = (
                field.options.items() if isinstance(field.options, Mapping) else ((one, one) for one in field.options)
            )
            data = [{"value": key, "label": clipped(label, 80)} for key, label in pairs]
            if field.kind == "many":
                return dmc.MultiSelect(**common, data=data, value=field.value or [], searchable=True)
            return dmc.Select(
                **common, data=data, value=field.value, searchable=len(data) > 8, allowDeselect=not field.required
            )
        case "date":
            return dmc.DateInput(**common, value=field.value, valueFormat="YYYY-MM-DD", clearable=False)
        case "number":
            return dmc.NumberInput(**common, value="" if field.value is None else field.value, hideControls=True)
        case "check":
            return dmc.Checkbox(
                id={"field": field.name},
                label=field.label,
                description=field.hint or None,
                checked=bool(field.value),
                size="sm",
            )
        case _:
            return dmc.TextInput(**common, value=field.value or "")


def missing(action: Action, given: Given, filled: Mapping[str, Any]) -> str:
    """Which required field is still empty, in words; empty text if none is."""
    for field in action.fields(given):
        value = filled.get(field.name)
        if field.required and (value is None or value == [] or (isinstance(value, str) and not value.strip())):
            return f"“{field.label}” is still empty."
    return ""


def dialog() -> Component:
    """The one dialog of the frame."""
    return dmc.Modal(
        html.Div(id="dialog-body"),
        id="dialog",
        title="",
        opened=False,
        centered=True,
        size="lg",
        returnFocus=True,
        transitionProps={"duration": 0},
        closeButtonProps=wild({"aria-label": "Close"}),
    )


def only(*names: str) -> Callable[[Given], dict[str, Any]]:
    """The named parts of what is given, without what is empty."""
    return lambda given: {name: given[name] for name in names if given.get(name) not in (None, "", [])}


def afterwards(given: Given) -> dict[str, Any]:
    """The revision that an undo expects: the next after the one that was seen; nothing is said where none was."""
    expected = given.get("expected")
    return {} if expected is None else {"expected": int(expected) + 1}


def restoring(name: str, *kept: str) -> Callable[[Given], tuple[str, dict[str, Any]] | None]:
    """An undo that sets again what was `known` before, by the action `name`; None where nothing was."""

    def undo(given: Given) -> tuple[str, dict[str, Any]] | None:
        known = given.get("known")
        if not known or given.get("drop"):
            return None
        return name, {**only(*kept)(given), **known, "known": known, **afterwards(given)}

    return undo


def names(text: str | None) -> list[str]:
    """Comma-separated names."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]
