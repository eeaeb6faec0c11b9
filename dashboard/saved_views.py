"""Saved views of the runs page: kept for their owner by the gateway; what only a browser kept moves there.

While the gateway can't take one, it stays in the browser and goes over the next time the page is opened.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, no_update

from dashboard.acting import Acts, clicked, said
from dashboard.components.acting import Action, only, undo_bar
from dashboard.components.run_grid import VIEW_PARTS, kept_views, shown, view_list
from dashboard.gateway import operations as ask
from dashboard.links import parse, query
from dashboard.site import Site, Visit, visitor_token
from services.contracts.errors import LifecycleError, Unauthenticated

PAGE = "runs"

View = dict[str, str]

VIEWS: tuple[Action, ...] = (
    Action(
        "view.save",
        "Keep the view",
        "saveView",
        "Keep it",
        "The view is kept.",
        variables=only("viewId", "title", "page", "state"),
    ),
    Action(
        "view.remove",
        "Forget the view",
        "removeSavedView",
        "Forget it",
        "The view is forgotten.",
        variables=only("viewId"),
    ),
)


async def views_of(visit: Visit) -> list[View]:
    """The visitor's views as the page shows them; none while they can't be had."""
    try:
        page = await visit.ask(ask.SAVED_VIEWS, page=PAGE)
    except Unauthenticated:
        raise
    except LifecycleError:
        return []
    found = [{**parse(view.state), "name": view.title, "id": view.view_id} for view in page.nodes]
    return kept_views(found)


def written(view: Mapping[str, str]) -> str:
    """A view's state as the gateway keeps it: a query string, which is never empty."""
    return query({part: view.get(part, "") for part in VIEW_PARTS}).removeprefix("?") or "filter="


def register(app: Dash, site: Site, acts: Acts) -> None:
    async def sent(view: View, known: list[View]) -> str:
        """Keeps a view, in place of one of the same name. What was wrong, in words; empty if nothing was."""
        former = next((one.get("id", "") for one in known if one["name"] == view["name"]), "")
        given = {"viewId": former, "title": view["name"], "page": PAGE, "state": written(view)}
        return (await acts.carried_out(acts["view.save"], given, secrets.token_hex(16))).trouble

    @app.callback(
        Output("runs-views-kept", "data", allow_duplicate=True),
        Output("runs-views", "data", allow_duplicate=True),
        Input("runs-view-new", "data"),
        State("runs-views-kept", "data"),
        State("runs-views", "data"),
        prevent_initial_call=True,
    )
    async def keep(new: Any, data: Any, local: Any) -> Any:
        found = kept_views([new])
        if not found:
            return no_update, no_update
        trouble = await sent(found[0], kept_views(data))
        if trouble:
            said(f"Kept in this browser for now. {trouble}", tone="red")
            others = [one for one in kept_views(local) if one["name"] != found[0]["name"]]
            return no_update, [*others, found[0]]
        return await views_of(site.visit({}, {}, visitor_token())), no_update

    @app.callback(
        Output("runs-views-kept", "data", allow_duplicate=True),
        Output("runs-views", "data", allow_duplicate=True),
        Input("runs-views", "modified_timestamp"),
        State("runs-views", "data"),
        State("runs-views-kept", "data"),
        prevent_initial_call="initial_duplicate",
    )
    async def moved(_: int, local: Any, data: Any) -> Any:
        """What was kept in this browser goes to the gateway, once."""
        waiting, known = kept_views(local), kept_views(data)
        if not waiting:
            return no_update, no_update
        names = {one["name"] for one in known}
        left = [view for view in waiting if view["name"] not in names and await sent(view, known)]
        if left == waiting:
            return no_update, no_update
        return await views_of(site.visit({}, {}, visitor_token())), left

    @app.callback(
        Output("runs-views-list", "children"),
        Output("runs-view-current", "children"),
        Input("runs-views-kept", "data"),
        Input("runs-views", "data"),
        Input("url", "search"),
    )
    def listed(data: Any, local: Any, search: str) -> Any:
        kept, state = kept_views(data), parse(search)
        names = {one["name"] for one in kept}
        kept += [one for one in kept_views(local) if one["name"] not in names]
        current = next((view["name"] for view in kept if shown(view, state)), "Views")
        return view_list(kept, state, site.links), current

    @app.callback(
        Output("runs-views-kept", "data", allow_duplicate=True),
        Output("runs-views", "data", allow_duplicate=True),
        Output("undo", "children", allow_duplicate=True),
        Input({"forget": ALL}, "n_clicks"),
        State("runs-views-kept", "data"),
        State("runs-views", "data"),
        prevent_initial_call=True,
    )
    async def forget(_: list[Any], data: Any, local: Any) -> Any:
        pressed = clicked()
        if pressed is None:
            return no_update, no_update, no_update
        name, kept = pressed[0]["forget"], kept_views(data)
        view = next((one for one in kept if one["name"] == name), None)
        if view is None:
            return no_update, [one for one in kept_views(local) if one["name"] != name], no_update
        action = acts["view.remove"]
        done = await acts.carried_out(action, {"viewId": view["id"]}, secrets.token_hex(16))
        if done.trouble:
            said(done.trouble, tone="red")
            return no_update, no_update, no_update
        back = undo_bar(action.done, "view.save", {"title": name, "page": PAGE, "state": written(view)})
        return [one for one in kept if one is not view], no_update, back

    in_browser: Any = app.clientside_callback
    in_browser(
        ClientsideFunction("grid", "save"),
        Output("runs-view-new", "data"),
        Output("runs-view-name", "value"),
        Input("runs-view-save", "n_clicks"),
        Input("runs-view-name", "n_submit"),
        State("runs-view-name", "value"),
        prevent_initial_call=True,
    )
