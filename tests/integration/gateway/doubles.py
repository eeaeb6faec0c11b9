"""Services that answer the contracts' requests over a real NATS server, from memory: what the gateway talks to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from services.contracts import drift
from services.contracts import monitor as m
from services.contracts import registry as r
from services.contracts.base import Envelope, Event, Request
from services.contracts.errors import NotFound
from services.contracts.identity import Action, FindToken, TokenView, require
from services.contracts.paging import Edge, Page, Paging
from services.gateway.subscriptions.cursors import Cursor
from services.runtime import cloudevents
from services.runtime.bus import Bus
from services.runtime.context import Context
from services.runtime.ids import new_id

NOON = datetime(2013, 7, 1, 12, tzinfo=UTC)

T = TypeVar("T")


def run(id_: str = "r1", **more: Any) -> r.RunView:
    """A finished run."""
    given: dict[str, Any] = {
        "id": id_,
        "experiment_id": "1",
        "experiment_name": "flights",
        "name": f"run {id_}",
        "status": "FINISHED",
        "lifecycle_stage": "active",
        "user": "anna",
        "start_time": NOON,
        "end_time": NOON + timedelta(seconds=90),
        "params": {"depth": "6"},
        "metrics": {"auc": 0.71},
        "tags": {"team": "ops"},
    }
    return r.RunView(**{**given, **more})


def version(model: str = "delays", number: str = "1", **more: Any) -> r.VersionView:
    """A version made by run `r1`."""
    given: dict[str, Any] = {
        "model_name": model,
        "version": number,
        "status": "READY",
        "stage": "None",
        "source": "runs:/r1/model",
        "user": "anna",
        "created_at": NOON,
        "updated_at": NOON,
        "run_id": "r1",
        "metrics": {"auc": 0.71},
    }
    return r.VersionView(**{**given, **more})


def model(name: str = "delays", **more: Any) -> r.ModelView:
    """A model whose latest version is 1, the champion."""
    given: dict[str, Any] = {
        "name": name,
        "created_at": NOON,
        "updated_at": NOON,
        "aliases": {"champion": "1"},
        "tags": {"team": "ops"},
        "version_count": 1,
        "latest": version(name),
    }
    return r.ModelView(**{**given, **more})


def window(number: int = 0, **more: Any) -> m.WindowView:
    """The hour `number` after noon."""
    start = NOON + timedelta(hours=number)
    given: dict[str, Any] = {
        "model_name": "delays",
        "version": "1",
        "start": start,
        "end": start + timedelta(hours=1),
        "closed": True,
        "rows": 100,
        "updated_at": NOON,
        "features": [m.FeatureDrift(feature="temp", kind="numeric", rows=100, psi=0.3, drifted=True)],
    }
    return m.WindowView(**{**given, **more})


def page_of(items: Sequence[T], key: Callable[[T], str], paging: Paging) -> Page[T]:
    """A keyset page over items in the order of their keys."""
    rest = [item for item in items if paging.after is None or key(item) > paging.after]
    rest = [item for item in rest if paging.before is None or key(item) < paging.before]
    chosen = rest[-paging.last :] if paging.last else rest[: paging.first]
    keys = [key(item) for item in items]
    return Page(
        edges=[Edge(cursor=key(item), node=item) for item in chosen],
        has_next=bool(chosen) and key(chosen[-1]) < keys[-1],
        has_previous=bool(chosen) and key(chosen[0]) > keys[0],
        total=len(items) if paging.with_total else None,
    )


@dataclass
class _Double:
    """`asked` counts the requests by class name, `contexts` holds who asked, in order."""

    asked: Counter[str] = field(default_factory=Counter)
    requests: list[Request[Any]] = field(default_factory=list)
    contexts: list[Context] = field(default_factory=list)
    failure: Exception | None = None

    def noted(self, answer: Callable[[Any], Any]) -> Callable[[Any, Context], Any]:
        async def handler(request: Request[Any], context: Context) -> Any:
            self.asked[type(request).__name__] += 1
            self.requests.append(request)
            self.contexts.append(context)
            if self.failure is not None:
                raise self.failure
            return answer(request)

        return handler


@dataclass
class RegistryDouble(_Double):
    """A registry with whatever a test puts into it."""

    models: dict[str, r.ModelView] = field(default_factory=lambda: {"delays": model()})
    versions: dict[tuple[str, str], r.VersionView] = field(default_factory=lambda: {("delays", "1"): version()})
    runs: dict[str, r.RunView] = field(default_factory=lambda: {"r1": run()})
    experiments: dict[str, r.ExperimentView] = field(default_factory=dict)
    events: list[r.EventView] = field(default_factory=list)
    tokens: dict[str, TokenView] = field(default_factory=dict)

    async def serve(self, bus: Bus) -> None:
        """Answers until `bus` is closed."""
        answers: dict[type[Request[Any]], Callable[[Any], Any]] = {
            r.GetModels: lambda q: [self.models.get(name) for name in q.names],
            r.ListModels: lambda q: page_of(sorted(self.models.values(), key=_name), _name, q.paging),
            r.GetVersions: lambda q: [self._version(key) for key in q.keys],
            r.ListVersions: lambda q: page_of(
                [v for v in self.versions.values() if q.model_name in (None, v.model_name)], _number, q.paging
            ),
            r.GetRuns: lambda q: [self.runs.get(id_) for id_ in q.ids],
            r.ListRuns: lambda q: page_of(sorted(self.runs.values(), key=_id), _id, q.paging),
            r.GetExperiment: self._experiment,
            r.ListExperiments: lambda q: page_of(sorted(self.experiments.values(), key=_id), _id, q.paging),
            r.ListEvents: lambda q: page_of(self.events, _id, q.paging),
            r.GetMetricHistory: lambda q: [r.MetricPoint(value=0.5, step=2**40, time=NOON)],
            FindToken: lambda q: self.tokens.get(q.digest),
        }
        handlers = {request: self.noted(answer) for request, answer in answers.items()}
        handlers[r.SetAlias] = self._guarded(Action.MANAGE_MODELS, self._set_alias)
        await bus.serve("registry", "1.0.0", handlers)

    def _guarded(self, action: Action, answer: Callable[[Any], Any]) -> Callable[[Any, Context], Any]:
        noted = self.noted(answer)

        async def handler(request: Any, context: Context) -> Any:
            require(context.principal, action)
            return await noted(request, context)

        return handler

    def _version(self, key: r.VersionKey) -> r.VersionView | None:
        number = key.version
        if number.startswith("@"):
            number = self.models[key.model_name].aliases.get(number[1:], "")
        return self.versions.get((key.model_name, number))

    def _experiment(self, request: r.GetExperiment) -> r.ExperimentView:
        if request.id not in self.experiments:
            raise NotFound(f"there is no experiment {request.id}")
        return self.experiments[request.id]

    def _set_alias(self, request: r.SetAlias) -> r.VersionView:
        found = self.versions.get((request.model_name, request.version))
        if found is None:
            raise NotFound(f"there is no version {request.version}", field="version", fix="Register it first.")
        self.versions[request.model_name, request.version] = msgspec.structs.replace(found, aliases=[request.alias])
        return self.versions[request.model_name, request.version]


@dataclass
class MonitorDouble(_Double):
    """A monitor with whatever a test puts into it."""

    monitored: list[m.MonitoredView] = field(
        default_factory=lambda: [
            m.MonitoredView(
                model_name="delays",
                version="1",
                reference="January to March",
                reference_rows=80_000,
                reference_set_at=NOON,
                features=["temp", "carrier"],
                window_seconds=3600,
                task="classification",
                rows=2**33,
            )
        ]
    )
    windows: list[m.WindowView] = field(default_factory=lambda: [window(0), window(1)])

    async def serve(self, bus: Bus) -> None:
        """Answers until `bus` is closed."""
        answers: dict[type[Request[Any]], Callable[[Any], Any]] = {
            m.ListMonitored: lambda q: [v for v in self.monitored if q.model_name in (None, v.model_name)],
            m.ListWindows: lambda q: self.windows[-(q.last or 1000) :],
            drift.GetDistribution: lambda q: drift.Distribution(
                feature=q.feature,
                kind="numeric",
                labels=["low", "high"],
                edges=[0.0, 1.0, 2.0],
                reference=[0.5, 0.5],
                current=[0.2, 0.8],
            ),
        }
        await bus.serve("monitor", "1.0.0", {request: self.noted(answer) for request, answer in answers.items()})


async def emit(bus: Bus, event: Event, number: int = 1, actor: str = "anna") -> str:
    """Stores an event in the stream as a relay does; returns the cursor behind it."""
    envelope = Envelope(
        id=new_id(),
        type=event.type(),
        service=event.service,
        aggregate=event.aggregate,
        aggregate_id=event.aggregate_id(),
        version=number,
        time=NOON,
        actor=actor,
        correlation_id="c1",
        data=msgspec.json.encode(event),
    )
    headers = cloudevents.to_headers(envelope)
    sequence = await bus.publish(envelope.subject(), envelope.data, message_id=envelope.id, headers=headers)
    return str(Cursor(sequence, envelope.id))


def _name(view: r.ModelView) -> str:
    return view.name


def _id(view: Any) -> str:
    return str(view.id)


def _number(view: r.VersionView) -> str:
    return view.version
