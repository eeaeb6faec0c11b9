"""The double itself: GraphQL over HTTP and graphql-transport-ws on a fixed port, stopped and started by tests."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from graphql import build_schema, graphql_sync, parse, validate
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from deploy.local.ports import choose
from tests.e2e.double import files, recorded
from tests.e2e.double.answers import Lifecycle
from tests.e2e.double.kept import SEGMENTS
from tests.e2e.double.narrowing import Refused, groups_of, holds, resting, text, value
from tests.e2e.double.recorded import Record
from tests.support.garbage import collect_quietly
from tests.support.waiting import wait_until

SCHEMA = Path(__file__).parents[3] / "services" / "gateway" / "schema.graphql"


class GatewayDouble:
    """Facts live here, so that they survive a `stop` and `start`; a test changes them through the methods."""

    def __init__(self, *, token: str = "") -> None:
        self.port = choose(["gateway"])["gateway"]
        self.token = token
        self.now = datetime.now(UTC)
        self.runs = [recorded.run(number, self.now) for number in range(240)]
        self.models = [
            recorded.model(recorded.MODEL, 4, "Will a flight arrive more than 15 minutes late?", self.now, self.runs),
            recorded.model("taxi-out-minutes", 2, "Minutes between gate and take-off.", self.now, self.runs),
            recorded.model("turnaround", 1, "", self.now, self.runs),
        ]
        self.windows: list[Record] = [recorded.window(day) for day in range(180)]
        self.events: list[Record] = []
        self.monitored = [self._monitored()]
        self.lifecycle = Lifecycle(self.now, self.runs)
        self.files = files.stored()
        self.compared: list[str] = []  # what drift was asked to be compared with
        self.windowed: list[Record] = []  # how windows were asked for
        self.unready: dict[str, str] = {}
        self.delay = 0.0
        self.away: frozenset[str] = frozenset()  # root fields whose service doesn't answer
        self._sequence = 0
        self._kept: dict[str, bytes] = {}
        self._schema = build_schema(SCHEMA.read_text())
        # graphql-core's own resolver has a parameter of the same name as this field's argument.
        self._schema.query_type.fields["datasets"].resolve = lambda root, info, **given: root["datasets"](info, **given)  # type: ignore[union-attr]
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queues: set[asyncio.Queue[tuple[str, Record]]] = set()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._beginnings()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # ------------------------------------------------------------ what a test does

    def emit(self, kind: str, subject: str, summary: str, actor: str = "anna") -> Record:
        """A new event, for the log and whoever subscribes."""
        event = recorded.event(len(self.events) + 1, kind, subject, summary, datetime.now(UTC), actor)
        self.events.append(event)
        self._tell("event", event)
        return event

    def move(self, day: int, *, closed: bool = False, rows: int | None = None, auc: float | None = None) -> Record:
        """A window of the monitored version gets its newest state."""
        window = recorded.window(day, closed=closed, rows=rows, auc=auc)
        known = {one["start"]: i for i, one in enumerate(self.windows)}
        if window["start"] in known:
            self.windows[known[window["start"]]] = window
        else:
            self.windows.append(window)
        self._sequence += 1
        self.monitored[0]["lastPredictionAt"] = recorded.iso(datetime.now(UTC))
        moved = {
            "model": recorded.MODEL,
            "version": recorded.VERSION,
            "boot": "double",
            "sequence": self._sequence,
            "window": window,
        }
        self._tell("window", moved)
        return window

    def log(self, number: int, metric: str, value: float) -> None:
        """A run that trains gets a newer figure."""
        run = self.runs[number]
        run["metrics"] = [one for one in run["metrics"] if one["key"] != metric] + recorded.metrics({metric: value})
        self._tell("training", {"runId": run["runId"], "time": recorded.iso(datetime.now(UTC))})

    def clear(self) -> None:
        """As on the first day: nothing anywhere."""
        self.runs, self.models, self.windows, self.events, self.monitored = [], [], [], [], []
        self.lifecycle.clear()

    def start(self) -> None:
        config = uvicorn.Config(
            self._app(), host="127.0.0.1", port=self.port, log_config=None, lifespan="off", ws="websockets-sansio"
        )
        server = self._server = uvicorn.Server(config)

        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            await server.serve()

        self._thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        self._thread.start()
        wait_until(lambda: server.started, what="the double listens")

    def stop(self) -> None:
        """Like a kill: connections break off."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(timeout=10)
        self._queues.clear()
        self._server = self._thread = None
        collect_quietly()

    # ------------------------------------------------------------ what it is made of

    def _monitored(self) -> Record:
        rows = sum(window["rows"] for window in self.windows)
        return {
            "model": recorded.MODEL,
            "version": recorded.VERSION,
            "reference": "flights January–March 2013",
            "referenceRows": 80_789,
            "referenceSetAt": recorded.iso(self.now - timedelta(hours=3)),
            "features": list(recorded.FEATURES),
            "windowSeconds": 86_400,
            "task": "binary_classification",
            "rows": rows,
            "labelled": int(rows * 0.972),
            "lastPredictionAt": recorded.iso(self.now),
            "segments": list(SEGMENTS),
            "references": ["flights January–March 2013", "flights of 2012"],
        }

    def _beginnings(self) -> None:
        for number in range(30, 0, -1):
            run = self.runs[number]
            time = datetime.fromisoformat(run["startTime"])
            kind, word = ("registry.run.ended", f"ended run {run['name']}: {run['status']}")
            if number % 6 == 0:
                kind, word = "registry.model_version.registered", f"registered {recorded.MODEL} version {number // 6}"
            subject = run["runId"] if "run." in kind else f"{recorded.MODEL}/{number // 6}"
            event = recorded.event(len(self.events) + 1, kind, subject, word, time, run["user"])
            self.events.append(event)
        last = recorded.event(
            len(self.events) + 1,
            "registry.registered_model.alias_set",
            recorded.MODEL,
            f"pointed champion of {recorded.MODEL} at version 3",
            self.now - timedelta(minutes=2),
            "bela",
        )
        self.events.append(last)

    def _tell(self, kind: str, what: Record) -> None:
        loop = self._loop
        if loop is None or self._server is None:
            return
        for queue in list(self._queues):
            loop.call_soon_threadsafe(queue.put_nowait, (kind, what))

    def _app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/graphql", self._http, methods=["POST"]),
                WebSocketRoute("/graphql", self._socket),
                Route("/readyz", self._ready),
            ]
        )

    async def _ready(self, _: Request) -> Response:
        return JSONResponse({"status": "unready", "reasons": self.unready}, 503 if self.unready else 200)

    async def _http(self, request: Request) -> Response:
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return JSONResponse({"error": {"code": "UNAUTHENTICATED", "message": "no"}}, 401)
        body = await request.json()
        # Windows are the heaviest answer; kept, so that this slow executor doesn't stand in what is measured.
        key = (
            json.dumps([body, self._sequence, len(self.windows)])
            if "windows(" in body["query"] and not self.away
            else ""
        )
        kept = self._kept.get(key)
        answer = kept if kept is not None else await asyncio.to_thread(self._execute, body)
        if key:
            self._kept[key] = answer
        if self.delay:  # on its way, it doesn't know of what happens now
            await asyncio.sleep(self.delay)
        return Response(answer, media_type="application/json")

    def _execute(self, body: Record) -> bytes:
        root = {**self._root(), **dict.fromkeys(self.away, resting)}
        result = graphql_sync(self._schema, body["query"], root_value=root, variable_values=body.get("variables"))
        return json.dumps(result.formatted).encode()

    async def _socket(self, socket: WebSocket) -> None:
        if self.token and socket.headers.get("authorization") != f"Bearer {self.token}":
            await socket.accept("graphql-transport-ws")
            await socket.close(4401)
            return
        await socket.accept("graphql-transport-ws")
        try:
            assert (await socket.receive_json())["type"] == "connection_init"
            await socket.send_json({"type": "connection_ack"})
            start = await socket.receive_json()
            document = parse(start["payload"]["query"])
            assert not validate(self._schema, document)
            field = document.definitions[0].selection_set.selections[0].name.value  # type: ignore[attr-defined]
            await self._stream(socket, start["id"], field, start["payload"].get("variables") or {})
        except (WebSocketDisconnect, RuntimeError, asyncio.CancelledError):
            pass

    async def _stream(self, socket: WebSocket, number: str, field: str, variables: Record) -> None:
        queue: asyncio.Queue[tuple[str, Record]] = asyncio.Queue()
        after = variables.get("after")
        if field == "events" and after:
            for event in self.events[int(after) :]:
                queue.put_nowait(("event", event))
        self._queues.add(queue)
        wanted = {"events": "event", "windowMoved": "window", "runMetrics": "training"}[field]
        try:
            while True:
                kind, what = await queue.get()
                if kind != wanted:
                    continue
                data = (
                    {"events": {"cursor": str(what.get("version")), "event": what}}
                    if kind == "event"
                    else {field: what}
                )
                await socket.send_text(json.dumps({"id": number, "type": "next", "payload": {"data": data}}))
        finally:
            self._queues.discard(queue)

    def _root(self) -> Record:
        def connection(items: list[Record], first: int | None, after: str | None) -> Record:
            begin = int(after) if after else 0
            part = items[begin : begin + (first or 50)]
            end = begin + len(part)
            return {
                "edges": [{"cursor": str(begin + i + 1), "node": node} for i, node in enumerate(part)],
                "nodes": part,
                "pageInfo": {"hasNextPage": end < len(items), "hasPreviousPage": begin > 0, "endCursor": str(end)},
                "totalCount": len(items),
            }

        def models(
            _: Any,
            first: int | None = None,
            after: str | None = None,
            nameContains: str | None = None,  # noqa: N803
            **__: Any,
        ) -> Record:
            chosen = [model for model in self.models if (nameContains or "").lower() in model["name"].lower()]
            return connection([self._with_versions(model, connection) for model in chosen], first, after)

        def model(_: Any, name: str, **__: Any) -> Record | None:
            found = next((model for model in self.models if model["name"] == name), None)
            return found and self._with_versions(found, connection)

        def runs(
            _: Any,
            first: int | None = None,
            after: str | None = None,
            filter: str = "",  # noqa: A002  # the schema's name
            where: Record | None = None,
            orderBy: list[str] | None = None,  # noqa: N803
            **__: Any,
        ) -> Record:
            if filter and "metrics" not in filter and "user" not in filter:
                raise Refused("the filter isn't understood: expected an attribute, a metric, a parameter or a tag")
            chosen = [run for run in self.runs if not filter or run["user"] in filter or "metrics" in filter]
            if where:
                chosen = [run for run in chosen if recorded.holds(run, where)]
            for clause in reversed(orderBy or []):
                column, _, way = clause.rpartition(" ")
                chosen = sorted(chosen, key=lambda run: value(run, column), reverse=way == "DESC")
            return connection(chosen, first, after)

        def events(
            _: Any,
            first: int | None = None,
            after: str | None = None,
            types: list[str] | None = None,
            aggregate: str | None = None,
            aggregateId: str | None = None,  # noqa: N803
            where: Record | None = None,
            **__: Any,
        ) -> Record:
            chosen = [
                event
                for event in reversed(self.events)
                if (not types or event["type"] in types)
                and (not aggregate or event["aggregate"] == aggregate)
                and (not aggregateId or event["aggregateId"] == aggregateId)
                and holds(event, where or {})
            ]
            return connection(chosen, first, after)

        def monitored(
            _: Any,
            first: int | None = None,
            after: str | None = None,
            model: str | None = None,
            where: Record | None = None,
            **__: Any,
        ) -> Record:
            version = ((where or {}).get("version") or {}).get("eq")
            words = (((where or {}).get("model") or {}).get("ilike") or "").strip("%").lower()
            chosen = [
                one
                for one in self.monitored
                if model in (None, one["model"]) and version in (None, one["version"]) and words in one["model"].lower()
            ]
            return connection(chosen, first, after)

        def windows(
            _: Any,
            model: str,
            version: str,
            start: Any = None,
            end: Any = None,
            last: int | None = None,
            resolutionSeconds: int | None = None,  # noqa: N803
            features: list[str] | None = None,
            **given: Any,
        ) -> list[Record]:
            self.compared += [given["against"]] if given.get("against") else []
            most = given.get("most")
            self.windowed.append({"last": last, "seconds": resolutionSeconds, "features": features, "most": most})
            chosen = [
                window
                for window in self.windows
                if (not start or window["end"] > text(start)) and (not end or window["start"] < text(end))
            ]
            days = max((resolutionSeconds or 0) // 86_400, -(-len(chosen) // most) if most else 1)
            if days > 1:  # each group stands for itself by its first window: enough to look at
                wide = timedelta(days=days)
                chosen = [
                    {**one, "end": recorded.iso(datetime.fromisoformat(one["start"]) + wide)} for one in chosen[::days]
                ]
            chosen = chosen[-last:] if last else chosen
            if features is None:
                return chosen
            return [{**one, "features": [f for f in one["features"] if f["feature"] in features]} for one in chosen]

        def model_version(_: Any, model: str, version: str, **__: Any) -> Record | None:
            found = next((one for one in self.models if one["name"] == model), None)
            wanted = version.removeprefix("@")
            fits = (one for one in (found or {}).get("_versions", []) if wanted in (one["version"], *one["aliases"]))
            return with_files(next(fits, None))

        def with_files(owner: Record | None) -> Record | None:
            return owner and {**owner, **files.resolvers(connection, self.files)}

        return {
            **self.lifecycle.root(connection),
            **self.lifecycle.mutations(self._schema),
            "modelVersion": model_version,
            "viewer": {"user": "anna", "role": "admin", "authenticated": bool(self.token)},
            "models": models,
            "model": model,
            "runs": runs,
            "runGroups": groups_of(self.runs, connection),
            "run": lambda _, **given: with_files(next((run for run in self.runs if run["runId"] == given["id"]), None)),
            "events": events,
            "monitoredVersions": monitored,
            "windows": windows,
            "distribution": lambda _, feature, **__: recorded.distribution(feature),
        }

    @staticmethod
    def _with_versions(model: Record, connection: Any) -> Record:
        def versions(_: Any, first: int | None = None, after: str | None = None, **__: Any) -> Record:
            found: Record = connection(model["_versions"], first, after)
            return found

        return {**model, "versions": versions}
