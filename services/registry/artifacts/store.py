"""Artifacts: which file lies where in MongoDB, the content in an object store under its SHA-256."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import obstore
from obstore.store import LocalStore, from_url
from pymongo import ASCENDING, IndexModel

from services.contracts.errors import Unavailable
from services.contracts.paging import Edge, Page, Paging
from services.contracts.registry import ListArtifacts
from services.registry.artifacts.rules import Artifact, Entry, Item, blob_key
from services.registry.documents import from_document
from services.registry.paging import cursor_of, values_of, window
from services.runtime import conditions
from services.runtime.conditions import Field
from services.runtime.ids import new_id
from services.runtime.paging import page_of_stages
from services.runtime.store import Store, translated

if TYPE_CHECKING:
    from obstore import GetOptions

ARTIFACTS = "artifacts"
DIRECTORIES = "artifact_directories"
REMOVALS = "artifact_removals"
"""Where files are still to go whose run or model is gone: too many went for one transaction."""

INDEXES: Mapping[str, list[IndexModel]] = {
    ARTIFACTS: [
        IndexModel([("directory", ASCENDING), ("name", ASCENDING)]),
        IndexModel([("sha256", ASCENDING)]),
    ],
    DIRECTORIES: [IndexModel([("directory", ASCENDING), ("name", ASCENDING)])],
}

FIELDS: Mapping[str, Field] = {
    "name": Field("name"),
    "size": Field("size", "number"),
    "is_directory": Field("is_directory", "flag"),
    "stored_at": Field("stored", "milliseconds"),
}
"""What lists can be asked for."""
_NONE = {"$literal": -1}
CHUNK = 1024 * 1024
"""Bytes of content in memory at a time, for each transfer (uploads hold two such parts)."""
SMALL = 256 * 1024
"""Content up to this size is written in one go."""
STAGING = "staging"
DOOMED = "doomed"
CONTENT = "sha256"


class Stored(msgspec.Struct, frozen=True):
    """Something in the object store."""

    key: str
    size: int
    modified: datetime


class MongoArtifacts:
    def __init__(self, store: Store) -> None:
        self._files = store[ARTIFACTS]
        self._directories = store[DIRECTORIES]
        self._removals = store[REMOVALS]

    async def get(self, path: str) -> Artifact | None:
        """Also what a deleted file left behind: see `Artifact.gone`."""
        with translated():
            row = await self._files.find_one({"_id": path})
        return None if row is None else from_document(row, Artifact)

    async def files_among(self, paths: list[str]) -> list[str]:
        with translated():
            rows = await self._files.find({"_id": {"$in": paths}, "gone": False}, {"_id": 1}).to_list(None)
        return [row["_id"] for row in rows]

    async def directories_among(self, paths: list[str]) -> set[str]:
        with translated():
            rows = await self._directories.find({"_id": {"$in": paths}}, {"_id": 1}).to_list(None)
        return {row["_id"] for row in rows}

    async def listing(self, directory: str) -> list[Entry]:
        """What lies directly in `directory` ("" is the root), by name."""
        with translated():
            files = await self._files.find({"directory": directory, "gone": False}, {"name": 1, "size": 1}).to_list(
                None
            )
            below = await self._directories.find({"directory": directory}, {"name": 1}).to_list(None)
        entries = [Entry(row["name"], row["size"]) for row in files] + [Entry(row["name"], None) for row in below]
        return sorted(entries, key=lambda entry: entry.name)

    async def page(self, directory: str, paging: Paging) -> Page[Item]:
        """A page of what lies directly in `directory`, by name: of files and directories, each from its index."""
        count, cursor, backward = window(paging)
        everything: dict[str, Any] = {"directory": directory}
        matching = everything
        if cursor:
            matching = {**everything, "name": {"$lt" if backward else "$gt": values_of(cursor, 1)[0]}}
        order, most = [("name", -1 if backward else 1)], count + 1
        wanted = {"name": 1, "size": 1, "sha256": 1, "stored": 1}
        with translated():
            files = await self._files.find({**matching, "gone": False}, wanted).sort(order).limit(most).to_list(most)
            below = await self._directories.find(matching, {"name": 1}).sort(order).limit(most).to_list(most)
            total = None
            if paging.with_total:
                total = await self._files.count_documents({**everything, "gone": False})
                total += await self._directories.count_documents(everything)
        items = [Item(row["name"], row["size"], row["sha256"], row["stored"]) for row in files]
        items += [Item(row["name"]) for row in below]
        items.sort(key=lambda item: item.name, reverse=backward)
        found = items[:count]
        if backward:
            found.reverse()
        more = len(items) > count
        return Page(
            edges=[Edge(cursor=cursor_of([item.name]), node=item) for item in found],
            has_next=bool(cursor) if backward else more,
            has_previous=more if backward else bool(cursor),
            total=total,
        )

    async def chosen(self, directory: str, asked: ListArtifacts) -> Page[Item]:
        """A page with a filter or an order: of files and directories together. A directory's size counts as -1."""
        files: list[dict[str, Any]] = [
            {"$match": {"directory": directory, "gone": False}},
            {"$project": {"name": 1, "size": 1, "sha256": 1, "stored": 1, "is_directory": {"$literal": False}}},
        ]
        below: list[dict[str, Any]] = [
            {"$match": {"directory": directory}},
            {
                "$project": {
                    "name": 1,
                    "size": {"$literal": -1},
                    "stored": {"$literal": -1},
                    "is_directory": {"$literal": True},
                }
            },
        ]
        return await page_of_stages(
            self._files,
            [*files, {"$unionWith": {"coll": DIRECTORIES, "pipeline": below}}],
            conditions.query(asked.where, FIELDS),
            conditions.keys(asked.order, FIELDS, [("name", 1)]),
            asked.paging,
            _item,
        )

    async def referenced(self, digests: Sequence[str]) -> set[str]:
        """Those of `digests` that are the content of some file."""
        with translated():
            found = await self._files.distinct("sha256", {"sha256": {"$in": list(digests)}, "gone": False})
        return set(found)

    async def below(self, path: str, most: int) -> list[Artifact]:
        """Some of the files at `path` or below it."""
        matching = {"$or": [{"_id": path}, {"_id": _inside(path)}], "gone": False}
        with translated():
            rows = await self._files.find(matching).limit(most).to_list(most)
        return [from_document(row, Artifact) for row in rows]

    async def removals(self) -> list[str]:
        """The paths at and below which files are still to go."""
        with translated():
            return [str(row["_id"]) for row in await self._removals.find().to_list(None)]

    async def digests(self, path: str) -> dict[str, str]:
        """SHA-256 of every file at `path` or below it, by path."""
        matching = {"$or": [{"_id": path}, {"_id": _inside(path)}], "gone": False}
        with translated():
            rows = await self._files.find(matching, {"sha256": 1}).to_list(None)
        return {row["_id"]: row["sha256"] for row in rows}


def _item(row: Mapping[str, Any]) -> Item:
    return Item(row["name"]) if row["is_directory"] else Item(row["name"], row["size"], row["sha256"], row["stored"])


def _inside(path: str) -> dict[str, Any]:
    return {"$gte": f"{path}/", "$lt": f"{path}0"}  # "0" follows "/"


def directories_inside(path: str) -> dict[str, Any]:
    """The query for `path` and the directories below it."""
    return {"$or": [{"_id": path}, {"_id": _inside(path)}]}


class Blobs:
    """Content by its SHA-256. What is there is complete: it is written elsewhere first and then moved."""

    def __init__(self, location: str) -> None:
        self._root: Path | None = None
        if "://" in location and not location.startswith("file://"):
            self._store = from_url(location)
        else:
            self._root = Path(location.removeprefix("file://")).absolute()
            self._store = LocalStore(self._root, mkdir=True)

    async def receive(self, chunks: AsyncIterator[bytes]) -> tuple[str, int]:
        """Keeps the content that `chunks` bring and returns its SHA-256 and size. A failing upload leaves nothing.

        Content that was there already may be collected until an artifact has it: see `garbage.py`.
        """
        digest = hashlib.sha256()
        head = bytearray()
        async for chunk in chunks:
            digest.update(chunk)
            head += chunk
            if len(head) > SMALL:
                break
        else:
            key = blob_key(digest.hexdigest())
            if not await self._has(key):
                await self._put(key, bytes(head))
            return digest.hexdigest(), len(head)
        return await self._stream(digest, head, chunks)

    async def _stream(self, digest: hashlib._Hash, head: bytearray, chunks: AsyncIterator[bytes]) -> tuple[str, int]:
        staged = f"{STAGING}/{new_id()}"
        size = await self._write(staged, digest, head, chunks)
        key = blob_key(digest.hexdigest())
        if await self._has(key):
            await self._forget(staged)
        else:
            await self._make_durable(staged)
            await obstore.rename_async(self._store, staged, key)
            await self._make_durable(key)
        return digest.hexdigest(), size

    async def _write(self, key: str, digest: hashlib._Hash, head: bytearray, chunks: AsyncIterator[bytes]) -> int:
        """Its bytes; nothing is left of what breaks off."""
        size = len(head)
        try:
            async with obstore.open_writer_async(self._store, key, buffer_size=CHUNK) as writer:
                await writer.write(bytes(head))
                async for chunk in chunks:
                    digest.update(chunk)
                    size += len(chunk)
                    await writer.write(chunk)
        except BaseException:
            await self._forget(key)
            raise
        return size

    async def stage(self, key: str, chunks: AsyncIterator[bytes]) -> str:
        """Puts a part of an upload aside, under a key that ends in its SHA-256, which is returned."""
        digest = hashlib.sha256()
        arriving = f"{STAGING}/{new_id()}"
        await self._write(arriving, digest, bytearray(), chunks)
        await obstore.rename_async(self._store, arriving, f"{key}{digest.hexdigest()}")
        return digest.hexdigest()

    async def note(self, key: str, content: bytes) -> None:
        """A few bytes about an upload."""
        await obstore.put_async(self._store, key, content)

    async def noted(self, key: str) -> bytes | None:
        try:
            return bytes(await (await obstore.get_async(self._store, key)).bytes_async())
        except FileNotFoundError:
            return None

    async def pieces(self, keys: Sequence[str]) -> AsyncIterator[bytes]:
        """What lies under `keys`, one after the other, a chunk at a time. Raises Unavailable if one is missing."""
        for key in keys:
            async for chunk in self._chunks(key):
                yield chunk

    async def _put(self, key: str, content: bytes) -> None:
        await obstore.put_async(self._store, key, content)
        await self._make_durable(key)

    async def _has(self, key: str) -> bool:
        try:
            await obstore.head_async(self._store, key)
        except FileNotFoundError:
            return False
        return True

    async def _forget(self, key: str) -> None:
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return

    async def read(self, sha256: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` to before `end`, a chunk at a time. Raises Unavailable if the content is missing."""
        if end > start:
            async for chunk in self._chunks(blob_key(sha256), {"range": (start, end)}):
                yield chunk

    async def _chunks(self, key: str, options: GetOptions | None = None) -> AsyncIterator[bytes]:
        try:
            found = await obstore.get_async(self._store, key, options=options)
        except FileNotFoundError as error:
            raise Unavailable("the content of this artifact is missing", code="CONTENT_MISSING") from error
        async for chunk in found.stream(min_chunk_size=CHUNK):
            yield bytes(chunk)

    async def has(self, sha256: str) -> bool:
        return await self._has(blob_key(sha256))

    async def below(self, prefix: str) -> list[Stored]:
        """Everything whose key begins with that directory."""
        return [
            Stored(entry["path"], entry["size"], entry["last_modified"])
            async for batch in obstore.list(self._store, prefix, chunk_size=1000)
            for entry in batch
        ]

    async def doom(self, key: str) -> None:
        """Takes content out of reach, so that it can be looked up once more whether somebody has it."""
        with contextlib.suppress(FileNotFoundError):
            await obstore.rename_async(self._store, key, f"{DOOMED}/{key}")

    async def spare(self, key: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            await obstore.rename_async(self._store, f"{DOOMED}/{key}", key)

    async def drop(self, key: str) -> None:
        await self._forget(key)

    async def _make_durable(self, key: str) -> None:
        """On a local disk: content and name survive a power cut. Object stores promise that themselves."""
        if self._root is not None:
            await asyncio.to_thread(_flush, self._root / key)


def _flush(path: Path) -> None:
    for target in (path, path.parent):
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
