"""Renders a section so that trouble stays inside it: an expected error becomes its error state."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from dashboard.components.states import failed
from dashboard.site import Component, Section, Site, Visit
from services.contracts.errors import LifecycleError, Unauthenticated


async def rendered(sections: Mapping[str, Section], site: Site, visit: Visit) -> dict[str, Component]:
    """All at once. Raises Unauthenticated: then the whole page is a sign-in."""

    async def one(section: Section) -> Component:
        try:
            return await section(site, visit)
        except Unauthenticated:
            raise
        except LifecycleError as error:
            return failed(error)

    parts = await asyncio.gather(*(one(section) for section in sections.values()))
    return dict(zip(sections, parts, strict=True))
