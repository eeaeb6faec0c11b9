"""What waits for one person: reviews, mentions, failed gates of what they made; plain rules over answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard import formats
from dashboard.gateway.production_views import GateRow
from dashboard.gateway.project_views import Review
from dashboard.gateway.views import EventView

MENTIONING = ("registry.insight.written", "registry.insight.commented")


@dataclass(frozen=True, slots=True)
class Errand:
    """One thing to do. `kind`: `review`, `mention` or `gates`; `thing` and what follows name the page about it."""

    kind: str
    title: str
    detail: str
    at: datetime
    thing: str = ""
    model: str = ""
    version: str = ""


def of_reviews(reviews: Sequence[Review]) -> list[Errand]:
    """Those that the registry says wait for the person; where they were asked by name first."""
    return [
        Errand(
            "review",
            f"Review {one.model} v{one.version}",
            f"{one.requested_by} asked you" if one.reviewers else f"{one.requested_by} asked whoever may review",
            one.requested_at,
            model=one.model,
            version=one.version,
        )
        for one in sorted(reviews, key=lambda one: not one.reviewers)
    ]


def of_events(events: Sequence[EventView], who: str) -> list[Errand]:
    """Insights and comments that name the person, but not their own; the newest of each insight."""
    found: dict[str, Errand] = {}
    for event in events:
        data = event.data if isinstance(event.data, dict) else {}
        named = data.get("mentions")
        if event.actor == who or not isinstance(named, list) or who not in named:
            continue
        said = str(data.get("text") or data.get("excerpt") or "")
        errand = Errand("mention", f"{event.actor} mentions you", said, event.time, thing=event.aggregate_id)
        found.setdefault(event.aggregate_id, errand)
    return list(found.values())


def of_gates(results: Sequence[GateRow], who: str) -> list[Errand]:
    """Versions of the person whose newest result didn't pass and still counts."""
    newest: dict[tuple[str, str], GateRow] = {}
    for one in results:
        newest.setdefault((one.model, one.version), one)
    found = []
    for one in newest.values():
        failed = one.failed
        if one.author != who or one.passed or not one.current:
            continue
        names = ", ".join(failed[:3]) or "some can't be judged yet"
        title = f"{formats.plural(len(failed), 'gate')} of {one.model} v{one.version} failed"
        found.append(Errand("gates", title, names, one.at, model=one.model, version=one.version))
    return found
