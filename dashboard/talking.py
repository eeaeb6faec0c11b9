"""The thread about one part of a review, in the panel: what was said, live, and a form to go on."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output, no_update

from dashboard.components.talk import form, threads
from dashboard.gateway import operations as ask
from dashboard.gateway.project_views import Review
from dashboard.site import Site, visitor_token


def register(app: Dash, site: Site) -> None:
    """`asked` is what `talk.js` says of a button that was pressed; None when the panel is closed."""

    async def review_of(asked: dict[str, Any]) -> Review | None:
        model, version = asked["of"]
        return await site.gateway.ask(ask.REVIEW, visitor_token(), model=model, version=version)

    @app.callback(
        Output("talk-thread", "children"),
        Input("talk-part", "data"),
        Input("talk-tick", "children"),
        Input("again", "data"),
        prevent_initial_call=True,
    )
    async def show(asked: dict[str, Any] | None, _: str, __: int) -> Any:
        review = await review_of(asked) if asked else None
        return threads(review, *_part(asked)) if asked and review else no_update

    @app.callback(
        Output("talk-form", "children"),
        Input("talk-part", "data"),
        Input("again", "data"),
        prevent_initial_call=True,
    )
    async def go_on(asked: dict[str, Any] | None, _: int) -> Any:
        """With another part, or after something was done; what is being written stays while others write."""
        review = await review_of(asked) if asked else None
        return form(review, *_part(asked)) if asked and review else no_update


def _part(asked: dict[str, Any]) -> tuple[str, str]:
    kind, _, key = asked["part"].partition(":")
    return kind, key
