"""The command palette: any page, project, model, version, run, dataset or insight by a few typed letters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output

from dashboard.components.basics import clipped
from dashboard.components.palette import Entry, results
from dashboard.components.shell import AREAS
from dashboard.gateway import operations as ask
from dashboard.gateway.found_views import Found
from dashboard.links import Links
from dashboard.pages.settings import SHOWS
from dashboard.site import Component, Site, visitor_token
from services.contracts.errors import LifecycleError

MOST = 24
LONGEST = 200  # characters that are searched for
_RUN_ID = re.compile(r"[0-9a-f]{32}")
_WITH_VERSION = re.compile(r"(?P<model>.*\S)[\s/@]+v?(?P<version>\d{1,9})")


@dataclass(frozen=True, slots=True)
class Words:
    """What was typed; `flight 3` also asks for version 3 of models like `flight`."""

    text: str
    model: str
    version: str

    @classmethod
    def of(cls, typed: str | None) -> Words:
        text = " ".join((typed or "").split())[:LONGEST]
        found = _WITH_VERSION.fullmatch(text)
        return cls(text, found["model"] if found else text, found["version"] if found else "")

    def pattern(self, *without: str) -> str:
        """Fits every model that `fit` could: its words in their order, but for those `without`."""
        return "%".join(["", *(one for one in self.model.lower().split() if one not in without), ""]) or "%"

    def fit(self, text: str) -> bool:
        """Every word stands somewhere in the text."""
        low = text.lower()
        return all(word in low for word in self.text.lower().split())


def pages(words: Words, links: Links) -> Iterator[Entry]:
    """The dashboard's own pages."""
    addresses = links.areas()
    for name, label, icon_name in AREAS:
        if words.fit(label):
            yield Entry(label, "page", addresses[name], icon_name)
    if not words.text:
        return
    others = [
        ("Audit trail", links.audit(), "list"),
        ("Compare runs", links.compare(), "flask"),
        ("Silences", links.alerts(show="silences"), "bell"),
        *((f"Settings: {label}", links.settings(show=show), "settings") for show, label in SHOWS.items()),
    ]
    for label, href, icon_name in others:
        if words.fit(label):
            yield Entry(label, "page", href, icon_name)


def things(words: Words, found: Found, links: Links) -> Iterator[Entry]:
    """What the gateway found, each with the page about it."""
    for project in found.projects.nodes if found.projects else ():
        if words.fit(project.name):
            yield Entry(project.name, "project", links.project(project.project_id), "stack-2")
    for model in found.models.nodes if found.models else ():
        newest = model.latest_version.version if model.latest_version else ""
        number = words.version or newest
        if not words.version:
            yield Entry(model.name, "model", links.model(model.name), "cube")
        if number and newest.isdigit() and int(number) <= int(newest):
            yield Entry(f"{model.name} v{number}", "version", links.version(model.name, number), "versions")
    for one in found.monitored_versions.nodes if found.monitored_versions else ():
        name = f"{one.model} v{one.version}"
        if words.fit(f"{name} monitoring") or words.fit(f"{one.model} {one.version}"):
            yield Entry(name, "live monitoring", links.monitored(one.model, one.version), "activity")
    for run in found.runs.nodes if found.runs else ():
        note = f"run by {clipped(run.user, 30)} in {clipped(run.experiment_name, 40)}"
        yield Entry(run.name or run.run_id, note, links.run(run.run_id), "flask")
    for dataset in found.datasets.nodes if found.datasets else ():
        yield Entry(dataset.name, "dataset", links.dataset(dataset.name), "database")
    for insight in found.insights.nodes if found.insights else ():
        yield Entry(insight.title, "insight", links.insight(insight.insight_id), "bulb")


def ranked(entries: Sequence[Entry], words: Words) -> list[Entry]:
    """What is called exactly so first, then what begins so, then the others in their order."""
    text = words.text.lower()

    def rank(entry: Entry) -> int:
        label = entry.label.lower()
        return 0 if label == text else 1 if label.startswith(text) else 2

    unique = list({entry.href: entry for entry in reversed(entries)}.values())[::-1]
    return sorted(unique, key=rank)[:MOST] if text else unique[:MOST]


async def found(site: Site, typed: str | None, token: str) -> tuple[list[Entry], str]:
    """The lines, and what went wrong in words (empty if nothing did)."""
    words = Words.of(typed)
    entries = list(pages(words, site.links))
    if not words.text:
        return entries, ""
    try:
        asked = {"words": words.model, "like": f"%{words.text}%", "monitored": words.pattern("monitoring")}
        answer = await site.gateway.ask(ask.FOUND, token, **asked)
        entries += things(words, answer, site.links)
        if _RUN_ID.fullmatch(words.text):
            run = await site.gateway.ask(ask.RUN, token, id=words.text)
            entries += [Entry(run.name or run.run_id, "run", site.links.run(run.run_id), "flask")] if run else []
    except LifecycleError as error:
        return ranked(entries, words), f"Only pages are searched right now: {error.message}"
    return ranked(entries, words), ""


def register(app: Dash, site: Site) -> None:
    @app.callback(
        Output("palette-results", "children"),
        Input("palette-words", "value"),
        Input("palette-words", "n_submit"),
        prevent_initial_call=True,  # the first lines are asked for when the page stands
    )
    async def find(typed: str | None, _: int | None) -> Component:
        return results(*await found(site, typed, visitor_token()))

    in_browser: Any = app.clientside_callback
    in_browser(
        ClientsideFunction("palette", "shown"),
        Output("palette-results", "className"),
        Input("palette-results", "children"),
        prevent_initial_call=True,
    )
