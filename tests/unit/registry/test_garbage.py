"""Content that nothing has any more is collected, and an upload that takes it over meanwhile keeps it."""

import hashlib
import os
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from services.contracts.identity import Principal, Role
from services.contracts.registry import CollectContent
from services.registry.artifacts.garbage import Garbage
from services.registry.artifacts.rules import blob_key
from services.registry.artifacts.store import Blobs
from services.runtime.context import Context

ADMIN = Context(Principal(user="root", role=Role.ADMIN, via="token"), "c-garbage")
DAY = 24 * 3600.0


class References:
    """What each look-up in MongoDB finds: the digests of the next of `answers`."""

    def __init__(self, *answers: set[str]) -> None:
        self._answers = list(answers)

    async def referenced(self, digests: Sequence[str]) -> set[str]:
        found = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return found & set(digests)


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def planted(directory: Path, content: bytes, *, age: float) -> str:
    """Its SHA-256."""
    sha256, _ = await Blobs(str(directory)).receive(pieces(content))
    os.utime(directory / blob_key(sha256), (time.time() - age,) * 2)
    return sha256


async def collected(garbage: Garbage) -> tuple[int, int]:
    """Files removed, and their bytes."""
    removed = size = 0
    after: str | None = None
    while True:
        report = await garbage.collect(CollectContent(after=after), ADMIN)
        removed, size, after = removed + report.removed, size + report.bytes, report.next
        if after is None:
            return removed, size


async def test_old_content_that_nothing_has_goes_and_young_or_used_content_stays(tmp_path: Path) -> None:
    old = await planted(tmp_path, b"old", age=2 * DAY)
    used = await planted(tmp_path, b"used", age=2 * DAY)
    young = await planted(tmp_path, b"young", age=DAY / 2)
    blobs = Blobs(str(tmp_path))
    assert await collected(Garbage(References({used}), blobs)) == (1, 3)  # type: ignore[arg-type]
    assert [await blobs.has(digest) for digest in (old, used, young)] == [False, True, True]


async def test_content_that_an_upload_takes_over_during_the_collection_is_given_back(tmp_path: Path) -> None:
    digest = await planted(tmp_path, b"again", age=2 * DAY)
    after_nothing_left = set[str]()
    references = References(*[after_nothing_left] * (2 * int(digest[:2], 16) + 2), {digest})
    blobs = Blobs(str(tmp_path))
    assert await collected(Garbage(references, blobs)) == (0, 0)  # type: ignore[arg-type]
    assert b"".join([chunk async for chunk in blobs.read(digest, 0, 5)]) == b"again"


async def test_a_collection_that_was_killed_is_finished_by_the_next(tmp_path: Path) -> None:
    used, unused = [await planted(tmp_path, word, age=0) for word in (b"used", b"unused")]
    blobs = Blobs(str(tmp_path))
    for digest in (used, unused):
        await blobs.doom(blob_key(digest))
    await collected(Garbage(References({used}), blobs))  # type: ignore[arg-type]
    assert [await blobs.has(digest) for digest in (used, unused)] == [True, False]
    assert await blobs.below("doomed") == []


@pytest.mark.parametrize(("age", "left"), [(0.0, 2), (2 * DAY, 0)])
async def test_parts_of_uploads_that_nobody_completes_go_after_a_day(age: float, left: int, tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path))
    etag = await blobs.stage("staging/parts/u/00001-", pieces(b"part"))
    await blobs.note("staging/parts/u/about", b"{}")
    assert etag == hashlib.sha256(b"part").hexdigest()
    for entry in await blobs.below("staging"):
        os.utime(tmp_path / entry.key, (time.time() - age,) * 2)
    await collected(Garbage(References(set()), blobs))  # type: ignore[arg-type]
    assert len(await blobs.below("staging")) == left
