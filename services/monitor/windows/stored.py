"""Figures of hours, days and wide windows that are past, stored so that a first look reads them instead of counts."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import msgspec
from pymongo import ASCENDING, IndexModel, ReplaceOne

from services.contracts.monitor import FeatureDrift, WindowView
from services.monitor.rollups.handlers import Rollups
from services.monitor.rollups.rules import widths_of
from services.monitor.versions.rules import ActiveReference, Watched
from services.monitor.windows.buckets import Bucket
from services.runtime.store import Store, translated

FIGURES: Final = "window_figures"
FORMAT: Final = 1
"""To be raised when a figure is computed in another way: what is stored is then made anew. New fields show by
themselves: see `form`."""

MANY_FEATURES: Final = 40
"""Of versions with more features single windows are stored, too; of others a screen full of them is made at once."""
NEWEST_KEPT: Final = 400
"""Single windows of a version whose figures are kept: as many as a screen can tell apart."""

FORM: Final = "form"
"""Id of the document that tells of what form the figures are."""

# With `of`, what is outdated is found without a look at the figures.
INDEXES = {FIGURES: [IndexModel([("k", ASCENDING), ("l", ASCENDING), ("w", ASCENDING), ("of", ASCENDING)])]}

_FIELDS: Final = FeatureDrift.__struct_fields__


@cache
def form() -> str:
    """Changes with the fields that figures have, and with `FORMAT`."""
    _, structs = msgspec.json.schema_components([WindowView])
    fields = {name: sorted(struct.get("properties", ())) for name, struct in structs.items()}
    return _digest([str(FORMAT), msgspec.json.encode(fields, order="deterministic").decode()])


def kept_of(active: ActiveReference, buckets: Sequence[Bucket]) -> list[Bucket]:
    """Those whose figures are stored: columns of hours, up to a day, and windows of many features."""
    widths = widths_of(active.window_ms)
    many = len(active.features) > MANY_FEATURES
    return [bucket for bucket in buckets if (bucket.width_ms in widths if bucket.coarse else many)]


class StoredFigures:
    """A document for each hour, day or window; each feature by itself in it, so that few can be read of many.

    Derived, behind the facts, may be thrown away. Each says which counts it was made from, and is believed only as long
    as these are the window's counts.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def adopt(self, days: Rollups) -> None:
        """Puts all days on the background job's list when figures of this form have never been made here."""
        with translated():
            if await self._store[FIGURES].find_one({"_id": FORM, "form": form()}) is not None:
                return
            await days.again()
            await self._store[FIGURES].replace_one(
                {"_id": FORM}, {"form": form(), "at": datetime.now(UTC)}, upsert=True
            )

    async def found(
        self, watched: Watched, buckets: Sequence[Bucket], only: Collection[str] | None
    ) -> dict[tuple[int, int], WindowView]:
        """By place, what is stored of these buckets as they are now. `only`: of these features."""
        settled = [bucket for bucket in buckets if bucket.coarse or bucket.closed]  # an open window moves all the time
        if watched.active is None or not settled:
            return {}
        by_id = {_document(watched.key, bucket): bucket for bucket in kept_of(watched.active, settled)}
        if not by_id:
            return {}
        shown: dict[str, int] = {"of": 1, "view": 1}
        shown |= {"f": 1} if only is None else {f"f.{_column(name)}": 1 for name in only}
        with translated():
            rows = await self._store[FIGURES].find({"_id": {"$in": list(by_id)}}, shown).to_list(len(by_id))
        valid = [(by_id[row["_id"]], row) for row in rows if row["of"] == _fingerprint(by_id[row["_id"]])]
        return await asyncio.to_thread(lambda: {bucket.place: _unpacked(watched, bucket, row) for bucket, row in valid})

    async def outdated(self, key: str, buckets: Sequence[Bucket]) -> list[Bucket]:
        """Those of which nothing is stored, or what was made from other counts."""
        if not buckets:
            return []
        first, last = min(bucket.start_ms for bucket in buckets), max(bucket.start_ms for bucket in buckets)
        widths = sorted({bucket.width_ms for bucket in buckets})
        wanted = {"k": key, "l": {"$in": widths}, "w": {"$gte": first, "$lte": last}}
        with translated():
            rows = await self._store[FIGURES].find(wanted, {"_id": 0, "l": 1, "w": 1, "of": 1}).to_list(None)
        known = {(row["w"], row["l"]): row["of"] for row in rows}
        return [bucket for bucket in buckets if known.get(bucket.place) != _fingerprint(bucket)]

    async def put(self, key: str, made: Iterable[tuple[Bucket, WindowView]]) -> None:
        writes = [
            ReplaceOne({"_id": document["_id"]}, document, upsert=True)
            for document in await asyncio.to_thread(lambda: [_packed(key, bucket, view) for bucket, view in made])
        ]
        if writes:
            with translated():
                await self._store[FIGURES].bulk_write(writes, ordered=False)

    async def forget(self, key: str, width_ms: int, before_ms: int) -> None:
        """Throws away what is stored of windows of this length that start before."""
        with translated():
            await self._store[FIGURES].delete_many({"k": key, "l": width_ms, "w": {"$lt": before_ms}})


def _document(key: str, bucket: Bucket) -> str:
    return f"{key}|{bucket.width_ms}|{bucket.start_ms}"


def _fingerprint(bucket: Bucket) -> str:
    """Of the counts, and of how figures are made from them; whether the window is closed is no figure."""
    return _digest([form(), *bucket.tokens])


def _column(feature: str) -> str:
    """A field's name for any feature's."""
    return _digest([feature])


def _digest(parts: Sequence[str]) -> str:
    return hashlib.blake2b("|".join(parts).encode(), digest_size=12).hexdigest()


def _packed(key: str, bucket: Bucket, view: WindowView) -> dict[str, Any]:
    """Names and whether it is closed are the reader's business: they change without the counts."""
    plain = msgspec.structs.replace(view, model_name="", version="", closed=True, features=[])
    return {
        "_id": _document(key, bucket),
        "k": key,
        "l": bucket.width_ms,
        "w": bucket.start_ms,
        "of": _fingerprint(bucket),
        "at": datetime.now(UTC),
        "view": msgspec.msgpack.encode(plain),
        "f": {
            _column(feature.feature): msgspec.msgpack.encode([getattr(feature, name) for name in _FIELDS])
            for feature in view.features
        },
    }


def _unpacked(watched: Watched, bucket: Bucket, row: Mapping[str, Any]) -> WindowView:
    plain = msgspec.msgpack.decode(row["view"], type=WindowView)
    features = [
        FeatureDrift(**dict(zip(_FIELDS, msgspec.msgpack.decode(packed), strict=True)))
        for packed in row.get("f", {}).values()
    ]
    return msgspec.structs.replace(
        plain, model_name=watched.model_name, version=watched.version, closed=bucket.closed, features=features
    )
