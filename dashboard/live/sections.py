"""Sections of pages kept fresh: rendered again when facts change, once for all browsers that show them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from dashboard.figures.base import Figure
from dashboard.gateway.views import EventView
from dashboard.live import names
from dashboard.live.frames import Frame, drawn
from dashboard.pages import (
    alert,
    alerts,
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
    version,
)
from dashboard.site import Component, Section, Site
from services.contracts.errors import LifecycleError, NotFound

SETTLE = 0.12  # seconds: one cause often makes several events
PACE = 0.5  # seconds between two renderings, at least
SHARE = 8  # so many times as long as a rendering took, nothing is rendered: events that rain have room beside it
MOST_PACE = 2.0
TROUBLED_PACE = 0.8
CLOCK = 30.0  # seconds: what depends on the time of day is rendered again without any event

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sectioned:
    """What a topic renders, with which parts of the address, and which facts make it stale."""

    sections: Mapping[str, Section]
    parts: Mapping[str, str]
    concerns: Callable[[EventView], bool]


def sectioned(topic: str) -> Sectioned | None:
    """The sections behind a topic name; None if there is no such topic."""
    match names.parse(topic):
        case names.OVERVIEW, []:
            return Sectioned(overview.SECTIONS, {}, lambda event: True)
        case names.MODELS, []:
            return Sectioned(models.SECTIONS, {}, lambda event: event.aggregate in _MODELLED)
        case names.MONITORING, []:
            return Sectioned(monitoring_list.SECTIONS, {}, lambda event: event.service == "monitor")
        case names.PROJECTS, []:
            return Sectioned(projects.SECTIONS, {}, lambda event: event.aggregate == "project")
        case names.REVIEWS, []:
            return Sectioned(reviews.SECTIONS, {}, lambda event: event.aggregate == "review")
        case names.ALERTS, []:
            return Sectioned(alerts.SECTIONS, {}, lambda event: event.aggregate == "alert")
        case "alert", [alert_id]:
            return Sectioned(
                alert.SECTIONS,
                {"id": alert_id},
                lambda event: event.aggregate == "retraining" or event.aggregate_id == alert_id,
            )
        case "run", [run_id]:
            return Sectioned(
                run.SECTIONS,
                {"id": run_id},
                lambda event: event.aggregate == "run" and event.aggregate_id == run_id,
            )
        case "version", [name, number]:
            return Sectioned(
                version.SECTIONS,
                {"model": name, "version": number},
                lambda event: _is_about(event, name) or (event.aggregate in _RELEASED and name in event.aggregate_id),
            )
        case "project", [project_id]:
            return Sectioned(
                project.SECTIONS,
                {"id": project_id},
                lambda event: event.aggregate == "project" and event.aggregate_id == project_id,
            )
        case "review", [name, number]:
            return Sectioned(
                review.SECTIONS,
                {"model": name, "version": number},
                lambda event: event.aggregate in _JUDGED and event.aggregate_id == f"{name}/{number}",
            )
        case "model", [name]:
            return Sectioned(
                model.SECTIONS,
                {"name": name},
                lambda event: (
                    _is_about(event, name) or (event.aggregate == "deployment" and name in event.aggregate_id)
                ),
            )
        case "monitor", [name, number]:
            return Sectioned(
                monitoring.SECTIONS,
                {"model": name, "version": number},
                lambda event: event.service == "monitor" and event.aggregate_id == f"{name}/{number}",
            )
    return None


_JUDGED = ("review", "gate_verdict", "evaluation")
_RELEASED = ("review", "gate_verdict", "evaluation", "deployment", "retraining", "environment")
_MODELLED = ("registered_model", "model_version", "monitored_version")


def _is_about(event: EventView, name: str) -> bool:
    if event.aggregate == "registered_model":
        return event.aggregate_id == name
    return event.aggregate in _MODELLED and event.aggregate_id.rpartition("/")[0] == name


class LiveSections:
    """Renders when told that something changed; publishes what looks different from before."""

    def __init__(
        self, sectioned: Sectioned, site: Site, token: Callable[[], str], publish: Callable[[Frame], None]
    ) -> None:
        self._what = sectioned
        self._site = site
        self._token = token
        self._publish = publish
        self._changed = asyncio.Event()
        self._changed.set()
        self._shown: dict[str, tuple[str, dict[str, Figure]]] = {}
        self.shown: dict[str, dict[str, Component]] = {}
        self.trouble: str | None = None

    def event(self, event: EventView) -> None:
        if self._what.concerns(event):
            self._changed.set()

    def changed(self) -> None:
        self._changed.set()

    async def run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(CLOCK):
                    await self._changed.wait()
                    await asyncio.sleep(SETTLE)
            except TimeoutError:
                pass
            self._changed.clear()
            began = asyncio.get_running_loop().time()
            await self._refresh()
            spent = asyncio.get_running_loop().time() - began
            await asyncio.sleep(TROUBLED_PACE if self.trouble else min(max(PACE, SHARE * spent), MOST_PACE))

    async def _refresh(self) -> None:
        visit = self._site.visit(self._what.parts, {}, self._token())
        try:
            parts = dict(
                zip(
                    self._what.sections,
                    await asyncio.gather(*(section(self._site, visit) for section in self._what.sections.values())),
                    strict=True,
                )
            )
        except NotFound:
            self.trouble = None  # somebody looks at what isn't there (any more); their page says so
            return
        except LifecycleError as error:
            self.trouble = error.message
            self._shown.clear()  # after trouble everything is shown again: some browser may have got an error state
            self._changed.set()
            return
        self.trouble = None
        found = {name: drawn(part) for name, part in parts.items()}
        fresh: dict[str, dict[str, Component]] = {}
        for name, (text, figures) in found.items():
            before = self._shown.get(name)
            if before is None or before[0] != text:
                fresh[name] = {"children": parts[name]}
                continue
            # Only what is drawn in its charts moved: they get new figures, so that zoom and hover stay.
            fresh |= {graph: {"figure": figure} for graph, figure in figures.items() if before[1].get(graph) != figure}
        self._shown = found
        self.shown = {name: {"children": part} for name, part in parts.items()}
        if fresh:
            self._publish(Frame(fresh))
