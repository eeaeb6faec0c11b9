"""From the address to the page: one callback for all pages, with their errors, titles and live topics."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update, set_props

from dashboard.components.shell import First, navigation
from dashboard.components.states import empty, failed
from dashboard.early import Early
from dashboard.gateway import operations as ask
from dashboard.links import parse, query
from dashboard.pages.page import Page, find
from dashboard.site import Component, Site, visitor_token
from services.contracts.errors import Internal, LifecycleError, NotFound, Unauthenticated

log = structlog.get_logger(__name__)


# A page, its title, its live topics, the navigation, what its controls were drawn with.
Drawn = tuple[Component, str, list[str], Component, dict[str, Any]]


async def drawn(site: Site, pages: Sequence[Page], pathname: str, search: str, token: str) -> Drawn:
    """The page at an address, as whoever holds `token` may see it; also if there is none, or it can't be had now."""
    links = site.links
    addresses = links.areas()
    found = find(pages, links.strip(pathname or links.prefix))
    if found is None:
        missing = empty(
            "This page doesn't exist",
            ["The address may have a typing mistake. ", dcc.Link("Go to the overview", href=links.overview())],
            icon_name="search",
        )
        return (
            html.Div(missing, className="panel-like"),
            "Not found",
            [],
            navigation(addresses, ""),
            placed(missing, ""),
        )
    page, parts = found
    title, topics = page.title(parts), page.topics(parts)
    try:
        content = await page.render(site, site.visit(parts, parse(search), token))
    except Unauthenticated:
        back = query({"next": pathname + search})
        content = dcc.Location(id="to-sign-in", href=links.sign_in() + back, refresh=True)
        topics = []
    except LifecycleError as error:
        content = _failed(error)
        topics = [] if isinstance(error, NotFound) else topics
    return content, title, topics, navigation(addresses, page.area), placed(content, search)


def placed(content: Component, search: str) -> dict[str, Any]:
    """The values of the controls in a page as it was drawn, and the address of then: what differs later was moved."""
    controls = (one for one in content._traverse() if isinstance(getattr(one, "id", None), dict) and "state" in one.id)
    return {"search": search, "values": {one.id["state"]: getattr(one, "value", None) for one in controls}}


async def first(site: Site, pages: Sequence[Page], pathname: str, search: str, token: str) -> First:
    """The page that a browser asks for first, and who looks at it."""
    page, viewer = await asyncio.gather(drawn(site, pages, pathname, search, token), _viewer(site, token))
    return First(pathname, search, *page, viewer)


async def _viewer(site: Site, token: str) -> Component:
    try:
        viewer = await site.gateway.ask(ask.VIEWER, token)
    except LifecycleError:
        return None
    return html.Span(viewer.user, title=f"{viewer.user}, {viewer.role.lower()}")


def page_load(app: Dash) -> str:
    """The id of the page load that the callback under way belongs to."""
    request: Any = app.backend.request_adapter()
    return str(request.args.get("endId") or "") if request else ""


def register(app: Dash, site: Site, pages: Sequence[Page], early: Early[First]) -> None:
    links = site.links

    @app.callback(
        Output("page", "children"),
        Output("title", "data"),
        Output("topics", "data"),
        Output("navbar", "children"),
        Output("placed", "data"),
        Input("url", "pathname"),
        Input("again", "data"),
        Input("url", "search"),
        State("topics", "data"),
        prevent_initial_call=True,  # the first page comes with the layout
    )
    async def show(pathname: str, _: int, search: str, topics: list[str] | None) -> Any:
        moved = set(ctx.triggered_prop_ids)
        if moved == {"url.search"}:
            found = find(pages, links.strip(pathname or links.prefix))
            if found and not found[0].by_state:
                return no_update  # the page follows its address by itself
        address = (pathname, search or "", visitor_token())
        if topics is not None:
            return await drawn(site, pages, *address)
        # The first page, which took longer than its frame could wait, or failed. Later ones are drawn anew: with
        # several workers, what was begun for the first may still lie here.
        page = await (early.take(page_load(app), address) or first(site, pages, *address))
        set_props("viewer", {"children": page.viewer})
        return page.content, page.title, page.topics, page.navigation, page.placed

    @app.callback(
        Output("again", "data"),
        Input({"retry": ALL}, "n_clicks"),
        State("again", "data"),
        prevent_initial_call=True,
    )
    def try_again(clicks: list[int | None], count: int) -> Any:
        return count + 1 if any(clicks) else no_update

    script = "live"
    in_browser: Any = app.clientside_callback
    # Neither has an output: as the consequence of a page that was just put in place, Dash wouldn't let it draw again.
    in_browser(
        ClientsideFunction("address", "moved"),
        Input({"state": ALL}, "value"),
        State({"state": ALL}, "id"),
        State("placed", "data"),
        prevent_initial_call=True,
    )
    in_browser(
        ClientsideFunction("address", "wished"),
        Input({"wish": ALL}, "data"),
        State({"wish": ALL}, "id"),
        prevent_initial_call=True,
    )
    in_browser(
        ClientsideFunction(script, "menu"),
        Output("shell", "navbar"),
        Output("burger", "opened"),
        Input("burger", "opened"),
        Input("url", "pathname"),
        State("shell", "navbar"),
        prevent_initial_call=True,
    )
    in_browser(ClientsideFunction(script, "title"), Output("title", "id"), Input("title", "data"))
    in_browser(ClientsideFunction(script, "watch"), Output("topics", "id"), Input("topics", "data"))
    in_browser(ClientsideFunction(script, "redrawn"), Input("redrawn", "data"), prevent_initial_call=True)
    in_browser(
        ClientsideFunction(script, "merge"),
        Output({"chart": ALL}, "figure", allow_duplicate=True),
        Input("live-tick", "data"),
        State({"chart": ALL}, "figure"),
        prevent_initial_call=True,
    )
    in_browser(
        ClientsideFunction(script, "pause"),
        Output("pause-label", "children"),
        Input("pause", "n_clicks"),
        prevent_initial_call=True,
    )


def _failed(error: LifecycleError) -> Component:
    title = html.H1("This page couldn't be shown", className="visually-hidden")
    return html.Div([title, failed(error)], className="panel-like")


def on_error(error: Exception) -> Any:
    """What a callback that raised leaves behind: a log line, and words for the person in front of it."""
    if isinstance(error, LifecycleError):
        said = error
    else:
        log.error("a callback failed", exc_info=error)
        said = Internal("Something went wrong; it has been logged.")
    notice = {
        "action": "show",
        "title": "That didn't work",
        "message": " ".join(part for part in (said.message, said.fix) if part)[:400],
        "color": "red",
        "autoClose": 8000,
    }
    set_props("notices", {"sendNotifications": [notice]})
    return no_update
