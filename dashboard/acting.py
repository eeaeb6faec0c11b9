"""The callbacks of everything that can be done: open the dialog, send the mutation, say what came of it, undo."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update, set_props

from dashboard.components.acting import Action, form, missing, secret_shown, undo_bar
from dashboard.components.basics import clipped
from dashboard.gateway.operations import Operation
from dashboard.gateway.views import Outcome
from dashboard.site import Site, visitor_token
from services.contracts.errors import LifecycleError

_NOTICE_SECONDS = 8


@dataclass(frozen=True, slots=True)
class Done:
    """`trouble`: what was wrong, in words (empty if nothing). `target`: the page to open. `secret`: shown once.
    `changed`: the id of what was made or changed. `words`: what came of it, where the action tells more than that it
    is done."""

    trouble: str = ""
    target: str = ""
    secret: str = ""
    changed: str = ""
    words: str = ""


class Acts:
    """All actions by name, and how one is carried out."""

    def __init__(self, site: Site, actions: Sequence[Action]) -> None:
        self._site = site
        self._actions = {action.name: action for action in actions}

    def __getitem__(self, name: str) -> Action:
        return self._actions[name]

    def get(self, name: str) -> Action | None:
        return self._actions.get(name)

    async def carried_out(self, action: Action, given: Mapping[str, Any], key: str) -> Done:
        """The same `key` never has a second effect."""
        operation: Operation[Outcome] = Operation(action.document, Outcome, action.mutation)
        try:
            variables = action.variables(given)
            if action.keyed:
                variables = {**variables, "idempotencyKey": key}
            outcomes = [await self._site.gateway.ask(operation, visitor_token(), input=variables)]
            while not outcomes[-1].errors and (variables := action.further(variables, outcomes[-1]) or {}):
                outcomes.append(await self._site.gateway.ask(operation, visitor_token(), input=variables))
        except LifecycleError as error:
            return Done(_words(error.message, error.fix))
        except ValueError as error:  # what was filled in isn't what it has to be
            return Done(_words(str(error), None))
        outcome = outcomes[-1]
        if outcome.errors:
            return Done(" ".join(_words(error.message, error.fix) for error in outcome.errors))
        changed = outcome.changed_id or ""
        return Done(
            "",
            action.goes_to(self._site.links, changed, given),
            outcome.secret or "",
            changed,
            action.tells(outcomes) if action.tells else "",
        )


def _words(message: str, fix: str | None) -> str:
    text = message[:1].upper() + message[1:]
    return clipped(". ".join(part.rstrip(".") for part in (text, fix) if part) + ".", 400)


def clicked() -> tuple[dict[str, Any], int] | None:
    """The id of the button that somebody pressed, and how often. Buttons that have just been put in place don't count,
    also when both come in one call."""
    for one in ctx.triggered or ():
        if one["value"]:
            return ctx.triggered_prop_ids[one["prop_id"]], one["value"]
    return None


def said(text: str, *, tone: str = "teal") -> None:
    """A notice in the corner."""
    notice = {
        "action": "show",
        "title": "Done" if tone == "teal" else "That didn't work",
        "message": clipped(text, 200),
        "color": tone,
        "autoClose": _NOTICE_SECONDS * 1000,
    }
    set_props("notices", {"sendNotifications": [notice]})


def _way_back(action: Action, given: Mapping[str, Any], words: str = "") -> Any:
    """The bar that says what was done and takes it back; a passing notice where there is no way back."""
    back = action.undo(given)
    if back:
        return undo_bar(action.done, *back)
    said(words or action.done)
    return []


def register(app: Dash, acts: Acts) -> None:
    @app.callback(
        Output("dialog", "opened"),
        Output("dialog", "title"),
        Output("dialog-body", "children"),
        Output("dialog-given", "data"),
        Input("dialog-asked", "data"),
        prevent_initial_call=True,
    )
    def open_dialog(asked: dict[str, Any] | None) -> Any:
        """`asked` is what `acting.js` says of a button that was pressed."""
        action = acts.get(asked["act"]) if asked else None
        if action is None or asked is None:
            return no_update
        given = json.loads(asked["given"])
        held = {"action": action.name, "given": given, "key": secrets.token_hex(16)}
        return True, action.title, form(action, given), held

    @app.callback(
        Output("dialog-trouble", "children"),
        Output("dialog", "opened", allow_duplicate=True),
        Output("dialog-body", "children", allow_duplicate=True),
        Output("url", "pathname", allow_duplicate=True),
        Output("url", "search", allow_duplicate=True),
        Output("undo", "children", allow_duplicate=True),
        Output("again", "data", allow_duplicate=True),
        Input({"submit": ALL}, "n_clicks"),
        State("dialog-given", "data"),
        State({"field": ALL}, "value"),
        State({"field": ALL}, "checked"),
        State({"field": ALL}, "id"),
        State("again", "data"),
        prevent_initial_call=True,
    )
    async def submit(
        clicks: list[Any], held: dict[str, Any], values: list[Any], ticks: list[Any], ids: list[Any], again: int
    ) -> Any:
        if not any(clicks) or not held:
            return no_update
        action, given = acts[held["action"]], held["given"]
        filled = {
            one["field"]: tick if isinstance(tick, bool) else value
            for one, value, tick in zip(ids, values, ticks, strict=True)
        }
        done = Done(missing(action, given, filled))
        if not done.trouble:
            done = await acts.carried_out(action, {**given, **filled}, held["key"])
        stay = no_update, no_update
        if done.trouble:
            return done.trouble, no_update, no_update, *stay, no_update, no_update
        if done.secret:
            return no_update, no_update, secret_shown(action.title, done.secret), *stay, [], again + 1
        bar = _way_back(action, {**given, **filled, "changed": done.changed}, done.words)
        if done.target:
            return "", False, [], done.target, "", bar, no_update
        return "", False, [], *stay, bar, again + 1

    @app.callback(
        Output("undo", "children", allow_duplicate=True),
        Output("again", "data", allow_duplicate=True),
        Input({"undo": ALL, "given": ALL}, "n_clicks"),
        State("again", "data"),
        prevent_initial_call=True,
    )
    async def undo(_: list[Any], again: int) -> Any:
        pressed = clicked()
        if pressed is None:
            return no_update
        name, given = pressed[0]["undo"], pressed[0]["given"]
        if not name:  # it stays as it is
            return [], no_update
        done = await acts.carried_out(acts[name], json.loads(given), secrets.token_hex(16))
        said(done.trouble or "Undone.", tone="red" if done.trouble else "teal")
        return [], no_update if done.trouble else again + 1

    @app.callback(
        Output({"inline-trouble": ALL}, "children"),
        Output("undo", "children", allow_duplicate=True),
        Output("again", "data", allow_duplicate=True),
        Input({"inline": ALL}, "n_clicks"),
        State({"inline-given": ALL}, "data"),
        State({"inline-given": ALL}, "id"),
        State({"inline-field": ALL, "name": ALL}, "value"),
        State({"inline-field": ALL, "name": ALL}, "id"),
        State({"inline-trouble": ALL}, "id"),
        State("again", "data"),
        prevent_initial_call=True,
    )
    async def inline(
        _: list[Any],
        helds: list[dict[str, Any]],
        held_ids: list[dict[str, str]],
        values: list[Any],
        ids: list[dict[str, str]],
        troubles: list[dict[str, str]],
        again: int,
    ) -> Any:
        """A form that stands in the page itself."""
        pressed = clicked()
        if pressed is None:
            return [no_update] * len(troubles), no_update, no_update
        spot, clicks = pressed[0]["inline"], pressed[1]
        held = next(data for one, data in zip(held_ids, helds, strict=True) if one["inline-given"] == spot)
        filled = {one["name"]: value for one, value in zip(ids, values, strict=True) if one["inline-field"] == spot}
        action = acts[held["action"]]
        done = await acts.carried_out(action, {**held["given"], **filled}, f"{held['key']}-{clicks}")
        said_there = [done.trouble if one["inline-trouble"] == spot else no_update for one in troubles]
        if done.trouble:
            return said_there, no_update, no_update
        return said_there, _way_back(action, {**held["given"], **filled, "changed": done.changed}), again + 1
