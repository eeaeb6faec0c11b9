"""Registered datasets in MongoDB: sources, versions, profiles, row digests, uses and the results of checks."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from bson import Binary
from pymongo import ASCENDING, DESCENDING, IndexModel

from services.contracts.datasets import (
    DatasetKey,
    DatasetSummary,
    DatasetUse,
    DatasetVersionView,
    ListDatasets,
    ListDatasetUses,
    ListDatasetVersions,
    ListSources,
    SourceView,
)
from services.contracts.paging import Edge, Page
from services.contracts.profiles import ColumnProfile, Profile
from services.registry.datasets import source as sources
from services.registry.datasets import version as versions
from services.registry.datasets.source import Source
from services.registry.datasets.version import Version, parse_id
from services.registry.documents import from_document
from services.registry.paging import page_of
from services.registry.runs.times import moment
from services.runtime import conditions
from services.runtime.conditions import Field
from services.runtime.outbox import Change
from services.runtime.store import Store, translated

SOURCES = "data_sources"
NAMES = "registered_datasets"
VERSIONS = "dataset_versions"
PROFILES = "dataset_profiles"
COLUMNS = "dataset_profile_columns"
DIGESTS = "dataset_digests"
USES = "dataset_uses"
CHECKS = "dataset_checks"

INDEXES: Mapping[str, list[IndexModel]] = {
    VERSIONS: [
        IndexModel([("dataset", ASCENDING), ("number", ASCENDING)], unique=True),
        IndexModel([("parent_ids", ASCENDING)]),
        IndexModel([("split_ids", ASCENDING)]),
    ],
    NAMES: [IndexModel([("sources", ASCENDING)])],
    COLUMNS: [IndexModel([("version", ASCENDING), ("start", ASCENDING)])],
    USES: [IndexModel([("version", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)])],
    CHECKS: [IndexModel([("version", ASCENDING)])],
}
SOURCE_FIELDS: Mapping[str, Field] = {
    "name": Field("_id"),
    "description": Field("description"),
    "owner": Field("owner"),
    "licence": Field("licence"),
    "legal_basis": Field("legal_basis"),
    "personal_data": Field("personal_data"),
    "created_at": Field("created", "milliseconds"),
    "updated_at": Field("updated", "milliseconds"),
}
"""What lists can be asked for."""


NAME_FIELDS: Mapping[str, Field] = {
    "name": Field("_id"),
    "source": Field("sources", "texts"),
    "versions": Field("versions", "number"),
    "created_at": Field("created", "milliseconds"),
    "updated_at": Field("updated", "milliseconds"),
}
"""What lists can be asked for."""


VERSION_FIELDS: Mapping[str, Field] = {
    "digest": Field("digest"),
    "number": Field("number", "number"),
    "origin": Field("origin"),
    "by": Field("by"),
    "description": Field("description", orders=False),
    "format": Field("format"),
    "source": Field("sources", "texts"),
    "target": Field("target", orders=False),
    "rows": Field("rows", "number", orders=False),
    "size": Field("size", "number", orders=False),
    "sealed": Field("sealed", "presence"),
    "profiled": Field("profiled", "presence"),
    "created_at": Field("created", "milliseconds"),
}
"""What lists can be asked for."""


USE_FIELDS: Mapping[str, Field] = {
    "experiment_id": Field("experiment_id"),
    "context": Field("context", orders=False),
    "sealed": Field("sealed", "flag"),
    "at": Field("at", "milliseconds"),
}
"""What lists can be asked for."""


LARGEST_ANSWER = 600_000
"""Bytes of profile columns in one answer: NATS carries 1 MB."""

M = TypeVar("M", bound=msgspec.Struct)


class Name(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset: how many versions it has, and the newest one's figures."""

    id: str = msgspec.field(name="_id")
    versions: int
    sources: list[str]
    created: int
    updated: int


def keep_name(change: Change, former: Name | None, version: Version, now: int) -> None:
    """Counts the new version; fails the commit if somebody else registered one meanwhile."""
    if former is None:
        document = {"versions": 1, "sources": version.sources, "created": now, "updated": now}
        change.insert(NAMES, {"_id": version.dataset, **document})
        return
    change.update(
        NAMES,
        {"_id": former.id, "versions": former.versions},
        {"$inc": {"versions": 1}, "$set": {"updated": now}, "$addToSet": {"sources": {"$each": version.sources}}},
    )


def packed(value: msgspec.Struct | Sequence[msgspec.Struct]) -> Binary:
    return Binary(zlib.compress(msgspec.msgpack.encode(value), 3))


def unpacked(data: bytes, kind: type[M]) -> M:
    return msgspec.msgpack.decode(zlib.decompress(data), type=kind)


class MongoSources:
    def __init__(self, store: Store) -> None:
        self._sources = store[SOURCES]

    async def get_many(self, names: Iterable[str]) -> dict[str, Source]:
        wanted = list(dict.fromkeys(names))
        with translated():
            rows = await self._sources.find({"_id": {"$in": wanted}}).to_list(len(wanted)) if wanted else []
        return {row["_id"]: from_document(row, Source) for row in rows}

    async def page(self, request: ListSources) -> Page[SourceView]:
        """By name, unless another order is asked for."""
        wanted = {"$and": [_containing(request.name_contains), conditions.query(request.where, SOURCE_FIELDS)]}
        order = conditions.keys(request.order, SOURCE_FIELDS, [("_id", 1)])
        return await page_of(
            self._sources, wanted, order, request.paging, lambda row: sources.view(from_document(row, Source))
        )


class MongoVersions:
    def __init__(self, store: Store) -> None:
        self._versions = store[VERSIONS]
        self._names = store[NAMES]
        self._uses = store[USES]

    async def get_many(self, ids: Iterable[str]) -> dict[str, Version]:
        wanted = list(dict.fromkeys(ids))
        with translated():
            rows = await self._versions.find({"_id": {"$in": wanted}}).to_list(len(wanted)) if wanted else []
        return {row["_id"]: from_document(row, Version) for row in rows}

    async def get(self, version_id: str) -> Version | None:
        return (await self.get_many([version_id])).get(version_id)

    async def named(self, dataset: str) -> Name | None:
        with translated():
            row = await self._names.find_one({"_id": dataset})
        return None if row is None else from_document(row, Name)

    async def numbered(self, dataset: str, number: int | None) -> Version | None:
        """The version with this number, or the newest."""
        matching = {"dataset": dataset} if number is None else {"dataset": dataset, "number": number}
        with translated():
            row = await self._versions.find_one(matching, sort=[("number", -1)])
        return None if row is None else from_document(row, Version)

    async def children(self, version_id: str) -> list[Version]:
        """The versions made of it, at most 100."""
        with translated():
            rows = await self._versions.find({"parent_ids": version_id}).sort("_id", 1).to_list(100)
        return [from_document(row, Version) for row in rows]

    async def views(self, found: Sequence[Version]) -> list[DatasetVersionView]:
        ids = [version.id for version in found]
        children: dict[str, list[DatasetKey]] = {}
        wholes: dict[str, list[DatasetKey]] = {}
        related = {"$or": [{"parent_ids": {"$in": ids}}, {"split_ids": {"$in": ids}}]}
        with translated():
            rows = await self._versions.find(related, {"parent_ids": 1, "split_ids": 1}).to_list(1000) if ids else []
            uses = await self._uses.aggregate(_uses_of(ids)).to_list(len(ids)) if ids else []
        for row in rows:
            for known, fields in ((children, row["parent_ids"]), (wholes, row["split_ids"])):
                for related_id in fields:
                    known.setdefault(related_id, []).append(parse_id(row["_id"]))
        counted = {row["_id"]: row for row in uses}
        return [
            versions.view(
                version,
                children=children.get(version.id, []),
                split_of=wholes.get(version.id, []),
                uses=counted.get(version.id, {}).get("all", 0),
                sealed_uses=counted.get(version.id, {}).get("sealed", 0),
            )
            for version in found
        ]

    async def page(self, request: ListDatasetVersions) -> Page[Version]:
        """Newest first, unless another order is asked for."""
        wanted = {"$and": [{"dataset": request.dataset}, conditions.query(request.where, VERSION_FIELDS)]}
        order = conditions.keys(request.order, VERSION_FIELDS, [("number", -1)])
        return await page_of(self._versions, wanted, order, request.paging, lambda row: from_document(row, Version))

    async def names(self, request: ListDatasets) -> Page[DatasetSummary]:
        """By name, unless another order is asked for."""
        matching = _containing(request.name_contains)
        if request.source is not None:
            matching["sources"] = request.source
        asked = {"$and": [matching, conditions.query(request.where, NAME_FIELDS)]}
        order = conditions.keys(request.order, NAME_FIELDS, [("_id", 1)])
        page = await page_of(self._names, asked, order, request.paging, lambda row: from_document(row, Name))
        wanted = [{"dataset": edge.node.id, "number": edge.node.versions} for edge in page.edges]
        with translated():
            rows = await self._versions.find({"$or": wanted}).to_list(len(wanted)) if wanted else []
        newest = {row["dataset"]: from_document(row, Version) for row in rows}
        edges = [
            Edge(cursor=edge.cursor, node=_summary(edge.node, newest[edge.node.id]))
            for edge in page.edges
            if edge.node.id in newest
        ]
        return Page(edges=edges, has_next=page.has_next, has_previous=page.has_previous, total=page.total)

    # ------------------------------------------------------------ uses

    async def uses(self, request: ListDatasetUses, version_id: str) -> Page[DatasetUse]:
        """Newest first, unless another order is asked for."""
        wanted = {"$and": [{"version": version_id}, conditions.query(request.where, USE_FIELDS)]}
        order = conditions.keys(request.order, USE_FIELDS, [("at", -1), ("_id", -1)])
        return await page_of(self._uses, wanted, order, request.paging, _use)

    async def known_uses(self, ids: Iterable[str]) -> set[str]:
        with translated():
            rows = await self._uses.find({"_id": {"$in": list(ids)}}, {"_id": 1}).to_list(None)
        return {row["_id"] for row in rows}

    async def sealed_uses(self, version_id: str) -> int:
        with translated():
            return int(await self._uses.count_documents({"version": version_id, "sealed": True}))


class MongoProfiles:
    def __init__(self, store: Store) -> None:
        self._profiles = store[PROFILES]
        self._columns = store[COLUMNS]
        self._digests = store[DIGESTS]
        self._checks = store[CHECKS]

    async def header(self, version_id: str) -> tuple[Profile, int] | None:
        """The profile without its columns, and when it became complete (milliseconds). None: there is none."""
        with translated():
            row = await self._profiles.find_one({"_id": version_id})
        return None if row is None else (unpacked(row["data"], Profile), int(row["at"]))

    async def columns(self, version_id: str, names: Sequence[str] | None = None) -> list[ColumnProfile]:
        """All of them, or those with these names, in the file's order."""
        matching: dict[str, Any] = {"version": version_id}
        if names is not None:
            matching["names"] = {"$in": list(names)}
        with translated():
            rows = await self._columns.find(matching).sort("start", 1).to_list(None)
        found = [column for row in rows for column in _columns(row["data"])]
        return found if names is None else [column for column in found if column.name in set(names)]

    async def some_columns(self, version_id: str, start: int, first: int) -> tuple[list[ColumnProfile], bool]:
        """At most `first` from position `start` on, as many as one answer holds, and whether there are more."""
        wanted = {"version": version_id, "start": {"$lt": start + first + 1}, "end": {"$gt": start}}
        with translated():
            rows = await self._columns.find(wanted).sort("start", 1).to_list(None)
        found: list[ColumnProfile] = []
        size = 0
        for row in rows:
            for position, column in enumerate(_columns(row["data"]), row["start"]):
                if position < start:
                    continue
                size += len(msgspec.msgpack.encode(column))
                if len(found) == first or (found and size > LARGEST_ANSWER):
                    return found, True
                found.append(column)
        return found, False

    async def digests(self, version_id: str, *, by_key: bool) -> tuple[bytes, bool] | None:
        """What was recorded of its rows or keys, and whether these are all."""
        with translated():
            row = await self._digests.find_one({"_id": digests_id(version_id, by_key=by_key)})
        return None if row is None else (bytes(row["digests"]), bool(row["complete"]))

    async def checks(self, version_id: str) -> list[tuple[str, bytes]]:
        """Kind and packed view of each, by id."""
        with translated():
            rows = await self._checks.find({"version": version_id}).sort("_id", 1).to_list(200)
        return [(row["kind"], bytes(row["data"])) for row in rows]


def digests_id(version_id: str, *, by_key: bool) -> str:
    return f"{version_id}|{'keys' if by_key else 'rows'}"


def _columns(data: bytes) -> list[ColumnProfile]:
    return msgspec.msgpack.decode(zlib.decompress(data), type=list[ColumnProfile])


def _containing(text: str | None) -> dict[str, Any]:
    return {"_id": {"$regex": re.escape(text), "$options": "i"}} if text else {}


def _uses_of(ids: Sequence[str]) -> list[dict[str, Any]]:
    sealed = {"$sum": {"$cond": ["$sealed", 1, 0]}}
    return [
        {"$match": {"version": {"$in": list(ids)}}},
        {"$group": {"_id": "$version", "all": {"$sum": 1}, "sealed": sealed}},
    ]


def _use(row: Mapping[str, Any]) -> DatasetUse:
    return DatasetUse(
        run_id=row["run_id"],
        experiment_id=row["experiment_id"],
        context=row["context"],
        at=moment(int(row["at"])),
        sealed=row["sealed"],
    )


def _summary(name: Name, newest: Version) -> DatasetSummary:
    return DatasetSummary(
        name=name.id,
        versions=name.versions,
        digest=newest.digest,
        rows=newest.rows,
        size=newest.size,
        columns=len(newest.columns) or None,
        origin=newest.origin,
        profiled=newest.profiled is not None,
        created_at=moment(name.created),
        updated_at=moment(name.updated),
    )
