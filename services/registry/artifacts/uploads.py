"""Uploads in parts: each may be sent again, beside the others, and what has arrived can be asked for.

An upload is no fact before it is complete: its parts lie in the object store under `staging/`, a note beside them says
where they shall go. What nobody completes within a day goes with the next collection (`garbage.py`).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence

import msgspec

from services.contracts.errors import Invalid, NotFound
from services.contracts.identity import Action, require
from services.registry.artifacts import rules
from services.registry.artifacts.handlers import Artifacts
from services.registry.artifacts.store import STAGING, Blobs
from services.runtime.context import Context
from services.runtime.ids import new_id

MOST_PARTS = 10_000
"""As S3 has it."""
_ID = re.compile(r"[0-9a-f]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Part(msgspec.Struct, frozen=True):
    """`etag` is the SHA-256 of its bytes."""

    number: int
    etag: str
    size: int = 0


class Upload(msgspec.Struct, frozen=True):
    """Where the whole goes, and of how many parts it is; `sha256` once it is complete."""

    path: str
    parts: int
    sha256: str = ""


class Uploads:
    def __init__(self, artifacts: Artifacts, blobs: Blobs) -> None:
        self._artifacts = artifacts
        self._blobs = blobs

    async def begin(self, context: Context, path: str, parts: int) -> str:
        """The id of an upload to `path`. Raises Invalid for a path that can't be a file's, or too many parts."""
        require(context.principal, Action.RECORD_RUNS)
        if not 1 <= parts <= MOST_PARTS:
            raise Invalid(f"'num_parts' must be between 1 and {MOST_PARTS}, not {parts}.", field="num_parts")
        path = await self._artifacts.free_path(path)
        upload_id = new_id()
        await self._note(upload_id, Upload(path, parts))
        return upload_id

    async def put_part(self, context: Context, upload_id: str, number: int, chunks: AsyncIterator[bytes]) -> str:
        """Takes in a part, also once more; its ETag."""
        require(context.principal, Action.RECORD_RUNS)
        upload = await self._get(upload_id)
        if not 1 <= number <= upload.parts:
            raise Invalid(f"This upload has the parts 1 to {upload.parts}, none {number}.", field="part_number")
        return await self._blobs.stage(_key(upload_id, number), chunks)

    async def parts(self, context: Context, upload_id: str) -> list[Part]:
        """What has arrived, by number: whoever was interrupted sends the others."""
        require(context.principal, Action.RECORD_RUNS)
        await self._get(upload_id)
        found: list[Part] = []
        for entry in await self._blobs.below(_directory(upload_id)):
            number, dash, etag = entry.key.rpartition("/")[2].partition("-")
            if dash:
                found.append(Part(int(number), etag, entry.size))
        return sorted(found, key=lambda part: part.number)

    async def complete(self, context: Context, path: str, upload_id: str, parts: Sequence[Part]) -> None:
        """Puts the whole at `path`, made of `parts` by their numbers. Asked once more, it's done already."""
        require(context.principal, Action.RECORD_RUNS)
        upload = await self._get(upload_id)
        if rules.file_path(path) != upload.path:
            raise Invalid(f"This upload goes to '{upload.path}'.", field="path")
        if upload.sha256:
            return
        wanted = sorted(parts, key=lambda part: part.number)
        if [part.number for part in wanted] != list(range(1, upload.parts + 1)):
            raise Invalid(f"Name each of the {upload.parts} parts once.", field="parts")
        keys = [f"{_key(upload_id, part.number)}{part.etag}" for part in wanted]
        there = {entry.key for entry in await self._blobs.below(_directory(upload_id))}
        missing = [part.number for part, key in zip(wanted, keys, strict=True) if key not in there]
        if missing:
            raise Invalid(f"Part {missing[0]} hasn't arrived with that ETag.", field="parts", fix="Send it again.")
        artifact = await self._artifacts.upload(context, path, self._blobs.pieces(keys))
        await self._note(upload_id, msgspec.structs.replace(upload, sha256=artifact.sha256))
        for key in there:
            if key != _about(upload_id):
                await self._blobs.drop(key)

    async def abort(self, context: Context, upload_id: str) -> None:
        """Forgets the parts. What is complete stays."""
        require(context.principal, Action.RECORD_RUNS)
        await self._get(upload_id)
        for entry in await self._blobs.below(_directory(upload_id)):
            await self._blobs.drop(entry.key)

    async def _note(self, upload_id: str, upload: Upload) -> None:
        await self._blobs.note(_about(upload_id), msgspec.json.encode(upload))

    async def _get(self, upload_id: str) -> Upload:
        content = await self._blobs.noted(_about(upload_id)) if _ID.fullmatch(upload_id) else None
        if content is None:
            raise NotFound(f"There is no upload '{upload_id[:32]}'; it was aborted, or is older than a day.")
        return msgspec.json.decode(content, type=Upload)


def etag_of(text: str) -> str:
    """The SHA-256 in an ETag, as clients send it back: with quotes or without. Raises Invalid."""
    etag = text.strip().strip('"').lower()
    if not _SHA256.fullmatch(etag):
        raise Invalid("An ETag is what the part was answered with.", field="parts")
    return etag


def _directory(upload_id: str) -> str:
    return f"{STAGING}/parts/{upload_id}"


def _about(upload_id: str) -> str:
    return f"{_directory(upload_id)}/about"


def _key(upload_id: str, number: int) -> str:
    """Followed by the part's SHA-256."""
    return f"{_directory(upload_id)}/{number:05d}-"
