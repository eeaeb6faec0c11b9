"""The wiring: every page, route and background task of the dashboard in one place."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from dash import Dash
from starlette.types import ASGIApp

from dashboard import acting, palette, router
from dashboard.actions import ACTIONS
from dashboard.components import files
from dashboard.components.shell import shell
from dashboard.gateway.client import GatewayClient
from dashboard.links import Links
from dashboard.live.hub import Hub
from dashboard.live.socket import live_socket
from dashboard.pages import (
    alert,
    alerts,
    audit,
    compare,
    dataset,
    datasets,
    events,
    insights,
    lineage,
    model,
    models,
    monitoring,
    monitoring_list,
    overview,
    project,
    projects,
    review,
    reviews,
    run,
    runs,
    version,
)
from dashboard.pages import (
    settings as settings_page,
)
from dashboard.security import Guarded, content_security_policy
from dashboard.serving import Compressed, PlainFastAPI, finish
from dashboard.sessions import SignInFirst, add_sign_in
from dashboard.settings import DashboardSettings
from dashboard.site import Site
from services.runtime.health import Health
from services.runtime.run import background

PAGES = (
    overview.PAGE,
    projects.PAGE,
    project.PAGE,
    insights.LIST_PAGE,
    insights.PAGE,
    reviews.PAGE,
    review.PAGE,
    events.PAGE,
    audit.PAGE,
    models.PAGE,
    model.PAGE,
    version.PAGE,
    datasets.PAGE,
    dataset.NEWEST_PAGE,
    dataset.PAGE,
    lineage.PAGE,
    alerts.PAGE,
    alert.PAGE,
    settings_page.PAGE,
    monitoring_list.PAGE,
    monitoring.PAGE,
    runs.PAGE,
    compare.PAGE,
    run.PAGE,
)

INDEX = """<!DOCTYPE html>
<html lang="en">
  <head>
    {%metas%}
    <title>{%title%}</title>
    <link rel="icon" href="@assets/favicon.svg" type="image/svg+xml">
    {%css%}
  </head>
  <body>
    {%app_entry%}
    <footer>{%config%}{%scripts%}{%renderer%}</footer>
  </body>
</html>"""


@contextlib.asynccontextmanager
async def build(settings: DashboardSettings, health: Health) -> AsyncIterator[ASGIApp]:
    """The dashboard as an ASGI app, with its upstream connections open."""
    open_mode = settings.auth == "open"
    async with GatewayClient.open(settings.gateway_url) as gateway:
        site = Site(gateway, Links(settings.path_prefix))
        hub = Hub(site, settings.gateway_url, settings.token.get_secret_value(), open_mode)
        async with background(health, hub=lambda: hub.run()):
            yield pages_app(settings, site, hub)
            await hub.close()


def pages_app(settings: DashboardSettings, site: Site, hub: Hub) -> ASGIApp:
    """Routes below are as a proxy that strips the path prefix sees them; links and assets carry the prefix."""
    open_mode = settings.auth == "open"
    app = Dash(
        __package__,
        backend=PlainFastAPI,
        assets_folder=str(Path(__file__).parent / "assets"),
        assets_ignore="sign-in",
        routes_pathname_prefix="/",
        requests_pathname_prefix=settings.path_prefix,
        title="Lifecycle",
        update_title="",
        index_string=INDEX.replace("@", settings.path_prefix),
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
        suppress_callback_exceptions=True,  # pages bring their own components
        on_error=router.on_error,
        add_log_handler=False,
    )
    app.layout = shell(site.links, signed_in=not open_mode)
    router.register(app, site, PAGES)
    overview.register(app, site)
    monitoring.register(app, site)
    runs.register(app, site)
    audit.register(app, site)
    files.register(app, site)
    palette.register(app, site)
    acting.register(app, acting.Acts(site, ACTIONS))
    policy = content_security_policy(app.csp_hashes())
    app.server.add_api_websocket_route("/live/ws", live_socket(hub, open_mode, settings.allowed_origins))
    if not open_mode:
        add_sign_in(app.server, site, settings.allowed_origins, secure=settings.secure_cookie)
    finish(app)
    served: ASGIApp = app.server if open_mode else SignInFirst(app.server, site.links)
    return Guarded(Compressed(served), policy, settings.path_prefix)
