"""Where a thing that a note, a proof or an event points at has its page."""

from __future__ import annotations

import re
from datetime import datetime

from dashboard import formats
from dashboard.components.basics import clipped, link
from dashboard.links import Links
from dashboard.site import Component

_ID = re.compile(r"\b[0-9a-f]{32}\b")


def address(links: Links, kind: str, thing: str) -> str:
    """The thing's page; empty where there is none."""
    head, _, tail = thing.rpartition("/")
    match kind:
        case "run" | "logged_run":
            return links.run(thing)
        case "experiment":
            return links.runs(filter=f"attributes.experiment_id = '{thing}'") if thing.isalnum() else ""
        case "project":
            return links.project(thing)
        case "model":
            return links.model(thing)
        case "version" | "evaluation" | "card" if head:
            return links.version(head, tail)
        case "gate" | "gates" | "gate_verdict" if head:
            return links.version(head, tail)
        case "review" if head:
            return links.review(head, tail)
        case "dataset":
            name, at, digest = thing.rpartition("@")
            return links.dataset(name, digest) if at else links.dataset(thing)
        case "feature" if head:
            return links.dataset(head.rpartition("@")[0] or head)
        case "window" if head.count("/") >= 1:
            model, _, version = head.rpartition("/")
            return links.monitored(model, version)
        case "monitored_version" | "reference" if head:
            return links.monitored(head, tail)
        case "deployment" if head:
            model, _, version = thing.partition("/")[2].rpartition("/")
            return links.version(model, version) if model else ""
        case "alert":
            return links.alert(thing)
        case "insight":
            return links.insight(thing)
    return ""


def named(kind: str, thing: str) -> str:
    """`version flight-delay v3`, `run 5f2c…`: a thing in words."""
    head, _, tail = thing.rpartition("/")
    if kind in ("version", "review", "monitored_version") and head:
        return f"{kind.replace('_', ' ')} {clipped(head, 40)} v{clipped(tail, 12)}"
    if kind == "run":
        return f"run {thing[:8]}"
    if kind == "window" and head:
        return f"window of {_day(tail)}"
    if kind == "dataset" and "@" in thing:
        name, _, digest = thing.rpartition("@")
        return f"dataset {clipped(name, 40)} {digest[:8]}"
    return f"{kind.replace('_', ' ')} {clipped(short_ids(thing), 40)}"


def _day(moment: str) -> str:
    """Its start as people write it."""
    try:
        start = datetime.fromisoformat(moment)
    except ValueError:
        return clipped(moment, 40)
    whole = start.hour == start.minute == start.second == 0
    return f"{start.day} {start:%b %Y}" if whole else formats.absolute(start)


def short_ids(text: str) -> str:
    """Ids of 32 digits by their two ends: they tell them apart, and a line stays a line."""
    return _ID.sub(lambda found: f"{found[0][:4]}…{found[0][-4:]}", text)


def thing_link(links: Links, kind: str, thing: str) -> Component:
    """A link to the thing's page, or its words."""
    href = address(links, kind, thing)
    words = named(kind, thing)
    return link(words, href, title=clipped(thing, 200)) if href else words
