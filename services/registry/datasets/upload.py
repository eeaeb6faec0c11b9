"""Takes in a whole file over HTTP: to disk as it comes, then profiled there, in memory that doesn't grow with it."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
import time
from pathlib import Path

import msgspec
from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from services.contracts.datasets import DatasetUploadMoved, DatasetVersionView, RegisterDataset
from services.contracts.errors import Invalid, LifecycleError, TooLarge
from services.contracts.identity import Action, require
from services.contracts.profiles import COLUMNS_PER_MESSAGE, Profile, RecordProfile, RecordRowDigests
from services.profiling.reading import FORMATS, Format, Profiled, digest_of, format_of, profiled
from services.profiling.sketches import Smallest
from services.registry.datasets.profiles import Profiles
from services.registry.datasets.version import check_name, parse_id
from services.registry.datasets.versions import DatasetVersions
from services.runtime.bus import Bus
from services.runtime.context import Context
from services.runtime.http import as_lifecycle_error, context_of, error_response
from services.runtime.ids import new_id

ADDRESS = "/lifecycle/datasets/"
TELL_SECONDS = 0.25
"""Between two live updates of one upload."""
SPARE = 256 * 1024 * 1024
"""Bytes of disk that an upload leaves free."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the address of an upload says besides the name."""

    format: str = ""
    filename: str = ""
    keys: list[str] = []
    target: str | None = None
    parents: list[str] = []
    sources: list[str] = []
    description: str = ""
    location: str = ""


class Uploads:
    """One file is profiled at a time: that takes a core."""

    def __init__(self, bus: Bus, versions: DatasetVersions, profiles: Profiles) -> None:
        self._bus = bus
        self._versions = versions
        self._profiles = profiles
        self._turn = asyncio.Semaphore(1)

    def mount(self, app: FastAPI) -> None:
        """Adds the address. Bodies of any size are let through to it."""
        app.add_api_route(ADDRESS + "{name:path}", self.answer, methods=["POST", "PUT"], include_in_schema=False)

    async def answer(self, request: Request) -> Response:
        try:
            view = await self.receive(request)
        except Exception as error:  # noqa: BLE001  # the HTTP boundary: bugs are logged and show no detail
            return error_response(as_lifecycle_error(error))
        return Response(msgspec.json.encode(view), media_type="application/json")

    async def receive(self, request: Request) -> DatasetVersionView:
        """Raises Invalid for a body that is no table, TooLarge if the disk can't hold it."""
        context = context_of(request)
        require(context.principal, Action.RECORD_RUNS)
        name = request.path_params["name"]
        check_name("dataset", name)
        wish = wish_of(request)
        stated = request.headers.get("content-length", "")
        size = int(stated) if stated.isdigit() else None
        told = _Told(self._bus, request.headers.get("x-request-id") or new_id(), name, size)
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="lifecycle-upload-"))
        try:
            return await self._take(request, context, name, wish, folder, told)
        except LifecycleError as error:
            await told.say("failed", problem=error.message)
            raise
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))

    async def _take(
        self, request: Request, context: Context, name: str, wish: Wish, folder: Path, told: _Told
    ) -> DatasetVersionView:
        path = folder / (Path(wish.filename or name).name[-100:] or "upload")
        sha256 = await _spool(request, path, told)
        form = await asyncio.to_thread(_format, wish.format, path)
        async with self._turn:
            found = await told.while_profiling(path, form, wish)
        version = await self._versions.register(
            RegisterDataset(
                dataset=name,
                digest=digest_of(sha256),
                origin="upload",
                description=wish.description,
                location=wish.location,
                format=form,
                sha256=sha256,
                rows=found.profile.rows,
                size=told.received,
                columns=found.fields,
                parents=[parse_id(parent) for parent in wish.parents],
                sources=wish.sources,
                keys=wish.keys,
                target=wish.target,
            ),
            context,
        )
        await self._record(version, found, context)
        await told.say("done")
        return msgspec.structs.replace(version, profiled=True)

    async def _record(self, version: DatasetVersionView, found: Profiled, context: Context) -> None:
        for by_key, sketch in ((False, found.rows), (True, found.keys)):
            if sketch is not None:
                await self._profiles.record_digests(_digests(version, sketch, by_key=by_key), context)
        for start, part, last in parts(found.profile):
            request = RecordProfile(
                dataset=version.dataset, digest=version.digest, profile=part, start=start, last=last
            )
            await self._profiles.record(request, context)


class _Told:
    """What listeners are told of one upload, a few times a second at most."""

    def __init__(self, bus: Bus, upload_id: str, dataset: str, size: int | None) -> None:
        self._bus = bus
        self._update = DatasetUploadMoved(
            upload_id=upload_id, dataset=dataset, phase="receiving", received=0, size=size, rows=0
        )
        self._next = 0.0
        self.received = 0
        self.rows = 0

    async def moved(self, received: int) -> None:
        self.received = received
        if time.monotonic() >= self._next:
            await self.say("receiving")

    async def say(self, phase: str, problem: str = "") -> None:
        self._next = time.monotonic() + TELL_SECONDS
        changes = {"phase": phase, "received": self.received, "rows": self.rows, "problem": problem}
        await self._bus.live(msgspec.structs.replace(self._update, **changes))

    async def while_profiling(self, path: Path, form: Format, wish: Wish) -> Profiled:
        def note(rows: int, _: int) -> None:
            self.rows = rows

        work = asyncio.create_task(
            asyncio.to_thread(profiled, path, form, keys=wish.keys, target=wish.target, progress=note)
        )
        while True:
            await self.say("profiling")
            done, _ = await asyncio.wait([work], timeout=TELL_SECONDS)
            if done:
                return work.result()


def wish_of(request: Request) -> Wish:
    """Out of the query. Raises Invalid for a word that means nothing here."""
    query = request.query_params
    unknown = sorted(set(query) - set(Wish.__struct_fields__))
    if unknown:
        raise Invalid(f"{unknown[0]!r} means nothing here", field=unknown[0])
    many = {name: query.getlist(name) for name in ("keys", "parents", "sources")}
    one = {name: query[name] for name in query if name not in many}
    return msgspec.convert({**many, **one}, Wish)


def parts(profile: Profile) -> list[tuple[int, Profile, bool]]:
    """The profile in the parts that it is recorded in: first column, part, and whether it is the last."""
    starts = range(0, max(len(profile.columns), 1), COLUMNS_PER_MESSAGE)
    return [
        (
            start,
            msgspec.structs.replace(profile, columns=profile.columns[start : start + COLUMNS_PER_MESSAGE]),
            start + COLUMNS_PER_MESSAGE >= len(profile.columns),
        )
        for start in starts
    ]


def _digests(version: DatasetVersionView, sketch: Smallest, *, by_key: bool) -> RecordRowDigests:
    return RecordRowDigests(
        dataset=version.dataset,
        digest=version.digest,
        by_key=by_key,
        digests=sketch.kept.astype("<u8").tobytes(),
        complete=sketch.complete,
    )


async def _spool(request: Request, path: Path, told: _Told) -> str:
    """Writes the body to disk and returns its SHA-256."""
    size = request.headers.get("content-length", "")
    _require_room(path.parent, int(size) if size.isdigit() else 0)
    digest = hashlib.sha256()
    received = 0
    with path.open("wb") as file:  # written in a thread, below
        try:
            async for chunk in request.stream():
                digest.update(chunk)
                await asyncio.to_thread(file.write, chunk)
                if received // SPARE != (received + len(chunk)) // SPARE:
                    _require_room(path.parent, 0)
                received += len(chunk)
                await told.moved(received)
        except ClientDisconnect as error:
            raise Invalid("the upload broke off", field="body") from error
    if not received:
        raise Invalid("the body is empty", field="body", fix="Send the file as the body.")
    return digest.hexdigest()


def _require_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size + SPARE:
        raise TooLarge(
            f"the disk has room for {max(free - SPARE, 0)} bytes",
            field="body",
            fix="Profile the file where it lies: lifecycle dataset add FILE.",
        )


def _format(stated: str, path: Path) -> Format:
    if not stated:
        return format_of(path)
    for form in FORMATS:
        if form == stated.lower():
            return form
    raise Invalid(f"{stated!r} is no format of tables", field="format", fix=f"Use one of: {', '.join(FORMATS)}.")
