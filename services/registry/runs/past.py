"""What a run was at a moment: what it is now, without what its later events brought.

Metrics come from the points that were stored by then. Parameters and data are only ever added, so those that later
events name first were not there yet. Of tags, name and status the last that was said by then holds. Events are cut to
their size limit: where one that matters may have been, nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from services.contracts.base import Event
from services.contracts.errors import NotAllowedNow
from services.contracts.registry import RunDataLogged, RunEnded, RunInputsLogged, RunStarted, RunUpdated
from services.registry.brevity import PART_BYTES, TEXT
from services.registry.runs import rules
from services.registry.runs.metrics import Metric
from services.registry.runs.rules import Run
from services.registry.values import ACTIVE, mapping, pairs

_LARGEST_ENTRY = 6 * 2 * TEXT + 6
"""Bytes of the largest entry of a collection in an event: with that much room left, none was left out."""


class Told(msgspec.Struct, frozen=True):
    """A run's events by a moment, and after it, each in order."""

    by_then: Sequence[Event]
    since: Sequence[Event]


def as_then(now: Run, told: Told, metrics: Sequence[Metric]) -> Run | None:
    """The run as it was; None if it hadn't started. `metrics`: of the points stored by then.

    Raises NotAllowedNow if what changed since can't be told from its events.
    """
    if not told.by_then:
        return None
    if not told.since:
        return now
    tags = _tags(now, told)
    return msgspec.structs.replace(
        now,
        name=tags.get(rules.NAME_TAG, now.name),
        status=_last(told.by_then, "status", rules.RUNNING),
        end_time=_end(now, told),
        lifecycle_stage=_last(told.by_then, "lifecycle_stage", ACTIVE),
        metrics=list(metrics),
        params=[param for param in now.params if param.k in _params(now, told)],
        tags=pairs(tags),
        inputs=_inputs(now, told),
    )


def _last(events: Iterable[Event], field: str, otherwise: str) -> str:
    said = [getattr(event, field, None) for event in events if isinstance(event, RunUpdated | RunEnded)]
    return next((value for value in reversed(said) if value is not None), otherwise)


def _end(now: Run, told: Told) -> int | None:
    if not any(_moves_end(event) for event in told.since):
        return now.end_time
    moved = [event for event in told.by_then if _moves_end(event)]
    if not moved:
        return None
    if not isinstance(moved[-1], RunEnded):
        raise _unknown(now, "its end")
    return int(moved[-1].end_time.timestamp() * 1000)


def _moves_end(event: Event) -> bool:
    return isinstance(event, RunEnded) or (isinstance(event, RunUpdated) and "end_time" in event.changed)


def _params(now: Run, told: Told) -> set[str]:
    """The keys that were there."""
    logged = [[event.params for event in events if isinstance(event, RunDataLogged)]
              for events in (told.by_then, told.since)]  # fmt: skip
    then, since = ({key for params in each for key in params} for each in logged)
    if any(param.k not in then | since for param in now.params):
        raise _unknown(now, "its parameters")
    return then


def _inputs(now: Run, told: Told) -> list[rules.RunInput]:
    """The data that was there."""
    refs = [[ref for event in events if isinstance(event, RunInputsLogged) for ref in event.datasets]
            for events in (told.by_then, told.since)]  # fmt: skip
    then, since = ({(ref.name, ref.digest) for ref in each} for each in refs)
    named = {(entry.name[:TEXT], entry.digest): entry for entry in now.inputs}
    if any(key not in then | since for key in named):
        raise _unknown(now, "its data")
    return [entry for key, entry in named.items() if key in then]


def _tags(now: Run, told: Told) -> dict[str, str]:
    later = {key for event in told.since for key in _told_tags(now, event)}
    tags = {key: value for key, value in mapping(now.tags).items() if key not in later}
    for key in later:
        value = _tag(now, told.by_then, key)
        if value is not None:
            tags[key] = value
    return tags


def _tag(now: Run, events: Sequence[Event], key: str) -> str | None:
    """What the tag was by the last of `events` that names it; None if it wasn't there."""
    for event in reversed(events):
        said = _told_tags(now, event)
        if key in said:
            value = said[key]
            if value is not None and len(value) >= TEXT:
                raise _unknown(now, f"its tag {key!r}")
            return value
    return None


def _told_tags(now: Run, event: Event) -> Mapping[str, str | None]:
    """The tags that an event names: None for one that it removes. The run's name is one of them."""
    if isinstance(event, RunDataLogged):
        _check_whole(now, event.tags)
        return {**event.tags, **dict.fromkeys(event.removed_tags)}
    if isinstance(event, RunUpdated):
        return {rules.NAME_TAG: event.run_name} if "name" in event.changed else {}
    if isinstance(event, RunEnded):
        return {rules.NAME_TAG: event.run_name}
    if isinstance(event, RunStarted):
        if event.tags is None:
            raise _unknown(now, "its tags")
        _check_whole(now, event.tags)
        return event.tags
    return {}


def _check_whole(now: Run, tags: Mapping[str, str]) -> None:
    if sum(6 * (len(key) + len(value)) + 6 for key, value in tags.items()) > PART_BYTES - _LARGEST_ENTRY:
        raise _unknown(now, "its tags")


def _unknown(run: Run, what: str) -> NotAllowedNow:
    return NotAllowedNow(
        f"the run {run.id} has changed since, and what {what} were then can't be told from its events",
        code="NOT_KNOWN_THEN",
        field="as_of",
        fix="Ask for the run as it is now, or read what happened to it in `events`.",
    )
