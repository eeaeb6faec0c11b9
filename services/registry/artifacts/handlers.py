"""Stores, hands out, lists and deletes artifacts."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from services.contracts.errors import Invalid, NotFound, Unavailable
from services.contracts.identity import Action, require
from services.contracts.paging import Page
from services.contracts.registry import ArtifactRemoved, ArtifactStored, ListArtifacts
from services.registry.artifacts import rules
from services.registry.artifacts.rules import Artifact, Entry, Item
from services.registry.artifacts.store import (
    ARTIFACTS,
    DIRECTORIES,
    REMOVALS,
    Blobs,
    MongoArtifacts,
    directories_inside,
)
from services.registry.clock import Now
from services.registry.documents import create, put, save
from services.runtime.context import Context
from services.runtime.outbox import Change, Outbox, Stale

DELETE_BATCH = 200


class Artifacts:
    def __init__(self, outbox: Outbox, store: MongoArtifacts, blobs: Blobs, now: Now) -> None:
        self._outbox = outbox
        self._store = store
        self._blobs = blobs
        self._now = now

    async def upload(self, context: Context, path: str, chunks: AsyncIterator[bytes]) -> Artifact:
        """Puts a file at `path`, over one that is there. Raises Invalid for a path that can't be one."""
        require(context.principal, Action.RECORD_RUNS)
        path = await self.free_path(path)
        sha256, size = await self._blobs.receive(chunks)
        result: Artifact | None = None

        async def attempt() -> Change | None:
            nonlocal result
            former = await self._store.get(path)
            if former is not None and not former.gone and former.sha256 == sha256:
                result = former
                return None
            directory, name = rules.split(path)
            result = Artifact(
                id=path,
                v=1 if former is None else former.v + 1,
                directory=directory,
                name=name,
                size=size,
                sha256=sha256,
                stored=self._now(),
            )
            change = Change(context, "store_artifact")
            put(change, ARTIFACTS, former, result)
            await self._add_directories(change, path)
            change.emit(ArtifactStored(path=path, size=size, sha256=sha256), result.v)
            return change

        await create(self._outbox, attempt)
        assert result is not None
        if not await self._blobs.has(sha256):  # collected between the look at it and the commit
            raise Unavailable("the content went away meanwhile", code="CONTENT_MISSING", fix="Send the file again.")
        return result

    async def free_path(self, path: str) -> str:
        """The path of a file as it is kept: a name is a file or a directory, never both. Raises Invalid."""
        path = rules.file_path(path)
        in_the_way = await self._store.files_among(rules.ancestors(path))
        if in_the_way:
            raise Invalid(f"'{in_the_way[0]}' is a file, so nothing can lie below it", field="path")
        if any(file.id != path for file in await self._store.below(path, 2)):
            raise Invalid(f"'{path}' is a directory", field="path")
        return path

    async def _add_directories(self, change: Change, path: str) -> None:
        wanted = rules.ancestors(path)
        known = await self._store.directories_among(wanted)
        for directory in wanted:
            if directory not in known:
                parent, name = rules.split(directory)
                document = {"$setOnInsert": {"directory": parent, "name": name}}
                change.upsert(DIRECTORIES, {"_id": directory}, document)

    async def find(self, context: Context, path: str) -> Artifact:
        require(context.principal, Action.READ)
        cleaned = rules.clean_path(path)
        artifact = await self._store.get(cleaned)
        if artifact is None or artifact.gone:
            raise NotFound(f"No such artifact: '{cleaned}'")
        return artifact

    async def find_file(self, context: Context, path: str) -> Artifact:
        """As `find`, but of a directory it is said that it is one: raises Invalid then."""
        try:
            return await self.find(context, path)
        except NotFound:
            cleaned = rules.clean_path(path)
            if not cleaned or await self._store.below(cleaned, 1):
                message = f"Artifact path refers to a directory, not a file: '{cleaned}'"
                raise Invalid(message, field="path", fix="List the directory, and fetch its files.") from None
            raise

    def content(self, artifact: Artifact, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` to before `end`, streamed."""
        return self._blobs.read(artifact.sha256, start, artifact.size if end is None else end)

    async def listing(self, context: Context, directory: str) -> Sequence[Entry]:
        """What lies directly in `directory`; empty for a file or what doesn't exist, as MLflow has it."""
        require(context.principal, Action.READ)
        return await self._store.listing(rules.clean_path(directory))

    async def directories(self, context: Context, paths: Sequence[str]) -> set[str]:
        """Those of `paths` below which there is something, or once was."""
        require(context.principal, Action.READ)
        return await self._store.directories_among(list(paths)) if paths else set()

    async def page(self, context: Context, directory: str, asked: ListArtifacts) -> Page[Item]:
        """A page of what lies directly in `directory`, by name unless another order is asked for."""
        require(context.principal, Action.READ)
        if asked.where is None and not asked.order:
            return await self._store.page(directory, asked.paging)
        return await self._store.chosen(directory, asked)

    async def item(self, context: Context, path: str) -> Item | None:
        """The file or directory at `path`."""
        require(context.principal, Action.READ)
        artifact = await self._store.get(path)
        if artifact is not None and not artifact.gone:
            return Item(artifact.name, artifact.size, artifact.sha256, artifact.stored)
        return Item(rules.split(path)[1]) if await self._store.directories_among([path]) else None

    async def digests(self, context: Context, location: str) -> dict[str, str] | None:
        """SHA-256 of every file at an artifact location or below it, by path; None for storage that isn't ours."""
        require(context.principal, Action.READ)
        path = rules.served_path(location)
        return None if path is None else await self._store.digests(path)

    async def delete(self, context: Context, path: str) -> None:
        """The file at `path`, or everything below it."""
        require(context.principal, Action.RECORD_RUNS)
        cleaned = rules.file_path(path.rstrip("/"))
        found = False
        while files := await self._store.below(cleaned, DELETE_BATCH):
            found = True
            change = Change(context, "delete_artifacts")
            _remove(change, cleaned, files)
            try:
                await self._outbox.commit(change)
            except Stale:
                continue
        if not found:
            raise NotFound(f"No such artifact: '{cleaned}'")

    async def going(self, context: Context, location: str) -> Callable[[Change], None]:
        """Adds to a change that the files at an artifact location go: as many as one change takes, and a note of the
        others, which `finish_removals` sees to, also after a crash. Storage that isn't ours is left alone.
        """
        require(context.principal, Action.DELETE_FOR_EVER)
        path = rules.served_path(location)
        files = await self._store.below(path, DELETE_BATCH) if path else []

        def go(change: Change) -> None:
            if files:
                _remove(change, str(path), files)
            if len(files) == DELETE_BATCH:
                change.upsert(REMOVALS, {"_id": path}, {"$setOnInsert": {"noted": self._now()}})

        return go

    async def finish_removals(self, context: Context) -> None:
        """Deletes the files that were too many to go with what had them."""
        require(context.principal, Action.DELETE_FOR_EVER)
        for path in await self._store.removals():
            with contextlib.suppress(NotFound):
                await self.delete(context, path)
            change = Change(context, "finish_removal")
            change.delete_many(REMOVALS, {"_id": path})
            await self._outbox.commit(change)


def _remove(change: Change, path: str, files: Sequence[Artifact]) -> None:
    for artifact in files:
        after = msgspec.structs.replace(artifact, v=artifact.v + 1, gone=True)
        save(change, ARTIFACTS, artifact, after)
        change.emit(ArtifactRemoved(path=artifact.id), after.v)
    change.delete_many(DIRECTORIES, directories_inside(path))
