"""Every event by its CloudEvents type; a duplicate or an unnamed event fails at import."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from services.contracts import (
    alert_rules,
    alert_webhooks,
    alerts,
    audit,
    cards,
    datasets,
    deployments,
    drift,
    duplicates,
    evaluations,
    gates,
    identity,
    insights,
    lineage,
    monitor,
    profiles,
    projects,
    references,
    registry,
    reproduction,
    retraining,
    reviews,
    saved_views,
    silences,
    webhooks,
)
from services.contracts.base import Event, LiveUpdate, Request

_OWNERS = (
    registry,
    retraining,
    monitor,
    references,
    drift,
    alerts,
    alert_rules,
    silences,
    alert_webhooks,
    identity,
    projects,
    duplicates,
    insights,
    saved_views,
    audit,
    reviews,
    webhooks,
    evaluations,
    gates,
    deployments,
    datasets,
    profiles,
    lineage,
    reproduction,
    cards,
)


def _classes(base: type) -> Iterator[type]:
    for owner in _OWNERS:
        for value in vars(owner).values():
            if isinstance(value, type) and issubclass(value, base) and _is_of(owner, value):
                yield value


def _is_of(owner: ModuleType, value: type) -> bool:
    """Whether `owner`, a module or a package, defines it, and doesn't only import it."""
    return value.__module__ == owner.__name__ or value.__module__.startswith(f"{owner.__name__}.")


def _by_type() -> dict[str, type[Event]]:
    events: dict[str, type[Event]] = {}
    for event in _classes(Event):
        assert issubclass(event, Event)
        if event.type() in events:
            raise TypeError(f"two events are called {event.type()}")
        missing = [field for field in event.key if field not in event.__struct_fields__]
        if missing:
            raise TypeError(f"{event.__name__}.key names fields it doesn't have: {missing}")
        events[event.type()] = event
    return events


EVENTS: dict[str, type[Event]] = _by_type()
REQUESTS: tuple[type[Request[object]], ...] = tuple(c for c in _classes(Request) if c is not Request)
LIVE_UPDATES: tuple[type[LiveUpdate], ...] = tuple(c for c in _classes(LiveUpdate) if c is not LiveUpdate)
