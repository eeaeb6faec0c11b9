"""The wiring: every page, route and background task of the dashboard in one place."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path

from starlette.types import ASGIApp

from dashboard import acting, palette, router, saved_views, talking
from dashboard.actions import ACTIONS
from dashboard.components import files
from dashboard.components.shell import First, shell
from dashboard.early import Early
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
    experiments,
    insights,
    lineage,
    model,
    models,
    monitoring,
    monitoring_list,
    overview,
    past,
    project,
    projects,
    review,
    reviews,
    run,
    run_groups,
    runs,
    version,
)
from dashboard.pages import (
    settings as settings_page,
)
from dashboard.run_export import add_export
from dashboard.scripts import LeanDash
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
    past.MODEL_PAGE,
    past.PAGE,
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
    experiments.PAGE,
    run_groups.PAGE,
    compare.PAGE,
    run.PAGE,
)

INDEX = """<!DOCTYPE html>
<html lang="en">
  <head>
    {%metas%}
    <title>{%title%}</title>
    <!-- early -->
    <link rel="icon" href="@assets/favicon.svg" type="image/svg+xml">
    <link rel="preload" href="@assets/fonts/inter-latin-wght-normal.woff2" as="font" type="font/woff2" crossorigin>
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
            app, prepare = pages_app(settings, site, hub)
            preparing = asyncio.create_task(prepare())
            yield app
            preparing.cancel()
            await hub.close()


Prepare = Callable[[], Coroutine[None, None, None]]


def pages_app(settings: DashboardSettings, site: Site, hub: Hub) -> tuple[ASGIApp, Prepare]:
    """The app, and what makes its scripts ready to be sent.

    Routes below are as a proxy that strips the path prefix sees them; links and assets carry the prefix.
    """
    open_mode = settings.auth == "open"
    app = LeanDash(
        __package__,
        backend=PlainFastAPI,
        assets_folder=str(Path(__file__).parent / "assets"),
        assets_ignore="sign-in",
        assets_path_ignore=["vendor"],
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
    early: Early[First] = Early()
    router.register(app, site, PAGES, early)
    overview.register(app, site)
    monitoring.register(app, site)
    runs.register(app, site)
    compare.register(app, site)
    run.register(app, site)
    audit.register(app, site)
    past.register(app)
    version.register(app, site)
    files.register(app, site)
    palette.register(app, site)
    acts = acting.Acts(site, (*ACTIONS, *saved_views.VIEWS))
    acting.register(app, acts)
    talking.register(app, site)
    saved_views.register(app, site, acts)
    policy = content_security_policy(app.csp_hashes())
    add_export(app.server, site)
    app.server.add_api_websocket_route("/live/ws", live_socket(hub, open_mode, settings.allowed_origins))
    if not open_mode:
        add_sign_in(app.server, site, settings.allowed_origins, secure=settings.secure_cookie)
    finish(app, site, PAGES, early, signed_in=not open_mode)
    served: ASGIApp = app.server if open_mode else SignInFirst(app.server, site.links)
    compressed = Compressed(served)
    lasting = [address.removeprefix(settings.path_prefix) for address in app.files()]
    return Guarded(compressed, policy, settings.path_prefix), lambda: compressed.prepare(lasting)
