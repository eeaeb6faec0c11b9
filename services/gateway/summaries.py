"""One sentence about an event, for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from services.contracts import identity, monitor, registry
from services.contracts.base import Event
from services.contracts.catalogue import EVENTS

E = TypeVar("E", bound=Event)

_MOST_NAMED = 3


def _some(names: list[str]) -> str:
    named = ", ".join(names[:_MOST_NAMED])
    rest = len(names) - _MOST_NAMED
    return f"{named} and {rest} more" if rest > 0 else named


def _percent(value: float | None, name: str) -> str:
    return "" if value is None else f", {name} {value:.3f}"


def _data_logged(event: registry.RunDataLogged) -> str:
    parts = [f"{name} {value:.4g}" for name, value in sorted(event.metrics.items())]
    if event.params:
        parts.append(f"{len(event.params)} parameter{'s' * (len(event.params) != 1)}")
    if event.tags and not parts:
        parts.append(f"tags {_some(sorted(event.tags))}")
    return f"logged {_some(parts) or 'data'} in run {event.run_id[:8]}"


def _alias_set(event: registry.AliasSet) -> str:
    before = f" (before: version {event.former_version})" if event.former_version else ""
    return f"pointed {event.alias} of {event.model_name} at version {event.version}{before}"


def _window_closed(event: monitor.WindowClosed) -> str:
    figures = event.figures
    drifted = f", drifted: {_some(figures.drifted)}" if figures.drifted else ""
    return (
        f"closed the window of {event.start:%Y-%m-%d %H:%M} of {event.model_name} version {event.version}: "
        f"{figures.rows} rows{_percent(figures.roc_auc, 'ROC-AUC')}{drifted}"
    )


_SENTENCES: dict[type[Event], Callable[[Any], str]] = {}


def _tells(event_type: type[E], sentence: Callable[[E], str]) -> None:
    _SENTENCES[event_type] = sentence


_tells(registry.ExperimentCreated, lambda e: f"created the experiment {e.experiment_name}")
_tells(registry.ExperimentUpdated, lambda e: f"changed {_some(e.changed)} of the experiment {e.experiment_name}")
_tells(registry.RunStarted, lambda e: f"started the run {e.run_name}")
_tells(registry.RunDataLogged, _data_logged)
_tells(
    registry.RunInputsLogged, lambda e: f"used {_some([d.name for d in e.datasets]) or 'inputs'} in run {e.run_id[:8]}"
)
_tells(registry.RunOutputsLogged, lambda e: f"logged {len(e.model_ids)} model(s) in run {e.run_id[:8]}")
_tells(registry.RunUpdated, lambda e: f"changed {_some(e.changed)} of the run {e.run_name}")
_tells(registry.RunEnded, lambda e: f"ended the run {e.run_name}: {e.status.lower()}")
_tells(registry.LoggedModelCreated, lambda e: f"logged the model {e.model_name}")
_tells(registry.LoggedModelUpdated, lambda e: f"changed {_some(e.changed)} of the logged model {e.model_id[:8]}")
_tells(registry.ArtifactStored, lambda e: f"stored {e.path} ({e.size} bytes)")
_tells(registry.ArtifactRemoved, lambda e: f"removed {e.path}")
_tells(registry.ModelRegistered, lambda e: f"registered the model {e.model_name}")
_tells(registry.ModelUpdated, lambda e: f"changed {_some(e.changed)} of the model {e.model_name}")
_tells(registry.AliasSet, _alias_set)
_tells(registry.AliasRemoved, lambda e: f"removed {e.alias} of {e.model_name} from version {e.version}")
_tells(registry.VersionRegistered, lambda e: f"registered {e.model_name} version {e.version}")
_tells(registry.VersionUpdated, lambda e: f"changed {_some(e.changed)} of {e.model_name} version {e.version}")
_tells(
    monitor.ReferenceSet,
    lambda e: f"set {e.reference} ({e.rows} rows) as the reference of {e.model_name} version {e.version}",
)
_tells(monitor.WindowClosed, _window_closed)
_tells(identity.TokenCreated, lambda e: f"created a token for {e.user} as {e.role.value}")
_tells(identity.TokenRevoked, lambda e: f"revoked a token of {e.user}")


def summary(type_: str, aggregate_id: str, data: str | bytes) -> str:
    """What the event of CloudEvents type `type_` says; of a type that isn't known here, the type in words."""
    event_type = EVENTS.get(type_)
    sentence = _SENTENCES.get(event_type) if event_type else None
    if event_type is not None and sentence is not None:
        try:
            return sentence(msgspec.json.decode(data, type=event_type))
        except msgspec.MsgspecError:
            pass  # from a newer release: the plain rendering below says what can be said
    words = type_.split(".")
    return " ".join([*words[1:-1], aggregate_id]).replace("_", " ")
