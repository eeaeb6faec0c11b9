"""Which version of a model ran in which environment, and when."""

from __future__ import annotations

from dashboard.components.charts import graph
from dashboard.components.states import empty
from dashboard.figures.stays import stays, stays_height
from dashboard.gateway import operations as ask
from dashboard.site import Component, Site, Visit


async def what_ran_where(site: Site, visit: Visit, model: str) -> Component:
    found = await visit.ask(ask.DEPLOYMENTS, model=model)
    ran = [one for one in found or [] if one.history]
    if not ran:
        return empty("Nothing was deployed yet", "A version is deployed from its own page.", icon_name="timeline")
    return graph(stays(ran, site.now()), "Which version ran in which environment, and when", stays_height(ran))
